"""`core.driver` and time: frame rates, the clock's zero, hot reload, repeated ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vtdrive.core.driver import TAKE_NEUTRAL, Driver
from vtdrive.spaces import quat_angle
from vtdrive.testing import make_emotion, make_face, make_track, perform, ticks
from vtdrive.types import F32, AvatarFrame, Emotion, Face, Profile, Status

MakeDriver = Callable[..., Driver]

PRESETS_OF_EMOTION = {"happy", "relaxed", "sad", "angry", "surprised"}
PROFILES = (Profile(), Profile("shapes", mirror=True))


def act(t: float) -> Face:
    """A lively face: turns, looks, speaks, smiles, blinks every two seconds."""
    blink = 1.0 if t % 2.0 < 0.15 else 0.0
    look = (10 * math.sin(1.3 * t), 4 * math.cos(1.7 * t))
    return make_face(
        yaw_deg=15 * math.sin(1.1 * t),
        pitch_deg=6 * math.cos(0.9 * t),
        roll_deg=4 * math.sin(0.7 * t),
        at_m=(0.03 * math.sin(t), 0.01, -0.6),
        gaze_deg=(look, look),
        shut=(blink, blink),
        shapes={
            "jawOpen": 0.25 + 0.2 * math.sin(3.0 * t),
            "mouthSmile": 0.3 + 0.25 * math.sin(0.8 * t),
            "browInnerUp": 0.3 + 0.3 * math.sin(1.5 * t),
            "mouthFunnel": 0.2 + 0.2 * math.cos(2.0 * t),
        },
    )


def felt(t: float) -> Emotion:
    at = round(math.floor(t * 10 + 1e-6) * 1e8)
    return make_emotion(at, **{"happiness" if t % 4 < 2 else "surprise": 0.85})


def absent_at_times(t: float) -> Face | None:
    return None if 3.0 < t < 5.5 or 7.0 < t < 7.1 else act(t)


def same(a: AvatarFrame, b: AvatarFrame) -> None:
    assert (a.seq, a.status) == (b.seq, b.status)
    for profile, pose in a.poses.items():
        other = b.poses[profile]
        np.testing.assert_array_equal(pose.params, other.params)
        np.testing.assert_array_equal(pose.bones_xyzw, other.bones_xyzw)
        np.testing.assert_array_equal(pose.root_m, other.root_m)


def params(frames: list[AvatarFrame]) -> F32:
    return np.stack([frame.poses[Profile()].params for frame in frames])


@pytest.mark.parametrize("rate", [30.0, 120.0, "irregular"])
def test_any_frame_rate_gives_nearly_the_same_avatar(
    make_driver: MakeDriver, rate: float | str
) -> None:
    """Parameters within 0.08 and bones within 1.5° of those at 60 fps.

    What has edges, each rate samples at other moments: emotions may differ by 0.15, which a frame
    of their onset is, and blinks have tests of their own.
    """

    def smooth(t: float) -> Face:
        return act(0.2 + 1.75 * (0.5 + 0.5 * math.sin(0.7 * t)))

    seconds = 6
    reference = perform(make_driver(), smooth, ticks(seconds, fps=60), emotion=felt)
    if isinstance(rate, float):
        times = ticks(seconds, fps=rate)
    else:
        steps = np.random.default_rng(5).uniform(0.012, 0.045, 400).cumsum()
        times = [0, *(round(t * 1e9) for t in steps if t < seconds)]
    got = perform(make_driver(), smooth, times, emotion=felt)
    schema = make_driver().schema
    compared = [i for i, n in enumerate(schema.names) if "link" not in n]
    at = [frame.t_ns for frame in reference]
    late = [frame for frame in got if 700_000_000 < frame.t_ns < at[-1]]
    wanted = params(reference)
    for i in compared:
        mine = params(late)[:, i]
        expected = np.interp([f.t_ns for f in late], at, wanted[:, i])
        most = 0.15 if schema.names[i] in PRESETS_OF_EMOTION else 0.08
        assert np.abs(mine - expected).max() < most, schema.names[i]
    by_time = {frame.t_ns // 1_000_000: frame for frame in reference}
    for frame in late:
        near = by_time.get(frame.t_ns // 1_000_000)
        if near is None:
            continue
        for a, b in zip(
            frame.poses[Profile()].bones_xyzw, near.poses[Profile()].bones_xyzw, strict=True
        ):
            assert quat_angle(a, b) < math.radians(1.5)


@pytest.mark.parametrize("shift", [1, 10**18])
def test_the_clocks_zero_does_not_matter(make_driver: MakeDriver, shift: int) -> None:
    here, there = make_driver(*PROFILES), make_driver(*PROFILES)
    for t in ticks(9, fps=24):
        at = t * 1e-9
        face, emotion = absent_at_times(at), felt(at)
        a = here.step(make_track(face, t), emotion, t)
        moved = Emotion(emotion.t_ns + shift, emotion.probs)
        b = there.step(make_track(face, t + shift), moved, t + shift)
        same(a, b)


@pytest.mark.parametrize("start", [0, 10**12])
def test_a_face_in_the_very_first_tick_is_live(make_driver: MakeDriver, start: int) -> None:
    driver = make_driver()
    first = driver.step(make_track(act(1.0), start), None, start)
    assert first.status is Status.LIVE
    # It blends in from rest.
    assert float(np.abs(first.poses[Profile()].params).max()) == pytest.approx(0.0, abs=1e-6)
    frames = perform(driver, lambda t: act(1.0), ticks(2, fps=30, start_ns=start + 10**7))
    assert frames[-1].poses[Profile()].params.max() > 0.2


def test_no_face_ever_is_a_resting_avatar(make_driver: MakeDriver) -> None:
    driver = make_driver(idle={"when": "never"})
    for frame in perform(driver, lambda _: None, ticks(3, fps=30)):
        assert frame.status is Status.LOST
        neutral = [p.neutral for p in driver.schema.params]
        np.testing.assert_allclose(frame.poses[Profile()].params, neutral, atol=1e-6)


def test_hot_reload_with_the_same_config_is_seamless(make_driver: MakeDriver) -> None:
    straight, handed = make_driver(*PROFILES), make_driver(*PROFILES)
    for i, t in enumerate(ticks(9, fps=24)):
        if i % 5 == 0:
            heir = make_driver(*PROFILES)
            heir.adopt(handed)
            handed = heir
        at = t * 1e-9
        commands = (TAKE_NEUTRAL,) if i == 140 else ()
        track = make_track(absent_at_times(at), t)
        a = straight.step(track, felt(at), t, commands)
        b = handed.step(track, felt(at), t, commands)
        same(a, b)
        assert straight.taking == handed.taking
        assert straight.taking_progress == handed.taking_progress


def test_a_driver_that_was_adopted_from_goes_on_unharmed(make_driver: MakeDriver) -> None:
    """Both draw idle blinks: neither may take the other's random numbers."""
    straight, former = make_driver(), make_driver()
    heir: Driver | None = None
    for i, t in enumerate(ticks(20, fps=15)):
        if i == 30:
            heir = make_driver()
            heir.adopt(former)
        track = make_track(None if t > 10**9 else act(t * 1e-9), t)
        a = straight.step(track, None, t)
        same(a, former.step(track, None, t))
        if heir is not None:
            same(a, heir.step(track, None, t))


