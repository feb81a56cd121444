"""Everything is a function of time, and nothing jumps, bursts or leaves its range."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import Scene, at_frames, avatar_of, face, faces, named

from vtdrive.render.motion import Motion
from vtdrive.types import F32, FaceState, frozen

BREATHES = ("breath", "breath_late", "ear_l", "ear_r")
SHAKES = ("shake", "gaze_x", "brow_form")
"""12 Hz, which 15 pictures a second do not show evenly."""


def lively(t: float) -> FaceState:
    """All at once, smoothly: turns, talk, a blink, feelings that come and go."""
    blink = max(0.0, 1.0 - abs(t % 1.7 - 1.0) / 0.12)
    return face(
        yaw=20 * math.sin(2.1 * t),
        pitch=10 * math.sin(1.7 * t + 1),
        roll=8 * math.sin(1.3 * t),
        at_m=(0.04 * math.sin(t), 0.02 * math.sin(2 * t), 0.03 * math.sin(0.7 * t)),
        gaze=(10 * math.sin(3 * t), 5 * math.cos(2 * t)),
        feels={
            "happiness": max(0.0, 0.8 * math.sin(1.1 * t)),
            "contempt": max(0.0, -0.8 * math.sin(1.1 * t)),
        },
        speaking=min(1.0, max(0.0, 5 * math.sin(1.9 * t))),
        jawOpen=0.3 + 0.3 * math.sin(9 * t),
        eyeBlink=min(1.0, blink),
        mouthSmile=0.4 + 0.4 * math.sin(t),
    )


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_the_same_at_any_frame_rate(fps: float) -> None:
    usual, other = Motion(avatar_of()), Motion(avatar_of())
    a = at_frames(usual, lively, 6.0, fps=60.0)
    b = at_frames(other, lively, 6.0, fps=fps)
    same = a[:: round(60 / 30)], b[:: round(fps / 30)]
    span = usual.hi - usual.lo
    off = np.abs(same[0] - same[1]) / span
    for name, worst in zip(usual.names, off.max(0), strict=True):
        # What pops or is crossed in 50 ms differs by where pictures fall within it.
        quick = name.startswith(("ov_", "eye_smile", "eye_open"))
        assert worst < (1.0 if quick else 0.02), name
    assert off.mean(0).max() < 0.02


def test_another_clock_moves_nothing() -> None:
    a = at_frames(Motion(avatar_of()), lively, 2.0)
    b = at_frames(Motion(avatar_of()), lively, 2.0, start_ns=987_654_321_000)
    np.testing.assert_array_equal(a, b)


def test_neutral_is_neutral_but_for_breath_and_ears() -> None:
    motion = Motion(avatar_of())
    at_frames(motion, lambda t: face(yaw=20 * math.sin(9 * t), feels={"anger": 0.5}), 1.0)
    rest = at_frames(motion, lambda _: face(), 12.0, fps=30, start_ns=1_100_000_000)
    for name, found, neutral in zip(motion.names, rest[-90:].T, motion.neutral, strict=True):
        if name not in BREATHES:
            np.testing.assert_array_equal(found, neutral, name)


def test_a_frozen_character_holds_still_and_goes_on_without_a_jump() -> None:
    def frozen_from_2_to_12(t: float) -> FaceState:
        joyful = face(yaw=9, jawOpen=0.4, feels={"happiness": 0.8, "fear": 0.3})
        return dataclasses.replace(joyful, still=2.0 <= t < 12.0)

    motion = Motion(avatar_of())
    params = at_frames(motion, frozen_from_2_to_12, 14.0, fps=60.0) / (motion.hi - motion.lo)
    held = params[8 * 60 : 12 * 60]
    assert np.ptp(held, axis=0).max() < 1e-3, "springs have come to rest by then, too"
    assert np.ptp(params[:120], axis=0).max() > 0.1, "it moves otherwise"
    calm = [i for i, name in enumerate(motion.names) if name in ("breath", "breath_late")]
    assert np.abs(np.diff(params[11 * 60 :], axis=0))[:, calm].max() < 0.05


def test_one_that_shall_do_nothing_by_itself_follows_the_face_all_the_same() -> None:
    motion = Motion(avatar_of())
    calm = dataclasses.replace(face(), still=True)
    rest = at_frames(motion, lambda _: calm, 30.0, fps=30)
    assert np.ptp(rest / (motion.hi - motion.lo), axis=0).max() < 1e-6
    turned = dataclasses.replace(face(yaw=20), still=True)
    assert abs(motion.step(turned, 31_000_000_000) - rest[-1]).max() > 0.1


def test_it_breathes_and_flicks_its_ears_by_itself() -> None:
    motion = Motion(avatar_of())
    out = at_frames(motion, lambda _: face(), 40.0, fps=30)
    breath, late, left, right = (out[:, motion.names.index(name)] for name in BREATHES)
    assert breath.min() < 0.02
    assert breath.max() > 0.98
    # Three and a half seconds, and the head 150 ms after the chest.
    peaks = np.flatnonzero((breath[1:-1] > breath[:-2]) & (breath[1:-1] >= breath[2:])) + 1
    assert np.diff(peaks).mean() / 30 == pytest.approx(3.4, abs=0.1)
    delays = [np.corrcoef(breath[: len(breath) - k], late[k:])[0, 1] for k in range(10)]
    assert np.argmax(delays) / 30 == pytest.approx(0.15, abs=0.02)
    flicks = np.minimum(left, right) < -0.2
    begins = np.flatnonzero(flicks & ~np.roll(flicks, 1)) / 30
    gaps = np.diff(begins)[np.diff(begins) > 1.0]
    assert len(gaps) >= 2
    assert gaps.min() > 5.0
    assert gaps.max() < 16.0
    # One ear at a time.
    assert not ((left < -0.1) & (right < -0.1)).any()


def pictures(scene: Scene, *, faces_hz: float, fps: float, seconds: float, name: str) -> F32:
    """One parameter where faces come at one rate and pictures at another."""
    motion = Motion(avatar_of())
    at = motion.names.index(name)
    return np.array(
        [
            motion.step(
                scene(math.floor(i / fps * faces_hz + 1e-6) / faces_hz), round(i * 1e9 / fps)
            )[at]
            for i in range(round(seconds * fps))
        ]
    )


def test_sixty_pictures_of_thirty_faces_are_smooth_and_hardly_late() -> None:
    def turning(t: float) -> FaceState:
        return face(yaw=20 * t)

    drawn = pictures(turning, faces_hz=30, fps=60, seconds=1.0, name="head_x")
    steps = np.diff(drawn[4:])
    assert steps.min() == pytest.approx(steps.max(), rel=0.02)
    late_s = (24 * np.arange(60) / 60 - drawn)[4:] / 24
    assert late_s.max() <= 0.0334


def test_a_picture_for_each_face_is_not_late_at_all() -> None:
    drawn = pictures(lambda t: face(yaw=20 * t), faces_hz=30, fps=30, seconds=0.9, name="head_x")
    np.testing.assert_allclose(drawn, 24 * np.arange(27) / 30, atol=1e-3)


def test_a_blink_is_never_late() -> None:
    def blinking(t: float) -> FaceState:
        return face(eyeBlink=1.0 if 0.3 <= t < 0.4 else 0.0)

    drawn = pictures(blinking, faces_hz=30, fps=60, seconds=0.6, name="eye_open_l")
    for i, lid in enumerate(drawn.tolist()):
        seen = math.floor(i / 60 * 30 + 1e-6) / 30
        assert lid == (0.0 if 0.3 <= seen < 0.4 else 1.0)


@given(st.lists(st.tuples(faces(), st.integers(-50, 400)), min_size=1, max_size=12))
def test_ranges_hold_whatever_comes(scene: list[tuple[FaceState, int]]) -> None:
    motion, t_ms = Motion(avatar_of()), 0
    for state, dt_ms in scene:
        t_ms += dt_ms
        out = motion.step(state, t_ms * 1_000_000)
        assert np.isfinite(out).all()
        assert (out >= motion.lo).all()
        assert (out <= motion.hi).all()


@given(
    st.sampled_from(["head_xyzw", "head_m", "gaze_rad", "shapes", "voice", "weights", "speaking"]),
    st.sampled_from([math.nan, math.inf, -math.inf, 3e38]),
    st.booleans(),
)
@settings(max_examples=30)
def test_what_is_no_number_never_leaves(field: str, bad: float, first: bool) -> None:
    good = face(
        yaw=10,
        at_m=(0.05, 0, 0),
        gaze=(10, 0),
        jawOpen=0.4,
        feels={"happiness": 0.5},
        speaking=1.0,
        voice=(0, 0.8, 0, 0, 0, 0),
    )
    values = {name: getattr(good, name) for name in good.__slots__}
    if field == "weights":
        emotion = good.emotion
        values["emotion"] = type(emotion)(emotion.probs, frozen(np.full(8, bad)), 0, 0)
    elif field == "speaking":
        values["speaking"] = bad
    else:
        values[field] = frozen(np.full_like(getattr(good, field), bad))
    motion, broken = Motion(avatar_of()), FaceState(**values)
    scene = [broken, good, broken, broken] if first else [good, good, broken, broken]
    last = None
    for i in range(16):
        last = motion.step(scene[min(i // 4, 3)], i * 33_000_000)
        assert np.isfinite(last).all()
        assert (last >= motion.lo).all()
        assert (last <= motion.hi).all()
    assert last is not None
    if math.isfinite(bad):
        return
    # The last good value stays.
    before, after = named(motion, last), named(motion, motion.step(good, 17 * 33_000_000))
    for name in ("head_x", "head_y", "head_z", "pos_x", "gaze_x", "mouth_open", "vowel_i"):
        assert before[name] == pytest.approx(after[name], abs=0.01), name


def test_a_long_pause_does_not_shake_the_hair() -> None:
    motion = Motion(avatar_of())
    at_frames(motion, lambda t: face(yaw=20 * math.sin(9 * t)), 1.0)
    for i in range(20):
        out = motion.step(face(yaw=-20), 60_000_000_000 + i * 16_000_000)
        assert np.abs(out[[motion.names.index("hair_back")]]).max() <= 1.0


def test_time_that_runs_back_moves_nothing() -> None:
    motion = Motion(avatar_of())
    before = at_frames(motion, lively, 1.0)[-1]
    np.testing.assert_array_equal(motion.step(lively(1.0), 400_000_000), before)


def test_a_lost_face_wanders_slowly_and_comes_back() -> None:
    motion = Motion(avatar_of())
    at = motion.names.index("head_x")
    at_frames(motion, lambda _: face(), 1.0, fps=30)
    lost = at_frames(motion, lambda _: face(live=False), 40.0, fps=30, start_ns=1_033_333_333)
    # It glides into it, then stays within four degrees and is never quick.
    assert np.abs(lost[:30, at]).max() < 0.5
    assert 2.0 < np.abs(lost[:, at]).max() <= 4.0
    assert np.abs(np.diff(lost[:, at])).max() * 30 < 8.0
    assert lost[150:, at].std() > 0.7
    back = at_frames(motion, lambda _: face(), 1.0, fps=30, start_ns=41_100_000_000)
    assert np.abs(np.diff(back[:, at])).max() < 1.2
    assert back[-1, at] == 0.0


def test_a_hop_as_speech_begins_and_not_for_each_syllable() -> None:
    motion = Motion(avatar_of())
    hops = at_frames(
        motion,
        lambda t: face(speaking=(0.9 + 0.1 * math.sin(30 * t)) * min(1.0, max(0.0, 8 * (t - 0.5)))),
        3.0,
    )[:, motion.names.index("hop")]
    rises = np.flatnonzero((hops[1:] > 0) & (hops[:-1] == 0))
    assert len(rises) == 1
    assert hops.max() > 0.95
    assert (hops > 0).sum() / 60 == pytest.approx(0.26, abs=0.04)


@pytest.mark.parametrize(("pause_s", "hops"), [(1.0, 2), (0.3, 1)])
def test_it_hops_again_after_a_real_pause(pause_s: float, hops: int) -> None:
    def talk(t: float) -> FaceState:
        silent = t < 0.5 or 0.7 < t < 0.7 + pause_s
        return face(speaking=0.0 if silent else 1.0)

    motion = Motion(avatar_of())
    hop = at_frames(motion, talk, 3.0)[:, motion.names.index("hop")]
    assert ((hop[1:] > 0) & (hop[:-1] == 0)).sum() == hops


def test_a_voice_makes_it_hop_and_opens_its_mouth() -> None:
    motion = Motion(avatar_of())
    out = at_frames(
        motion, lambda t: face(voice=(0.8, 0, 0, 0, 0, 0.8 if t > 0.5 else 0.0)), 1.0, fps=60
    )
    assert out[:, motion.names.index("hop")].max() > 0.9
    assert named(motion, out[-1])["mouth_open"] > 0.15
    assert named(motion, out[-1])["vowel_a"] == pytest.approx(0.8)
    assert named(motion, out[-1])["speech"] == 1.0
