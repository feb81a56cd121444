"""Neutral: taken from a steady, frontal stretch, eased in, and enough for any camera angle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.filters import Neutral
from vtdrive.core.calibrate import NeutralPose, NeutralTaker, blended
from vtdrive.core.driver import TAKE_NEUTRAL, Driver
from vtdrive.core.solve import solve
from vtdrive.spaces import euler_from_quat, quat_angle, quat_from_euler, rotate
from vtdrive.testing import make_face, make_track, perform, ticks
from vtdrive.types import F32, AvatarFrame, Face, Profile, frozen
from vtdrive.vocab import SHAPE_INDEX

MakeDriver = Callable[..., Driver]


def seen_from(face: Face, *, pitch_deg: float, yaw_deg: float = 0.0) -> Face:
    """The same face before a camera that is turned: head pose and landmarks both."""
    turn = quat_from_euler(yaw=math.radians(yaw_deg), pitch=math.radians(pitch_deg), roll=0.0)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([rotate(turn, axis) for axis in np.eye(3)], axis=1)
    flip = np.array([1, -1, -1])
    points = (face.landmarks_px * flip) @ matrix[:3, :3].T * flip
    pose = matrix @ face.camera_from_head
    return replace(face, landmarks_px=frozen(points), camera_from_head=frozen(pose))


def is_taking(driver: Driver) -> bool:
    return driver.taking


def took_after(driver: Driver, motion: Callable[[float], Face | None], seconds: float) -> float:
    """When the neutral was taken; infinity if it was not."""
    for t in ticks(seconds, fps=30):
        driver.step(make_track(motion(t * 1e-9), t), None, t)
        if not driver.taking:
            return t * 1e-9
    return math.inf


def test_it_is_taken_after_two_steady_seconds(make_driver: MakeDriver) -> None:
    driver = make_driver()
    assert driver.taking
    assert took_after(driver, lambda _: make_face(pitch_deg=-10), 4) == pytest.approx(2, abs=0.05)
    assert driver.taking_progress == 0.0


@pytest.mark.parametrize(
    "motion",
    [
        lambda t: make_face(yaw_deg=15 * math.sin(2 * t)),
        lambda t: make_face(yaw_deg=45),
        lambda t: make_face(pitch_deg=-40),
        lambda t: None if int(t * 2) % 2 else make_face(),
    ],
    ids=["moving", "turned away", "bowed", "coming and going"],
)
def test_it_is_not_taken_from(make_driver: MakeDriver, motion: Callable[[float], Face]) -> None:
    assert took_after(make_driver(), motion, 6) == math.inf


def test_it_waits_until_the_face_is_steady(make_driver: MakeDriver) -> None:
    def motion(t: float) -> Face:
        return make_face(yaw_deg=20 * math.sin(3 * t) if t < 3 else 2.0)

    assert took_after(make_driver(), motion, 8) == pytest.approx(5, abs=0.25)


def test_it_can_be_switched_off_and_asked_for(make_driver: MakeDriver) -> None:
    driver = make_driver(neutral={"auto": False})
    assert not is_taking(driver)
    perform(driver, lambda _: make_face(pitch_deg=-10), ticks(3, fps=30))
    assert driver.neutral.head_xyzw.tolist() == [0, 0, 0, 1]
    start = 3 * 10**9
    driver.step(make_track(make_face(pitch_deg=-10), start), None, start, [TAKE_NEUTRAL])
    assert is_taking(driver)
    perform(driver, lambda _: make_face(pitch_deg=-10), ticks(2.2, fps=30, start_ns=start + 10**7))
    assert not is_taking(driver)
    assert quat_angle(driver.neutral.head_xyzw, [0, 0, 0, 1]) == pytest.approx(
        math.radians(10), abs=1e-3
    )


def test_asking_again_starts_over(make_driver: MakeDriver) -> None:
    driver = make_driver()
    for t in ticks(3.3, fps=30):
        commands = [TAKE_NEUTRAL] if t == 1_500_000_000 else []
        driver.step(make_track(make_face(), t), None, t, commands)
        assert driver.taking == (t < 3_500_000_000)
    assert driver.taking_progress == pytest.approx(0.9, abs=0.03)


def test_speaking_and_blinking_do_not_spoil_it(make_driver: MakeDriver) -> None:
    driver = make_driver()

    def talk(t: float) -> Face:
        shut = 1.0 if 0.5 < t % 1.5 < 0.65 else 0.0
        look = (0.0, -25.0) if shut else (2.0, -5.0)  # behind a lid the pupil is misread
        return make_face(
            shut=(shut, shut),
            gaze_deg=(look, look),
            shapes={"jawOpen": 0.3 + 0.3 * math.sin(25 * t)},
        )

    assert took_after(driver, talk, 4) < 2.2
    np.testing.assert_allclose(driver.neutral.gaze_deg, [[2, -5], [2, -5]], atol=0.2)
    np.testing.assert_allclose(driver.neutral.lid_gap, [0.3, 0.3], atol=1e-3)
    assert driver.neutral.blink is not None
    np.testing.assert_allclose(driver.neutral.blink, [0.1, 0.1], atol=1e-3)


def worst_step(frames: list[AvatarFrame]) -> tuple[float, float]:
    """Largest change of a parameter and of the head, in radians, from frame to frame."""
    params = np.stack([f.poses[Profile()].params for f in frames])
    turns = [
        quat_angle(a.state.head_xyzw, b.state.head_xyzw) for a, b in itertools.pairwise(frames)
    ]
    return float(np.abs(np.diff(params, axis=0)).max()), max(turns)


def test_taking_it_makes_no_jump(make_driver: MakeDriver) -> None:
    """A squint at rest, a camera far above: everything changes, within 400 ms, evenly."""
    face = make_face(
        pitch_deg=-25, gaze_deg=((4, 15), (4, 15)), at_m=(0.1, 0.1, -0.9), shapes={"eyeBlink": 0.32}
    )
    driver = make_driver()
    frames = perform(driver, lambda _: face, ticks(3, fps=60))
    assert not driver.taking
    steps = worst_step([f for f in frames if f.t_ns > 10**9])
    assert steps[0] < 0.12
    assert steps[1] < math.radians(2.5)
    last = frames[-1]
    assert quat_angle(last.state.head_xyzw, [0, 0, 0, 1]) < math.radians(0.5)
    assert float(np.abs(last.state.gaze_rad).max()) < math.radians(1.1)  # the dead zone
    assert float(np.abs(last.state.head_m).max()) < 0.002
    assert float(last.state.shapes[SHAPE_INDEX["eyeBlinkLeft"]]) == 0.0


def test_a_second_one_is_eased_from_the_first_even_while_that_is_eased_in(
    make_driver: MakeDriver,
) -> None:
    driver = make_driver(neutral={"seconds": 0.1})
    frames = []
    for i, t in enumerate(ticks(2, fps=60)):
        face = make_face(pitch_deg=-20 if i < 12 else -15)
        frames.append(driver.step(make_track(face, t), None, t, [TAKE_NEUTRAL] if i == 12 else ()))
    assert worst_step(frames[12:])[1] < math.radians(2.5)
    assert quat_angle(frames[-1].state.head_xyzw, [0, 0, 0, 1]) < math.radians(0.5)


@pytest.mark.parametrize("camera_deg", [-20, 15])
def test_under_any_camera_the_avatar_looks_ahead_and_turns_purely(
    make_driver: MakeDriver, camera_deg: float
) -> None:
    """A camera above the screen: level after the take; a turn comes out without a tilt."""

    def motion(t: float) -> Face:
        yaw = 0.0 if t < 3 else 25 * math.sin(2 * (t - 3))
        return seen_from(make_face(yaw_deg=yaw, at_m=(0, 0, 0)), pitch_deg=camera_deg)

    driver = make_driver()
    frames = perform(driver, motion, ticks(6, fps=30))
    assert not driver.taking
    widest = 0.0
    for frame in frames:
        if frame.t_ns < 2.9e9:
            continue
        yaw, pitch, roll = np.degrees(euler_from_quat(frame.state.head_xyzw))
        assert abs(pitch) < 0.5
        assert abs(roll) < 0.5
        assert float(np.abs(np.degrees(frame.state.gaze_rad)).max()) < 1.5
        widest = max(widest, abs(yaw))
    assert widest > 20


# --- the taker and the value by themselves ---------------------------------------------------


@pytest.mark.parametrize("steady_deg", [1e-9, 6.0, 45.0])
@pytest.mark.parametrize("seconds", [1e-9, 2.0, 30.0])
def test_extreme_settings_take_or_wait_but_never_break(steady_deg: float, seconds: float) -> None:
    taker = NeutralTaker(Neutral(steady_deg=steady_deg, seconds=seconds, frontal_deg=90))
    rng = np.random.default_rng(0)
    for t in ticks(3, fps=30):
        shaky = make_face(yaw_deg=float(rng.normal(0, 1)), pitch_deg=3)
        taker.step(solve(shaky), t)
        assert 0.0 <= taker.progress <= 1.0


finite = st.floats(-10, 10, width=32)


@given(numbers=st.lists(finite, min_size=13, max_size=13), with_blink=st.booleans())
def test_a_neutral_survives_the_users_file(numbers: list[float], with_blink: bool) -> None:
    turn = quat_from_euler(yaw=numbers[0], pitch=numbers[1] / 10, roll=numbers[2])
    pose = NeutralPose(
        frozen(turn),
        frozen(numbers[3:6]),
        frozen(np.reshape(numbers[6:10], (2, 2))),
        frozen(numbers[10:12]),
        frozen([numbers[12], 0.1]) if with_blink else None,
    )
    again = NeutralPose.from_dict(pose.to_dict())
    for name in ("head_xyzw", "head_m", "gaze_deg", "lid_gap"):
        np.testing.assert_allclose(getattr(again, name), getattr(pose, name), atol=1e-6)
    assert (again.blink is None) == (pose.blink is None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("head_xyzw", [0, 0, 0, 0]),
        ("head_xyzw", [math.nan, 0, 0, 1]),
        ("head_m", [0, 0]),
        ("gaze_deg", []),
        ("lid_gap", [math.inf, 0.3]),
        ("blink", [0.1]),
        ("emotion", [0.1]),
        ("emotion", [math.nan] * 8),
        ("head_m", ["a", "b", "c"]),
    ],
)
def test_an_unsound_file_is_refused(key: str, value: list[Any]) -> None:
    data = NeutralPose.typical().to_dict() | {key: value}
    with pytest.raises(ValueError):  # noqa: PT011 - numpy words some of them
        NeutralPose.from_dict(data)


def flat(pose: NeutralPose) -> F32:
    blink = np.full(2, 0.22, np.float32) if pose.blink is None else pose.blink
    joined: F32 = np.concatenate([pose.head_m, pose.gaze_deg.reshape(-1), pose.lid_gap, blink])
    return joined


@pytest.mark.parametrize("known", [(True, True), (True, False), (False, True), (False, False)])
def test_a_blend_begins_at_one_and_ends_at_the_other(known: tuple[bool, bool]) -> None:
    a, b = (
        NeutralPose(
            frozen(quat_from_euler(yaw=y, pitch=0, roll=0)),
            frozen([y, 0, 1]),
            frozen(np.full((2, 2), y)),
            frozen([0.3 + y] * 2),
            frozen([y, y]) if has else None,
        )
        for y, has in zip((0.1, 0.4), known, strict=True)
    )
    start, middle, end = (blended(a, b, share, blink_unknown=0.22) for share in (0, 0.5, 1))
    np.testing.assert_allclose(flat(start), flat(a), atol=1e-6)
    np.testing.assert_allclose(flat(middle), (flat(a) + flat(b)) / 2, atol=1e-6)
    assert end is b
    assert euler_from_quat(middle.head_xyzw)[0] == pytest.approx(0.25, abs=1e-5)