@pytest.mark.parametrize(
    "tables",
    [
        {"filters": {"gaze_deadzone_deg": 0.0}},
        {"loss": {"hold_ms": 0.0, "ease_ms": 1.0, "return_ms": 0.0}},
        {"emotion": {"smooth_ms": 0.0, "floor": 0.0}},
        {"lids": {"open_at": 0.1}},
        {"neutral": {"seconds": 0.01}},
    ],
    ids=lambda t: next(iter(t)),
)
def test_hot_reload_with_another_config_moves_on_from_where_it_was(
    make_driver: MakeDriver, tables: dict[str, Any]
) -> None:
    driver = make_driver()
    frames = perform(driver, act, ticks(3, fps=60), emotion=felt)
    heir = make_driver(**tables)
    heir.adopt(driver)
    t = frames[-1].t_ns + 16_666_667
    before, after = frames[-1], heir.step(make_track(act(t * 1e-9), t), felt(t * 1e-9), t)
    quiet = [i for i, n in enumerate(heir.schema.names) if "link" not in n]
    moved = after.poses[Profile()].params - before.poses[Profile()].params
    assert np.abs(moved[quiet]).max() < 0.12
    assert after.seq == before.seq + 1


def test_a_tick_repeated_at_the_same_time_changes_nothing(make_driver: MakeDriver) -> None:
    driver = make_driver()
    frames = perform(driver, act, ticks(2.5, fps=30), emotion=felt)
    last = frames[-1]
    again = driver.step(last.track, last.emotion, last.t_ns)
    np.testing.assert_array_equal(again.poses[Profile()].params, last.poses[Profile()].params)


def test_time_that_runs_back_is_taken_as_standing_still(make_driver: MakeDriver) -> None:
    driver = make_driver()
    frames = perform(driver, act, ticks(1, fps=30))
    late = driver.step(make_track(act(0.5), 10), None, 10)
    assert late.t_ns == frames[-1].t_ns
    assert late.status is Status.LIVE


def test_a_tick_without_a_frame_does_not_stop_the_taking_of_a_neutral(
    make_driver: MakeDriver,
) -> None:
    """A dim room slows a webcam to 7 fps: the runtime then ticks between its frames."""
    driver = make_driver()
    for i, t in enumerate(ticks(4, fps=14)):
        driver.step(make_track(make_face(), t) if i % 2 == 0 else None, None, t)
    assert not driver.taking


def test_a_single_missing_frame_hardly_shows(make_driver: MakeDriver) -> None:
    whole, gappy = make_driver(), make_driver()
    worst = 0.0
    quiet = [i for i, n in enumerate(whole.schema.names) if "link" not in n]
    for i, t in enumerate(ticks(6, fps=30)):
        at = t * 1e-9
        smile = make_emotion(t, happiness=0.8)
        a = whole.step(make_track(act(at), t), smile, t)
        missing = i % 40 == 39
        b = gappy.step(make_track(None if missing else act(at), t), smile, t)
        assert b.status is (Status.HELD if missing else Status.LIVE)
        gap = np.abs(a.poses[Profile()].params - b.poses[Profile()].params)[quiet]
        worst = max(worst, float(gap.max()))
    assert worst < 0.2


def test_rest_is_neutral_and_changes_no_state(make_driver: MakeDriver) -> None:
    driver, twin = make_driver(), make_driver()
    for t in ticks(1, fps=30):
        for one in (driver, twin):
            one.step(make_track(act(t * 1e-9), t), felt(t * 1e-9), t)
        rest = driver.rest(t)
    np.testing.assert_allclose(
        rest.poses[Profile()].params, [p.neutral for p in driver.schema.params], atol=1e-6
    )
    t = 1_100_000_000
    same(
        driver.step(make_track(act(1.1), t), felt(1.1), t),
        twin.step(make_track(act(1.1), t), felt(1.1), t),
    )
