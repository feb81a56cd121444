"""`core.driver` when the face goes and returns: nothing freezes, jumps, or stays shut."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.config.filters import Loss
from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.spaces import quat_angle
from vtdrive.testing import make_emotion, make_face, make_track, perform, ticks
from vtdrive.types import F32, AvatarFrame, Emotion, Face, Profile, Status
from vtdrive.vocab import SHAPE_INDEX

MakeDriver = Callable[..., Driver]
MS = 1_000_000
PROFILES = (Profile(), Profile("shapes"))


def grimace(shut: float = 0.0) -> Face:
    """Turned, looking aside, mouth wide open, everything up."""
    return make_face(
        yaw_deg=25,
        pitch_deg=10,
        roll_deg=8,
        at_m=(0.1, 0.05, -0.5),
        gaze_deg=((20, 10), (20, 10)),
        shut=(shut, shut),
        shapes={
            "jawOpen": 0.9,
            "mouthFunnel": 0.6,
            "mouthSmile": 0.8,
            "browInnerUp": 0.9,
            "mouthStretch": 0.7,
        },
    )


def surprised(t: float) -> Emotion:
    return make_emotion(round(math.floor(t * 10 + 1e-6) * 1e8), surprise=0.95)


def values(frame: AvatarFrame, profile: Profile = PROFILES[0]) -> F32:
    pose = frame.poses[profile]
    joined: F32 = np.concatenate([pose.params, pose.bones_xyzw.reshape(-1), pose.root_m])
    return joined


def far_from_neutral(frame: AvatarFrame, driver: Driver) -> float:
    neutral = np.array([p.neutral for p in driver.schema.params], np.float32)
    pose = frame.poses[PROFILES[0]]
    turned = max(quat_angle(q, [0, 0, 0, 1]) for q in pose.bones_xyzw)
    off = (np.abs(pose.params - neutral).max(), np.abs(pose.root_m).max(), turned)
    return float(max(off))


def seen(driver: Driver, *, shut: float = 0.0, seconds: float = 1.0) -> int:
    """Drives a face for a while; returns the time of its last frame."""
    times = ticks(seconds, fps=60)
    perform(driver, lambda _: grimace(shut), times, emotion=surprised)
    return times[-1]


@pytest.mark.parametrize("tick", [True, False], ids=["no face in the frame", "no frame"])
@pytest.mark.parametrize("when", ["lost", "never"])
def test_held_means_that_nothing_moves(make_driver: MakeDriver, when: str, tick: bool) -> None:
    """Check 9: cover the lens in the middle of everything, nothing moves for 300 ms."""
    driver = make_driver(*PROFILES, idle={"when": when})
    # Half a second in, the emotion is still easing and the jaw is moving as in speech.
    times = ticks(1.1, fps=60)

    def talk(t: float) -> Face:
        return make_face(shapes={"jawOpen": 0.3 + 0.25 * math.sin(25 * t)})

    def smile(t: float) -> Emotion | None:
        return make_emotion(round(t * 10) * 100 * MS, happiness=0.95) if t > 0.8 else None

    last = perform(driver, talk, times, emotion=smile)[-1]
    assert last.state.speaking > 0.5
    assert 0 < float(last.state.emotion.weights.max()) < 0.78
    for t in range(times[-1] + 10 * MS, times[-1] + 300 * MS, 20 * MS):
        track = make_track(None, t) if tick else None
        frame = driver.step(track, surprised(t * 1e-9), t)
        assert frame.status is Status.HELD
        for profile in PROFILES:
            np.testing.assert_array_equal(values(frame, profile), values(last, profile))


def test_always_breathing_goes_on_while_held(make_driver: MakeDriver) -> None:
    driver = make_driver(idle={"when": "always"})
    end = seen(driver)
    frames = perform(driver, lambda _: None, ticks(0.3, fps=30, start_ns=end + MS))
    assert len({frame.state.breath for frame in frames}) > 5


losses = st.builds(
    Loss,
    hold_ms=st.one_of(st.just(0.0), st.floats(0, 600)),
    ease_ms=st.one_of(st.just(1e-9), st.floats(20, 400)),
    return_ms=st.one_of(st.just(0.0), st.floats(1, 400)),
)


@settings(max_examples=12)
@given(loss=losses, gaps=st.lists(st.floats(1, 120), min_size=1, max_size=25), shut=st.booleans())
def test_neutral_within_hold_and_four_time_constants(
    config: Config, loss: Loss, gaps: list[float], shut: bool
) -> None:
    idle = config.idle.model_copy(update={"when": "never"})
    driver = Driver(config.model_copy(update={"loss": loss, "idle": idle}))
    end = seen(driver, shut=float(shut), seconds=0.5)
    t = end
    emotion_gone = 1500
    for gap in [*gaps, max(loss.hold_ms + 4 * loss.ease_ms, emotion_gone)]:
        t += round(gap * MS)
        since_ms = (t - end) / MS
        frame = driver.step(make_track(None, t), None, t)
        if since_ms > loss.hold_ms + 1e-3:
            assert frame.status is Status.LOST
        state = frame.state
        if since_ms >= loss.hold_ms + 4 * loss.ease_ms:
            assert float(np.abs(state.shapes).max()) < 0.03
            assert quat_angle(state.head_xyzw, [0, 0, 0, 1]) < 0.03
            assert float(np.abs(state.gaze_rad).max()) < 0.03
            assert float(np.abs(state.head_m).max()) < 0.03
    assert far_from_neutral(frame, driver) < 0.03


@pytest.mark.parametrize("shut", [0.0, 1.0])
def test_neutral_in_less_than_a_second_and_a_third(make_driver: MakeDriver, shut: float) -> None:
    """Check 9 with the shipped numbers: within 1.3 s, every preset exactly 0 within 1.5 s."""
    driver = make_driver(idle={"when": "never"})
    end = seen(driver, shut=shut, seconds=2)
    frames = perform(driver, lambda _: None, ticks(2, fps=60, start_ns=end + MS))
    for frame in frames:
        since_s = (frame.t_ns - end) * 1e-9
        if since_s >= 1.3:
            assert far_from_neutral(frame, driver) < 0.03
        if since_s >= 1.5:
            assert (frame.state.emotion.weights == 0.0).all()
        if since_s >= 0.3 + 0.2:  # lids first
            assert frame.state.shapes[SHAPE_INDEX["eyeBlinkLeft"]] < 0.1
    names = driver.schema.names
    last = frames[-1].poses[Profile()].params
    for name in ("happy", "angry", "sad", "relaxed", "surprised"):
        assert last[names.index(name)] == 0.0


@pytest.mark.parametrize("when", ["lost", "always"])
@pytest.mark.parametrize(
    ("away_s", "fps"), [(0.05, 60), (0.35, 60), (0.6, 30), (2.9, 60), (2.9, 30)]
)
@pytest.mark.parametrize("shut", [0.0, 1.0])
def test_on_return_no_parameter_jumps(
    make_driver: MakeDriver, when: str, away_s: float, fps: float, shut: float
) -> None:
    """Check 9: at most 0.15 a frame, from wherever the avatar was to any grimace."""
    driver = make_driver(*PROFILES, idle={"when": when})
    times = ticks(1, fps=fps)
    perform(driver, lambda _: make_face(), times)
    perform(driver, lambda _: None, ticks(away_s, fps=fps, start_ns=times[-1] + round(1e9 / fps)))
    start = times[-1] + round(1e9 / fps) + round(away_s * 1e9)
    before = None
    names = driver.schema.names
    blinks = [names.index(n) for n in ("blink", "blinkLeft", "blinkRight")]
    others = [i for i in range(len(names)) if i not in blinks]
    most = 0.15 if away_s > 0.3 else 0.35  # a gap of three frames is blended over three
    for frame in perform(driver, lambda _: grimace(shut), ticks(1, fps=fps, start_ns=start)):
        assert frame.status is Status.LIVE
        if before is not None:
            for profile in PROFILES:
                now, then = frame.poses[profile].params, before.poses[profile].params
                assert np.abs(now - then)[others].max() <= most
                # Both lids or the pair, never all three: their sum is what shows.
                shown, past = (p[blinks[0]] + p[blinks[1:]] for p in (now, then))
                assert np.abs(shown - past).max() <= most
            turned = quat_angle(frame.state.head_xyzw, before.state.head_xyzw)
            assert turned < math.radians(360 / fps if away_s > 0.3 else 12)
        before = frame
    settled = perform(
        make_driver(*PROFILES, idle={"when": when}), lambda _: grimace(shut), ticks(2, fps=20)
    )[-1]
    assert before is not None
    # Gaze has a dead zone, and stays as it was through shut lids.
    still = [i for i, name in enumerate(names) if "ook" not in name]
    for profile in PROFILES:
        gap = np.abs(before.poses[profile].params - settled.poses[profile].params)
        assert gap[still].max() < 0.03


@pytest.mark.parametrize("when", ["lost", "always", "never"])
def test_an_avatar_that_moves_by_itself_is_told_not_to(make_driver: MakeDriver, when: str) -> None:
    driver = make_driver(idle={"when": when})
    still = when == "never"
    end = seen(driver, seconds=0.5)
    lost = driver.step(make_track(None, end + MS), None, end + MS)
    assert lost.state.still is still
    for commands in (["freeze on"], ["freeze off"], [], ["panic on"], [], ["panic off"], []):
        end += 200 * MS
        frame = driver.step(make_track(None, end), None, end, commands)
        assert frame.state.still is (still or commands == ["freeze on"])


def test_an_idle_blink_does_not_snap_open_when_the_face_returns(make_driver: MakeDriver) -> None:
    driver = make_driver(idle={"blink_every_s": (2.0, 2.0), "double_blink": 0.0})
    blink = SHAPE_INDEX["eyeBlinkLeft"]
    frame = driver.step(None, None, 0)
    t = 0
    while float(frame.state.shapes[blink]) < 1.0:
        t += 16_666_667
        frame = driver.step(make_track(None, t), None, t)
        assert t < 10**10
    last = 1.0
    for at in ticks(0.5, fps=60, start_ns=t + 16_666_667):
        now = float(driver.step(make_track(make_face(), at), None, at).state.shapes[blink])
        assert last - now <= 0.15
        last = now
    assert last == 0.0


def test_idle_motion_is_bounded(make_driver: MakeDriver) -> None:
    driver = make_driver()
    blink = SHAPE_INDEX["eyeBlinkLeft"]
    shut_since: float | None = None
    blinks = 0
    for frame in perform(driver, lambda _: None, ticks(60, fps=30)):
        state = frame.state
        assert abs(state.breath) <= 1
        assert abs(float(state.head_m[1])) <= 0.008 + 1e-6
        assert quat_angle(state.head_xyzw, [0, 0, 0, 1]) <= math.radians(1.25)
        shut = float(state.shapes[blink]) > 0.5
        if shut and shut_since is None:
            shut_since, blinks = frame.t_ns * 1e-9, blinks + 1
        if not shut:
            shut_since = None
        assert shut_since is None or frame.t_ns * 1e-9 - shut_since < 0.4
        others = np.delete(state.shapes, [blink, SHAPE_INDEX["eyeBlinkRight"]])
        assert float(np.abs(others).max()) == 0.0
    assert 8 <= blinks <= 35


def test_a_face_that_flickers_never_sticks(make_driver: MakeDriver) -> None:
    """Seen every other frame for a while, lids shut now and then, then gone."""
    driver = make_driver(idle={"when": "never"})
    rng = np.random.default_rng(2)
    times = ticks(5, fps=30)
    for t in times:
        face = grimace(float(rng.integers(2))) if rng.random() < 0.5 else None
        driver.step(make_track(face, t), None, t)
    frames = perform(driver, lambda _: None, ticks(2, fps=30, start_ns=times[-1] + MS))
    assert far_from_neutral(frames[-1], driver) < 0.03


def test_a_face_after_a_loss_is_not_filtered_from_where_it_left(make_driver: MakeDriver) -> None:
    driver = make_driver()
    end = seen(driver)
    perform(driver, lambda _: None, ticks(2, fps=30, start_ns=end + MS))
    start = end + 2_001 * MS
    other = make_face(yaw_deg=-20)
    frames = perform(driver, lambda _: other, ticks(0.3, fps=30, start_ns=start))
    yaw = frames[-1].state.head_xyzw[1]
    assert float(yaw) == pytest.approx(-math.sin(math.radians(10)), abs=0.01)
