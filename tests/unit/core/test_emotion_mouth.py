"""A mouth that moves does not change what a face is taken for, unless its upper half agrees."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from emotion_stage import HAPPY, REST, SAD, SURPRISE, Stage
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.driver import Driver
from vtdrive.core.emotion_context import EmotionContext, upper_face_agrees, without_mouth
from vtdrive.core.speech import SpeechDetector
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import AvatarFrame, Face
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

MakeDriver = Callable[..., Driver]
SPEAKING = replace(REST, speaking=True)
STIRRING = replace(REST, mouth_stirs=True)
BY_MOUTH = ("surprise", "fear", "anger", "disgust")
AGREES = {
    "surprise": {"brow_up": 0.3},
    "fear": {"brow_up": 0.3},
    "anger": {"brow_down": 0.4},
    "disgust": {"sneer_or_squint": 0.3},
}

distributions = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda p: sum(p) > 0.01)


def normalised(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return (np.array(values) / sum(values)).astype(np.float32)


@given(now=distributions, before=distributions, brow=st.floats(0, 1), talks=st.booleans())
def test_the_sum_stays_one_and_only_what_is_doubted_shrinks(
    now: list[float], before: list[float], brow: float, talks: bool
) -> None:
    context = replace(SPEAKING if talks else STIRRING, brow_up=brow)
    probs, believed = normalised(now), normalised(before)
    out = without_mouth(probs, believed, context)
    assert float(out.sum()) == pytest.approx(1, abs=1e-4)
    assert (out >= -1e-6).all()
    for i, name in enumerate(EMOTIONS):
        if name in BY_MOUTH and not upper_face_agrees(i, context):
            assert float(out[i]) <= float(probs[i]) + 1e-6
        else:
            assert float(out[i]) >= float(probs[i]) - 1e-6


@given(now=distributions, before=distributions)
def test_a_mouth_that_is_still_changes_nothing(now: list[float], before: list[float]) -> None:
    probs = normalised(now)
    assert without_mouth(probs, normalised(before), REST) is probs


@pytest.mark.parametrize("context", [SPEAKING, STIRRING], ids=["speaking", "stirring"])
@pytest.mark.parametrize("sure", [0.6, 0.99])
@pytest.mark.parametrize("resting", ["neutral", "happiness", "sadness"])
@pytest.mark.parametrize("name", BY_MOUTH)
def test_the_leading_emotion_does_not_change_by_the_mouth_alone(
    name: str, resting: str, sure: float, context: EmotionContext
) -> None:
    stage = Stage()
    stage.run(2.0, {resting: 0.9})
    states = stage.run(5.0, {name: sure, resting: 0.9 * (1 - sure)}, context)
    assert {s.leading for _, s in states} == {EMOTION_INDEX[resting]}
    assert EMOTION_INDEX[name] not in {s.shown for _, s in states}
    calm = stage.run(2.0, {resting: 0.9})
    assert {s.leading for _, s in calm} == {EMOTION_INDEX[resting]}


@pytest.mark.parametrize("context", [SPEAKING, STIRRING], ids=["speaking", "stirring"])
@pytest.mark.parametrize("name", BY_MOUTH)
def test_with_the_upper_face_it_changes_while_speaking(name: str, context: EmotionContext) -> None:
    stage = Stage()
    stage.run(2.0, {"neutral": 0.9})
    states = stage.run(2.0, {name: 0.9}, replace(context, **AGREES[name]))  # type: ignore[arg-type]
    assert states[-1][1].leading == EMOTION_INDEX[name] == states[-1][1].shown


@pytest.mark.parametrize("name", ["happiness", "sadness", "neutral"])
def test_what_no_upper_face_confirms_changes_freely(name: str) -> None:
    stage = Stage()
    stage.run(2.0, {"contempt": 0.9})
    assert stage.run(3.0, {name: 0.9}, SPEAKING)[-1][1].leading == EMOTION_INDEX[name]


def test_an_emotion_that_led_before_the_words_may_go_on_and_end() -> None:
    stage = Stage()
    brows = replace(REST, brow_up=0.5)
    assert stage.run(1.0, {"surprise": 0.9}, brows)[-1][1].leading == SURPRISE
    assert stage.run(2.0, {"surprise": 0.9}, SPEAKING)[-1][1].leading == SURPRISE
    assert stage.run(2.0, {"neutral": 0.9}, SPEAKING)[-1][1].leading == 0


def test_doubted_scraps_do_not_make_the_rest_surer() -> None:
    """0.47 of sadness is 0.47 while speaking too: the even rest is no word of the mouth's."""
    quiet, talking = Stage(), Stage()
    a = quiet.run(3.0, {"sadness": 0.47})[-1][1].probs[SAD]
    b = talking.run(3.0, {"sadness": 0.47}, SPEAKING)[-1][1].probs[SAD]
    assert float(b) == pytest.approx(float(a), abs=1e-3)


