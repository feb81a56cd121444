"""Mixing is the same at every rate, time and side, and lets no bad number out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_inputs import heard, table
from mixing_runs import CAMERA, EASE_MS, Say, at, driver, lively, run, shape, until, yaw_deg

from vtdrive.config.schema import Config
from vtdrive.core.mirror import mirrored
from vtdrive.spaces import quat_angle
from vtdrive.testing import make_face, make_track, mirrored_face, ticks
from vtdrive.types import AvatarFrame, Incoming, frozen
from vtdrive.vocab import MIRROR_SHAPE


def test_30_fps_shows_what_60_shows(config: Config) -> None:
    found = {}
    for fps in (30, 60):
        made = driver(config, table(), auto=True)
        frames = run(made, ticks(6, fps=fps), until(3, lively, 4.5))
        found[fps] = {f.t_ns // 1_000_000: f for f in frames}
    both = sorted(found[30].keys() & found[60].keys())
    assert len(both) > 150
    for ms in both:
        slow, fast = found[30][ms].state, found[60][ms].state
        # A hand-over begins at the tick that notices it: up to one tick of the ease apart.
        late = 1.5 * (1000 / 60) / EASE_MS
        assert float(np.abs(slow.shapes - fast.shapes).max()) <= late + 0.02
        assert math.degrees(quat_angle(slow.head_xyzw, fast.head_xyzw)) <= 40 * late + 0.5


@pytest.mark.parametrize("shift_ns", [1, 10**9, 86_400 * 10**9, 2**55])
def test_time_may_start_anywhere(config: Config, shift_ns: int) -> None:
    def frames(start: int) -> list[AvatarFrame]:
        def moved(t: float) -> Incoming:
            # The motion of the unshifted run, stamped with this one's time.
            got = lively(t)
            return Incoming(**{
                **{name: getattr(got, name) for name in got.__slots__},
                "t_ns": got.t_ns + start,
            })  # fmt: skip

        made, out = driver(config, table(), auto=True), []
        say = until(2, moved, 3)
        for i, t_ns in enumerate(ticks(4, fps=30)):
            track = make_track(make_face(), t_ns + start, seq=i)
            out.append(made.step(track, None, t_ns + start, inputs=(say(t_ns * 1e-9),)))
        return out

    for a, b in zip(frames(0), frames(shift_ns), strict=True):
        assert a.state.shapes.tobytes() == b.state.shapes.tobytes()
        assert a.state.head_xyzw.tobytes() == b.state.head_xyzw.tobytes()


def flipped(incoming: Incoming) -> Incoming:
    """What the sender would measure of the mirror image."""
    turn = np.array([1, -1, -1, 1], np.float32)
    head, place, gaze = incoming.head_xyzw, incoming.head_m, incoming.gaze_rad
    return Incoming(
        t_ns=incoming.t_ns,
        found=incoming.found,
        shapes=frozen(incoming.shapes[list(MIRROR_SHAPE)]),
        known=incoming.known[list(MIRROR_SHAPE)],
        head_xyzw=None if head is None else frozen(head * turn),
        head_m=None if place is None else frozen(place * np.array([-1, 1, 1], np.float32)),
        gaze_rad=None if gaze is None else frozen(gaze[::-1] * np.array([-1, 1], np.float32)),
        weights=incoming.weights,
    )


def test_the_mirror_image_in_is_the_mirror_image_out(config: Config) -> None:
    still = config.idle.model_copy(update={"when": "never"})
    face = make_face(yaw_deg=8, shapes={"browDownLeft": 0.6, "mouthSmileRight": 0.4})
    plain = run(
        driver(config, table(channels=("head", "gaze", "mouth")), idle=still),
        ticks(3, fps=30), until(1.5, lively), look=lambda t: face,
    )  # fmt: skip
    turned = run(
        driver(config, table(channels=("head", "gaze", "mouth")), idle=still),
        ticks(3, fps=30),
        until(1.5, lambda t: flipped(lively(t))),
        look=lambda t: mirrored_face(face),
    )
    for a, b in zip(plain, turned, strict=True):
        image = mirrored(a.state)
        np.testing.assert_allclose(b.state.shapes, image.shapes, atol=2e-3)
        np.testing.assert_allclose(b.state.head_m, image.head_m, atol=1e-4)
        np.testing.assert_allclose(b.state.gaze_rad, image.gaze_rad, atol=1e-3)
        assert quat_angle(b.state.head_xyzw, image.head_xyzw) < 1e-3


WINK = {"eyeBlinkLeft": 1.0, "browOuterUpLeft": 0.7, "mouthSmileLeft": 0.9, "cheekSquintLeft": 0.8}


@pytest.mark.parametrize(
    ("channel", "name", "value"),
    [
        ("lids", "eyeBlinkLeft", 1.0),
        ("brows", "browOuterUpLeft", 0.7),
        ("mouth", "mouthSmileLeft", 0.9),
        ("cheeks", "cheekSquintLeft", 0.8),
        ("gaze", "eyeLookOutLeft", None),
        ("head", "", None),
    ],
)
def test_left_is_left_in_every_channel(
    config: Config, channel: str, name: str, value: float | None
) -> None:
    """The subject's own left: + yaw, `Left` shapes; exchanged only where a target is a mirror."""
    made = driver(config, table(channels=(channel,)))
    look = ((20.0, 0.0), (20.0, 0.0))
    last = run(made, ticks(2, fps=30), at(WINK, yaw_deg=20.0, gaze_deg=look))[-1]
    names = made.schema.names
    plain, mirror = (pose.params for pose in last.poses.values())
    if channel == "head":
        assert yaw_deg(last) == pytest.approx(20, abs=0.1)
        return
    if channel == "gaze":
        assert last.state.gaze_rad[0, 0] == pytest.approx(math.radians(20), abs=1e-3)
        assert shape(last, "eyeLookInRight") == pytest.approx(shape(last, name))
    here = shape(last, name)
    assert here > 0.5
    if value is not None:
        assert here == pytest.approx(value)
    other = name.replace("Left", "Right")
    assert plain[names.index(name)] == pytest.approx(here, abs=1e-3)
    assert mirror[names.index(other)] == pytest.approx(here, abs=0.1)
    assert mirror[names.index(name)] < 0.2


