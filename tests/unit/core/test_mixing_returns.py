"""A camera that loses and finds its face, beside inputs that never do."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from live_inputs import heard, table

from vtdrive.config.expr import Gate, Output
from vtdrive.config.schema import Config
from vtdrive.core.catch_up import CatchUp
from vtdrive.core.driver import Driver
from vtdrive.core.mapping import Program
from vtdrive.testing import make_face, make_track, ticks
from vtdrive.types import Param, Profile, RigSchema
from vtdrive.vocab import SHAPE_INDEX

FPS = 60


def blinking(t: float) -> float:
    return 1.0 if (t * 4) % 1 < 0.4 else 0.0


def played(
    config: Config, *, channels: tuple[str, ...], mirror: bool
) -> dict[str, npt.NDArray[Any]]:
    """Lids and jaw of a phone that blinks and chews; the camera's face comes and goes."""
    neutral = config.neutral.model_copy(update={"auto": False})
    profile = Profile(mirror=mirror)
    inputs = [table(channels=channels)]
    made = Driver(config.model_copy(update={"inputs": inputs, "neutral": neutral}), (profile,))
    out: dict[str, list[float]] = {"lids": [], "jaw": [], "aa": [], "said": []}
    for i, t_ns in enumerate(ticks(6, fps=FPS)):
        t = t_ns * 1e-9
        value = blinking(t)
        face = None if t > 2 and t % 1.5 < 0.7 else make_face(yaw_deg=3, shapes={"jawOpen": 0.5})
        phone = heard(t_ns, {"eyeBlink": value, "jawOpen": value}, yaw_deg=0.0)
        frame = made.step(make_track(face, t_ns, seq=i), None, t_ns, inputs=(phone,))
        params = frame.poses[profile].params
        out["said"].append(value)
        out["lids"].append(float(frame.state.shapes[SHAPE_INDEX["eyeBlinkLeft"]]))
        out["jaw"].append(float(params[made.schema.names.index("jawOpen")]))
        out["aa"].append(float(params[made.schema.names.index("aa")]))
    return {name: np.array(values)[FPS:] for name, values in out.items()}


@pytest.mark.parametrize("mirror", [False, True])
def test_a_camera_that_comes_back_does_not_slow_the_phone(config: Config, mirror: bool) -> None:
    """The blend of a returned face bounds what that face moves, and nothing else."""
    phone = played(config, channels=(), mirror=mirror)
    np.testing.assert_array_equal(phone["lids"], phone["said"])
    np.testing.assert_array_equal(phone["jaw"], phone["said"])
    assert phone["aa"][phone["said"] == 0].max() == 0.0


def test_what_the_camera_has_is_still_blended(config: Config) -> None:
    both = played(config, channels=("lids",), mirror=False)
    np.testing.assert_array_equal(both["lids"], both["said"])
    # Half open at the return: as fast as a blend over 150 ms lets it, and no faster.
    assert np.ptp(both["jaw"]) > 0.5
    assert np.abs(np.diff(both["jaw"])).max() <= 1000 / FPS / (1.5 * 150) + 1e-5


def test_what_is_late_catches_up_although_another_has_it_now() -> None:
    catch_up = CatchUp(RigSchema((Param("a"), Param("b")), ()))
    rest, full = np.zeros(2, np.float32), np.ones(2, np.float32)
    catch_up.step(rest, return_ms=None, dt_s=0.0)
    both, none = np.array([True, True]), np.array([False, False])
    shown = [catch_up.step(full, return_ms=150.0, dt_s=1 / 60, returned=both)]
    shown += [catch_up.step(full, return_ms=150.0, dt_s=1 / 60, returned=none) for _ in range(20)]
    assert np.diff(np.stack([rest, *shown]), axis=0).max() <= 0.075
    np.testing.assert_array_equal(shown[-1], full)
    free = catch_up.step(rest, return_ms=150.0, dt_s=1 / 60, returned=none)
    np.testing.assert_array_equal(free, rest)


def test_a_program_tells_what_each_result_reads_through_others_too() -> None:
    outputs = {
        "last": Output(sum={"out.first": 0.5}, gates=[Gate(sum={"c": 1.0})]),
        "first": Output(sum={"a": 1.0}),
        "none": Output(bias=0.3),
    }
    program = Program(("a", "b", "c"), outputs, lambda _: lambda name: {name: 1.0})
    found = dict(zip(program.names, program.reads.tolist(), strict=True))
    assert found == {
        "last": [True, False, True],
        "first": [True, False, False],
        "none": [False, False, False],
    }