# --- through a driver -------------------------------------------------------------------------


def talked(
    driver: Driver, *, brows: float = 0.0, hz: float = 4.0, rounded: bool = False
) -> list[AvatarFrame]:
    """Three seconds of calm, then of words, in which the classifier sees surprise in each vowel."""
    frames, sample = [], None
    for t in ticks(6, fps=30):
        s = t * 1e-9
        open_ = max(0.0, math.sin(math.tau * hz * s)) if s > 3 else 0.0
        mouth = {"mouthPucker" if rounded else "jawOpen": 0.1 + 0.6 * open_}
        brow = brows if s > 3 else 0.0
        face: Face = make_face(shapes={**mouth, "browInnerUp": brow, "browOuterUp": brow})
        if round(s * 30) % 3 == 0:
            seen = 0.9 if open_ > 0.3 else 0.1
            sample = make_emotion(t, surprise=seen, neutral=0.95 - seen)
        frames.append(driver.step(make_track(face, t), sample, t))
    return frames


@pytest.mark.parametrize("hz", [2.5, 4.0, 5.5])
@pytest.mark.parametrize("rounded", [False, True])
def test_from_the_first_word_on_talking_changes_nothing(
    make_driver: MakeDriver, hz: float, rounded: bool
) -> None:
    frames = talked(make_driver(), hz=hz, rounded=rounded)
    assert {f.state.emotion.leading for f in frames} == {0}
    assert {f.state.emotion.shown for f in frames} == {0}


def test_surprise_with_raised_brows_shows_while_the_mouth_moves(make_driver: MakeDriver) -> None:
    frames = talked(make_driver(neutral={"auto": False}), brows=0.8)
    assert SURPRISE in {f.state.emotion.leading for f in frames}


def test_a_gasp_without_brows_comes_a_little_later_and_not_never(make_driver: MakeDriver) -> None:
    """A mouth that has come to rest is part of the expression."""
    driver = make_driver(neutral={"auto": False})
    sample, led = None, math.inf
    for t in ticks(4, fps=30):
        gasp = t >= 2 * 10**9
        face = make_face(shapes={"jawOpen": 0.7 if gasp else 0.05})
        if (t * 30 // 10**9) % 3 == 0:
            sample = make_emotion(t, surprise=0.9) if gasp else make_emotion(t, neutral=0.9)
        frame = driver.step(make_track(face, t), sample, t)
        if frame.state.emotion.leading == SURPRISE:
            led = min(led, t * 1e-9 - 2)
    assert 0.3 < led < 0.9


# --- what stirs -------------------------------------------------------------------------------


def stirred(
    mouth: Callable[[float], tuple[float, float]], seconds: float, *, fps: float
) -> list[tuple[float, bool]]:
    detector, out = SpeechDetector(), []
    for t in ticks(seconds, fps=fps):
        jaw, lips = mouth(t * 1e-9)
        detector.step(jaw, t, rounding=lips)
        out.append((t * 1e-9, detector.stirring))
    return out


@pytest.mark.parametrize("fps", [10, 24, 30, 60])
@pytest.mark.parametrize("lips", [False, True])
def test_a_mouth_stirs_at_once_and_for_300_ms(fps: float, lips: bool) -> None:
    def mouth(t: float) -> tuple[float, float]:
        moved = 0.4 if t >= 1 else 0.1
        return (0.1, moved) if lips else (moved, 0.1)

    states = stirred(mouth, 3, fps=fps)
    on = [t for t, stirs in states if stirs]
    assert on[0] == pytest.approx(1, abs=1.01 / fps)
    assert on[-1] - on[0] == pytest.approx(0.3, abs=2.01 / fps)


def test_noise_does_not_stir() -> None:
    rng = np.random.default_rng(0)
    states = stirred(lambda _: tuple(rng.normal(0.1, 0.01, 2)), 10, fps=60)
    assert not any(on for _, on in states)


def test_reset_and_adopt_carry_the_stir() -> None:
    used, heir = SpeechDetector(), SpeechDetector()

    def stirs(detector: SpeechDetector, jaw: float, t_ns: int) -> bool:
        detector.step(jaw, t_ns)
        return detector.stirring

    assert [stirs(used, jaw, i * 10**7) for i, jaw in enumerate((0.1, 0.5))] == [False, True]
    heir.adopt(used)
    assert heir.stirring
    assert stirs(heir, 0.5, 2 * 10**7)
    used.reset()
    assert not stirs(used, 0.5, 3 * 10**7)


def test_happiness_may_fall_and_rise_while_speaking() -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    stage.run(3.0, {"neutral": 0.9}, SPEAKING)
    assert stage.run(3.0, {"happiness": 0.9}, SPEAKING)[-1][1].leading == HAPPY