@given(st.data())
def test_what_is_no_number_never_leaves(config: Config, data: st.DataObject) -> None:
    made = driver(config, table(), table(port=1))
    bad = st.sampled_from([math.nan, math.inf, -math.inf, 3e38, -3e38, 1e-40, 0.0, 0.5, 2.0])

    def some(t: float) -> Incoming | None:
        if data.draw(st.booleans()):
            return None
        good = lively(t)
        parts: dict[str, Any] = {name: getattr(good, name) for name in good.__slots__}
        for name in ("shapes", "head_xyzw", "head_m", "gaze_rad", "weights"):
            array = np.array(parts[name])
            flat = array.reshape(-1)
            flat[data.draw(st.integers(0, flat.size - 1))] = data.draw(bad)
            parts[name] = frozen(array)
        return Incoming(**parts)

    for frame in run(made, ticks(0.5, fps=10), some, some):
        state = frame.state
        for values in (state.head_xyzw, state.head_m, state.gaze_rad, state.voice):
            assert np.isfinite(values).all()
        assert (state.shapes >= 0).all()
        assert (state.shapes <= 1).all()
        assert (state.emotion.weights >= 0).all()
        assert (state.emotion.weights <= 1).all()
        assert float(np.linalg.norm(state.head_xyzw)) == pytest.approx(1, abs=1e-4)
        for pose in frame.poses.values():
            assert np.isfinite(pose.params).all()
            assert np.isfinite(pose.bones_xyzw).all()
            assert np.isfinite(pose.root_m).all()


def test_only_bad_values_are_silence(config: Config) -> None:
    made = driver(config, table(channels=("mouth",)))
    say: Say = lambda t: heard(round(t * 1e9), {"jawOpen": 0.9 if t < 1 else math.nan})  # noqa: E731
    frames = run(made, ticks(2.5, fps=30), say)
    assert shape(frames[35], "jawOpen") == pytest.approx(0.9)
    assert shape(frames[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)
    assert made.mixer.bad == 45
