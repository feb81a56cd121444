"""A resting face that reads as sad: taken off with the neutral, and what is more gets through."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from emotion_stage import HAPPY, REST, SAD, shown_at
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.emotion import EmotionConfig, EmotionTiming
from vtdrive.core.calibrate import NeutralPose, blended
from vtdrive.core.driver import TAKE_NEUTRAL, Driver
from vtdrive.core.emotion import EmotionMachine
from vtdrive.core.resting import MOST, bounded, resting_offset, without_rest
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import F32, AvatarFrame, Emotion, EmotionState, Face, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

MakeDriver = Callable[..., Driver]
Reading = Callable[[float], dict[str, float]]
K = len(EMOTIONS)

SAD_AT_REST = {"sadness": 0.5, "neutral": 0.4}
PLAIN = EmotionConfig(timing=dict.fromkeys(EMOTIONS[1:], EmotionTiming(enter=0.5, exit=0.33)))
"""Thresholds that no model's figures move."""


def flickering(seed: int, around: dict[str, float], spread: float = 0.5) -> Reading:
    """Readings whose log-odds wander from sample to sample."""
    rng = np.random.default_rng(seed)
    base = np.log(make_emotion(0, **around).probs)

    def read(_: float) -> dict[str, float]:
        raised = np.exp(base + rng.normal(0, spread, K))
        # The last gets what the others leave.
        return dict(zip(EMOTIONS[:-1], (raised / raised.sum()).tolist()[:-1], strict=True))

    return read


def played(
    driver: Driver,
    seconds: float,
    reading: Reading | None,
    *,
    start_s: float = 0.0,
    ask: bool = False,
    face: Callable[[float], Face | None] = lambda _: make_face(),
    hz: float = 10.0,
) -> list[AvatarFrame]:
    """Frames at 30 fps with a new sample every 1 / hz, as old as its frame."""
    frames, sample, due = [], None, -math.inf
    for i, t in enumerate(ticks(seconds, fps=30, start_ns=round(start_s * 1e9))):
        if reading is not None and t * 1e-9 >= due:
            sample = make_emotion(t, **reading(t * 1e-9))
            due = t * 1e-9 + 1 / hz - 1e-3
        commands = [TAKE_NEUTRAL] if ask and i == 0 else []
        frames.append(driver.step(make_track(face(t * 1e-9), t), sample, t, commands))
    return frames


def leading(frames: Sequence[AvatarFrame], emotion: int) -> float:
    """Share of frames that an emotion leads."""
    return float(np.mean([f.state.emotion.leading == emotion for f in frames]))


def rested(make_driver: MakeDriver, around: dict[str, float], **neutral: Any) -> Driver:
    """A driver whose user asked for a neutral, with a face that reads so."""
    driver = make_driver(neutral=neutral, emotion={"timing": PLAIN.timing})
    played(driver, 2.6, flickering(1, around), ask=True)
    assert not driver.taking
    return driver


# --- through a driver -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sadness", "anger", "contempt"])
@pytest.mark.parametrize("neutral", [0.25, 0.4])
def test_a_rest_that_reads_as_another_emotion_comes_out_neutral(
    make_driver: MakeDriver, name: str, neutral: float
) -> None:
    around = {name: 0.5, "neutral": neutral}
    driver = rested(make_driver, around)
    without = make_driver(neutral={"emotion": "never"})
    reading = flickering(2, around)
    assert leading(played(without, 12, flickering(2, around)), EMOTION_INDEX[name]) > 0.5
    frames = played(driver, 15, reading, start_s=3)
    assert leading(frames, 0) >= 0.95
    assert np.mean([f.state.emotion.shown == 0 for f in frames]) >= 0.95


def test_what_is_more_than_the_rest_still_gets_through(make_driver: MakeDriver) -> None:
    driver = rested(make_driver, SAD_AT_REST)
    smiling = played(driver, 3, lambda _: {"happiness": 0.9}, start_s=3)
    assert smiling[-1].state.emotion.shown == HAPPY
    assert float(smiling[-1].state.emotion.weights[HAPPY]) > 0.5
    played(driver, 3, flickering(3, SAD_AT_REST), start_s=6)
    grieving = played(driver, 3, lambda _: {"sadness": 0.85}, start_s=9)
    assert grieving[-1].state.emotion.shown == SAD
    assert float(grieving[-1].state.emotion.weights[SAD]) > 0.3


def test_whoever_laughs_into_the_neutral_can_still_laugh(make_driver: MakeDriver) -> None:
    """The cap limits the damage: a faint smile is lost until the neutral is taken anew."""
    driver = rested(make_driver, {"happiness": 0.95, "neutral": 0.03})
    assert driver.neutral.emotion is not None
    assert float(driver.neutral.emotion[HAPPY]) == pytest.approx(MOST)
    laughing = played(driver, 3, lambda _: {"happiness": 0.92}, start_s=3)
    assert laughing[-1].state.emotion.shown == HAPPY
    faint = played(driver, 3, lambda _: {"happiness": 0.6, "neutral": 0.35}, start_s=6)
    assert faint[-1].state.emotion.shown == 0
    played(driver, 2.6, lambda _: {"neutral": 0.9}, start_s=9, ask=True)
    again = played(driver, 3, lambda _: {"happiness": 0.6, "neutral": 0.35}, start_s=12)
    assert again[-1].state.emotion.shown == HAPPY


