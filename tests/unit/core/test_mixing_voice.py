"""A microphone among the live inputs: when the mouth is its own."""

from __future__ import annotations

import numpy as np
import pytest
from live_inputs import heard, table
from mixing_runs import CAMERA, VOICE_MS, Look, Say, at, driver, run, shape

from vtdrive.config.inputs import MicInput
from vtdrive.config.schema import Config
from vtdrive.testing import make_face, ticks
from vtdrive.types import Incoming, Profile, Status

SILENT = (0.0,) * 6


def voice(t: float, level: float = 0.8) -> Incoming:
    loud = level > 0
    return heard(
        round(t * 1e9), {"jawOpen": level, "mouthFunnel": 0.0}, known="given", found=loud,
        voice=(level, 0.0, 0.0, 0.0, 0.0, level) if loud else SILENT,
    )  # fmt: skip


def test_a_microphone_moves_the_mouth_only_without_a_face(config: Config) -> None:
    made = driver(config, MicInput())
    gone: Look = lambda t: make_face(shapes={"jawOpen": 0.2}) if t < 2 else None  # noqa: E731
    frames = run(made, ticks(5, fps=60), voice, look=gone)
    assert shape(frames[110], "jawOpen") == pytest.approx(CAMERA, abs=0.01)
    assert shape(frames[-1], "jawOpen") == pytest.approx(0.8)
    assert (frames[110].status, frames[-1].status) == (Status.LIVE, Status.LIVE)
    jaw = [shape(f, "jawOpen") for f in frames[60:]]
    assert max(np.abs(np.diff(jaw))) <= 0.8 * 1.5 * (1000 / 60) / VOICE_MS


def test_a_word_does_not_come_late(config: Config) -> None:
    """Behind the camera the mouth stays with the voice through its pauses; before it the hand-over
    takes no longer than a jaw takes to open."""
    late_ms = {}
    for rank in ("fallback", "first"):
        made = driver(config, MicInput(rank=rank))
        say: Say = lambda t: voice(t, 0.8 if 1 < t < 2 or t > 4 else 0.0)  # noqa: E731
        look: Look | None = None if rank == "fallback" else lambda t: make_face()
        frames = run(made, ticks(5, fps=100), say, look=look)
        assert shape(frames[390], "jawOpen") < 0.02
        assert frames[390].status is (Status.LOST if look is None else Status.LIVE)
        open_at = next(f.t_ns for f in frames[390:] if shape(f, "jawOpen") > 0.7)
        late_ms[rank] = (open_at - 4_000_000_000) * 1e-6
    assert late_ms["fallback"] <= 10
    assert late_ms["first"] <= VOICE_MS


def test_a_microphone_that_comes_first_has_the_mouth_while_it_hears(config: Config) -> None:
    made = driver(config, MicInput(rank="first"))
    say: Say = lambda t: voice(t, 0.8 if t < 2 else 0.0)  # noqa: E731
    frames = run(made, ticks(4, fps=60), say)
    assert shape(frames[110], "jawOpen") == pytest.approx(0.8)
    # A voice that falls silent closes the mouth at once, and gives it back when it is over.
    assert shape(frames[130], "jawOpen") == 0.0
    assert shape(frames[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)


def test_a_phone_keeps_its_mouth_from_the_microphone(config: Config) -> None:
    made = driver(config, MicInput(), table())
    last = run(made, ticks(2, fps=30), voice, at({"jawOpen": 0.3}), look=None)[-1]
    assert shape(last, "jawOpen") == pytest.approx(0.3)


def test_a_mapping_may_weigh_the_voice(config: Config) -> None:
    from vtdrive.config.load import load_config
    from vtdrive.core.signals import SIGNALS

    changed = load_config(
        [], overrides={"outputs": {"Loud": {"sum": {"voice.volume": 1.0}}}}, known_signals=SIGNALS
    )
    made = driver(changed, MicInput())
    say: Say = lambda t: voice(t, 0.8 if t < 1 else 0.0)  # noqa: E731
    frames = run(made, ticks(2, fps=30), say)
    loud = [f.poses[Profile()].params[made.schema.names.index("Loud")] for f in frames]
    assert loud[25] == pytest.approx(0.8)
    assert loud[-1] == 0.0