def test_it_is_eased_in_without_a_jump(make_driver: MakeDriver) -> None:
    reading: Reading = lambda _: {"sadness": 0.75, "neutral": 0.2}  # noqa: E731
    frames = played(make_driver(emotion={"timing": PLAIN.timing}), 4, reading, ask=True)
    probs = np.stack([f.state.emotion.probs for f in frames])
    plain = np.stack([f.state.emotion.probs for f in played(make_driver(), 4, reading)])
    assert float(probs[-1, SAD]) < 0.5 < 0.7 < float(plain[-1, SAD])
    assert float(np.abs(np.diff(probs, axis=0)).max()) < 0.1
    # From here on, since an attack is as fast as an attack is.
    weights = np.stack([f.state.emotion.weights for f in frames[45:]])
    assert float(weights[0, SAD]) > 0.5
    assert float(np.abs(np.diff(weights, axis=0)).max()) < 0.1


@pytest.mark.parametrize(
    ("mode", "ask", "taken"),
    [
        ("asked", True, True),
        ("asked", False, False),
        ("always", True, True),
        ("always", False, True),
        ("never", True, False),
    ],
)
def test_it_is_taken_when_the_config_says(
    make_driver: MakeDriver, mode: str, ask: bool, taken: bool
) -> None:
    driver = make_driver(neutral={"emotion": mode}, emotion={"timing": PLAIN.timing})
    frames = played(driver, 4, lambda _: SAD_AT_REST, ask=ask)
    assert not driver.taking
    assert (driver.neutral.emotion is not None) == taken
    assert frames[-1].state.emotion.leading == (0 if taken else SAD)


def test_an_automatic_neutral_and_a_silent_classifier_keep_what_was_taken(
    make_driver: MakeDriver,
) -> None:
    driver = rested(make_driver, SAD_AT_REST)
    taken, pose = driver.neutral.emotion, driver.neutral
    assert taken is not None
    played(driver, 2.6, None, start_s=4, ask=True)
    assert driver.neutral is not pose
    assert driver.neutral.emotion is taken
    heir = Driver(driver.config, neutral=driver.neutral)
    assert heir.taking
    played(heir, 2.6, lambda _: {"anger": 0.9}, start_s=8)
    assert heir.neutral.emotion is taken


def test_only_samples_of_the_stretch_count(make_driver: MakeDriver) -> None:
    """A laugh before the question and an old sample are no part of the rest."""
    driver = make_driver(neutral={"auto": False})
    played(driver, 2, lambda _: {"happiness": 0.95})
    played(driver, 2.6, lambda t: SAD_AT_REST if t > 2.05 else {"anger": 0.9}, start_s=2, ask=True)
    assert driver.neutral.emotion is not None
    assert float(driver.neutral.emotion[HAPPY]) == 0.0
    assert float(driver.neutral.emotion[SAD]) > 1.0
    stuck = make_emotion(10, anger=0.9)
    for t in ticks(2.6, fps=30, start_ns=10**10):
        driver.step(make_track(make_face(), t), stuck, t, [TAKE_NEUTRAL] if t == 10**10 else ())
    assert float(driver.neutral.emotion[EMOTION_INDEX["anger"]]) < 0.5


def test_who_talks_is_not_at_rest(make_driver: MakeDriver) -> None:
    driver = make_driver(neutral={"auto": False})

    def talk(t: float) -> Face:
        return make_face(shapes={"jawOpen": 0.25 + 0.2 * math.sin(math.tau * 4 * t)})

    played(driver, 2, lambda _: {"surprise": 0.6}, face=talk)
    played(driver, 2.6, lambda _: {"surprise": 0.6}, start_s=2, ask=True, face=talk)
    assert not driver.taking
    assert driver.neutral.emotion is None


def test_a_reload_keeps_the_question(make_driver: MakeDriver) -> None:
    driver = make_driver()
    played(driver, 1, lambda _: SAD_AT_REST, ask=True)
    heir = make_driver()
    heir.adopt(driver)
    played(heir, 1.6, lambda _: SAD_AT_REST, start_s=1)
    assert not heir.taking
    assert heir.neutral.emotion is not None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_never_enters(make_driver: MakeDriver, bad: float) -> None:
    driver = make_driver()
    frames = played(
        driver, 4, lambda t: {"sadness": bad} if round(t * 10) % 2 else SAD_AT_REST, ask=True
    )
    assert driver.neutral.emotion is not None
    assert np.isfinite(driver.neutral.emotion).all()
    assert all(np.isfinite(f.state.emotion.probs).all() for f in frames)
    silent = make_driver()
    played(silent, 4, lambda _: {"sadness": bad}, ask=True)
    assert not silent.taking
    assert silent.neutral.emotion is None


def test_it_survives_the_users_file_and_an_old_file_has_none() -> None:
    taken = resting_offset([make_emotion(0, **SAD_AT_REST).probs] * 20)
    pose = replace(NeutralPose.typical(), emotion=taken)
    again = NeutralPose.from_dict(json.loads(json.dumps(pose.to_dict())))
    assert again.emotion is not None
    assert taken is not None
    assert again.emotion.tobytes() == taken.tobytes()
    assert NeutralPose.from_dict(NeutralPose.typical().to_dict()).emotion is None


def test_a_file_cannot_take_off_more_than_a_neutral_can() -> None:
    data = NeutralPose.typical().to_dict() | {"emotion": [5.0, -3.0, *[1e5] * 6]}
    offset = NeutralPose.from_dict(data).emotion
    assert offset is not None
    np.testing.assert_allclose(offset, [0, 0, *[MOST] * 6], rtol=1e-6)


@pytest.mark.parametrize("known", [(True, True), (True, False), (False, True)])
def test_a_blend_leads_from_one_offset_to_the_other(known: tuple[bool, bool]) -> None:
    a, b = (
        replace(
            NeutralPose.typical(), emotion=bounded(np.full(K, size, np.float32)) if has else None
        )
        for size, has in zip((0.4, 1.0), known, strict=True)
    )
    of_a, of_b = (0.0 if p.emotion is None else float(p.emotion[SAD]) for p in (a, b))
    middle = blended(a, b, 0.5, blink_unknown=0.2).emotion
    assert middle is not None
    assert float(middle[SAD]) == pytest.approx((of_a + of_b) / 2)
    assert blended(a, b, 1.0, blink_unknown=0.2) is b


# --- the machine ------------------------------------------------------------------------------


def states(offset: F32 | None, samples: Sequence[Emotion]) -> list[EmotionState]:
    machine = EmotionMachine(PLAIN)
    return [machine.step(sample, REST, sample.t_ns, rest=offset) for sample in samples]


@given(seed=st.integers(0, 1000))
def test_no_offset_changes_not_a_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = [Emotion(i * 10**8, frozen(rng.dirichlet(np.ones(K)))) for i in range(40)]
    zero = frozen(np.zeros(K))
    for a, b in zip(states(None, samples), states(zero, samples), strict=True):
        np.testing.assert_array_equal(a.probs, b.probs)
        np.testing.assert_array_equal(a.weights, b.weights)


def test_a_sure_sample_counts_as_sure_only_without_the_rest() -> None:
    """Else two samples that the offset makes doubtful would skip the dwell."""
    config = EmotionConfig(snap_p=0.85, snap_gap=0.4)
    machine = EmotionMachine(config)
    offset = bounded(np.array([0, 0, 0, 9, 0, 0, 0, 0], np.float32))
    run = [
        (i / 10, machine.step(make_emotion(i * 10**8, sadness=0.88), REST, i * 10**8, rest=offset))
        for i in range(20)
    ]
    assert shown_at(run, SAD) >= config.of("sadness").dwell_ms / 1000


# --- the numbers ------------------------------------------------------------------------------

distributions = st.lists(st.floats(0, 1), min_size=K, max_size=K).filter(lambda p: sum(p) > 0.01)


@given(rows=st.lists(distributions, min_size=1, max_size=30))
def test_an_offset_is_bounded_and_spares_neutral(rows: list[list[float]]) -> None:
    samples = [frozen(np.array(row) / sum(row)) for row in rows]
    offset = resting_offset(samples)
    assert offset is not None
    assert float(offset[0]) == 0.0
    assert (offset >= 0).all()
    assert (offset <= MOST + 1e-6).all()
    for probs in samples:
        left = without_rest(probs, offset)
        assert np.isfinite(left).all()
        assert float(left.sum()) == pytest.approx(1, abs=1e-5)
        assert float(left[0]) >= float(probs[0]) - 1e-6
        assert (left >= 0).all()


def test_the_cap_takes_three_tenths_of_an_even_chance() -> None:
    offset = bounded(np.array([0, 0, 0, 9, 0, 0, 0, 0], np.float32))
    left = without_rest(make_emotion(0, sadness=0.5, neutral=0.5).probs, offset)
    assert float(left[SAD]) == pytest.approx(0.2, abs=1e-6)
    sure = without_rest(make_emotion(0, sadness=0.95, neutral=0.05).probs, offset)
    assert float(sure[SAD]) == pytest.approx(0.826, abs=1e-3)


def test_a_calm_rest_has_no_offset_and_few_samples_have_a_small_one() -> None:
    calm = resting_offset([make_emotion(0, neutral=0.85, sadness=0.1).probs] * 20)
    assert calm is not None
    assert not calm.any()
    sad = make_emotion(0, **SAD_AT_REST).probs
    sizes = [resting_offset([sad] * n) for n in (1, 2, 5, 20)]
    found = [float(offset[SAD]) for offset in sizes if offset is not None]
    assert len(found) == 4
    assert all(b > a for a, b in pairwise(found))
    assert found[0] < 0.4 < 1.2 < found[-1]
    assert resting_offset([]) is None
    assert resting_offset([frozen(np.full(K, np.nan))]) is None
