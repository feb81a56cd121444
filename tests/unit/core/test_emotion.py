"""`core.emotion`: each rule of the timing by an absolute test."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from emotion_stage import (
    ANGRY,
    HAPPY,
    NEUTRAL,
    REST,
    SAD,
    SURPRISE,
    Feeling,
    Script,
    Stage,
    shown_at,
    with_timing,
)

from vtdrive.config.emotion import EmotionConfig
from vtdrive.types import Status
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS


def test_a_clear_smile_starts_within_the_time_that_is_promised() -> None:
    stage = Stage()
    stage.run(1.0, NEUTRAL)
    assert 0.1 <= shown_at(stage.run(1.0, {"happiness": 0.8}), HAPPY) <= 0.5


def test_two_sure_samples_in_a_row_skip_the_dwell() -> None:
    slow = with_timing("happiness", dwell_ms=2000)
    snapping, plain = Stage(slow), Stage(slow.model_copy(update={"snap_p": 1.0}))
    for stage in (snapping, plain):
        stage.run(1.0, NEUTRAL)
    assert shown_at(snapping.run(3.0, {"happiness": 0.95}), HAPPY) < 0.5
    assert shown_at(plain.run(3.0, {"happiness": 0.95}), HAPPY) > 2.0


def test_one_sure_sample_is_not_enough() -> None:
    stage = Stage(with_timing("happiness", dwell_ms=2000))
    stage.run(1.0, NEUTRAL)
    flash: Script = lambda t: {"happiness": 1.0} if t < 0.1 else NEUTRAL  # noqa: E731
    assert shown_at(stage.run(3.0, flash), HAPPY) == math.inf


@pytest.mark.parametrize("dwell_ms", [0.0, 300.0, 1000.0])
def test_an_emotion_must_dwell_first(dwell_ms: float) -> None:
    config = with_timing("sadness", dwell_ms=dwell_ms).model_copy(
        update={"smooth_ms": 0.0, "snap_p": 1.0}
    )
    stage = Stage(config)
    stage.run(1.0, NEUTRAL)
    # Steps of the classifier: the dwell is over with the first sample after it.
    assert shown_at(stage.run(2.0, {"sadness": 0.7}), SAD) == pytest.approx(
        math.ceil(dwell_ms / 100) * 0.1, abs=0.02
    )


@pytest.mark.parametrize("name", EMOTIONS[1:])
def test_nothing_shows_below_its_threshold_or_without_its_margin(name: str) -> None:
    timing = EmotionConfig().of(name)
    below, close = Stage(), Stage()
    i = EMOTION_INDEX[name]
    assert shown_at(below.run(5.0, {name: timing.enter - 0.02}), i) == math.inf
    other = "fear" if name != "fear" else "disgust"
    half = 0.5 + timing.margin / 2 - 0.01
    if half >= timing.enter:
        assert shown_at(close.run(5.0, {name: half, other: 1 - half}), i) == math.inf


def test_the_first_sample_of_a_run_does_not_jump_the_dwell() -> None:
    stage = Stage(with_timing("sadness", dwell_ms=500).model_copy(update={"snap_p": 1.0}))
    assert shown_at(stage.run(2.0, {"sadness": 0.9}), SAD) == pytest.approx(0.5, abs=0.02)


def test_after_a_long_gap_an_emotion_dwells_anew() -> None:
    """What was about to show when the face went away must not show at once when it returns."""
    stage = Stage(with_timing("sadness", dwell_ms=500).model_copy(update={"snap_p": 1.0}))
    assert shown_at(stage.run(0.4, {"sadness": 0.9}), SAD) == math.inf
    stage.run(10.0, lambda _: None, replace(REST, status=Status.LOST))
    assert shown_at(stage.run(2.0, {"sadness": 0.9}), SAD) == pytest.approx(0.5, abs=0.02)


# --- staying and leaving --------------------------------------------------------------------


def test_it_stays_until_the_probability_falls_below_exit() -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    between = (stage.config.of("happiness").exit + stage.config.of("happiness").enter) / 2
    assert all(s.shown == HAPPY for _, s in stage.run(5.0, {"happiness": between}))
    states = stage.run(2.0, {"happiness": 0.1})
    assert 0.0 < next(t for t, s in states if s.shown == 0) < 0.6


def test_a_flash_stays_for_the_minimum_hold_and_does_not_fade_within() -> None:
    config = with_timing("happiness", dwell_ms=0, min_hold_ms=1500).model_copy(
        update={"smooth_ms": 0.0}
    )
    stage = Stage(config)
    stage.run(1.0, NEUTRAL)
    states = stage.run(3.0, lambda t: {"happiness": 0.9} if t < 0.2 else NEUTRAL)
    start = shown_at(states, HAPPY)
    held = [s for t, s in states if start <= t < start + 1.45]
    assert all(s.shown == HAPPY for s in held)
    weights = [float(s.weights[HAPPY]) for s in held]
    assert all(b >= a for a, b in pairwise(weights))
    assert next(t for t, s in states if t > start and s.shown == 0) < start + 1.65


@pytest.mark.parametrize("cooldown_ms", [0.0, 300.0, 1500.0])
def test_the_next_waits_for_the_cooldown(cooldown_ms: float) -> None:
    config = with_timing("anger", dwell_ms=0).model_copy(
        update={"smooth_ms": 0.0, "cooldown_ms": cooldown_ms, "snap_p": 1.0}
    )
    stage = Stage(config)
    stage.run(2.0, {"happiness": 0.9})
    stage.run(0.1, NEUTRAL)
    again = shown_at(stage.run(3.0, {"anger": 0.9}), ANGRY)
    assert again == pytest.approx(max(0.0, cooldown_ms / 1000 - 0.1), abs=0.12)


def test_surprise_ends_by_itself_and_returns_only_after_it_has_gone() -> None:
    stage = Stage()
    stage.run(1.0, NEUTRAL)
    states = stage.run(10.0, {"surprise": 0.9})
    start = shown_at(states, SURPRISE)
    shown = [t for t, s in states if s.shown == SURPRISE]
    assert max(shown) - start == pytest.approx(2.0, abs=0.05)
    assert float(states[-1][1].weights[SURPRISE]) == 0.0
    stage.run(1.0, NEUTRAL)
    assert shown_at(stage.run(2.0, {"surprise": 0.9}), SURPRISE) < 0.6


def test_another_emotion_may_follow_a_surprise_that_ended_by_itself() -> None:
    stage = Stage()
    stage.run(5.0, {"surprise": 0.9})
    assert shown_at(stage.run(2.0, {"happiness": 0.9}), HAPPY) < 1.0


def test_without_samples_it_eases_out() -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    states = stage.run(3.0, lambda _: None)
    ended = next(t for t, s in states if s.shown == 0)
    assert ended == pytest.approx(0.6 - 0.1, abs=0.12)  # the last sample is up to 100 ms old
    assert float(states[-1][1].weights.max()) == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_not_numbers_count_as_silence(bad: float) -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    states = stage.run(3.0, {"happiness": bad})
    assert float(states[-1][1].weights.max()) == 0.0
    assert all(np.isfinite(s.probs).all() and np.isfinite(s.weights).all() for _, s in states)
    assert shown_at(stage.run(2.0, {"happiness": 0.9}), HAPPY) < 1.0


def test_switched_off_it_believes_nothing() -> None:
    stage = Stage(EmotionConfig(enabled=False))
    assert all(float(s.weights.max()) == 0 for _, s in stage.run(3.0, {"happiness": 0.95}))


# --- being unsure ---------------------------------------------------------------------------


def test_two_equal_emotions_do_not_flip() -> None:
    stage = Stage()
    rng = np.random.default_rng(1)

    def torn(_: float) -> Feeling:
        lean = float(rng.normal(0, 0.05))
        return {"happiness": 0.45 + lean, "surprise": 0.45 - lean}

    shown = [s.shown for _, s in stage.run(30.0, torn)]
    assert sum(a != b for a, b in pairwise(shown)) <= 1


def test_averaging_is_slower_where_the_two_best_are_close() -> None:
    sure, unsure = Stage(), Stage()
    for stage in (sure, unsure):
        stage.run(1.0, NEUTRAL)
    a = sure.run(0.35, {"happiness": 0.55, "surprise": 0.40})[-1][1]
    b = unsure.run(0.35, {"happiness": 0.55, "surprise": 0.449})[-1][1]
    assert float(a.probs[HAPPY]) == pytest.approx(float(b.probs[HAPPY]), abs=0.01)
    c = Stage()
    c.run(1.0, NEUTRAL)
    d = c.run(0.35, {"happiness": 0.5, "surprise": 0.45})[-1][1]
    assert float(d.probs[HAPPY]) < 0.7 * float(a.probs[HAPPY])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("sure", "per_s"), [(0.6, 1.0), (0.75, 1.0), (0.95, 1.5)])
def test_a_flickering_classifier_hardly_shows(seed: int, sure: float, per_s: float) -> None:
    """Ten random emotions a second: even where each seems certain, hold and cooldown calm."""
    rng = np.random.default_rng(seed)
    stage = Stage()
    states = stage.run(60.0, lambda _: {EMOTIONS[int(rng.integers(8))]: sure})
    shown = [s.shown for _, s in states]
    switches = sum(a != b for a, b in pairwise(shown))
    assert switches <= 60 * per_s


# --- speaking, turning, holding -------------------------------------------------------------


def test_speaking_raises_the_bar_except_for_happiness() -> None:
    speaking = replace(REST, speaking=True)
    p = EmotionConfig().of("sadness").enter + 0.05
    assert shown_at(Stage().run(5.0, {"sadness": p}), SAD) < 5
    assert shown_at(Stage().run(5.0, {"sadness": p}, speaking), SAD) == math.inf
    assert shown_at(Stage().run(5.0, {"sadness": p + 0.1}, speaking), SAD) < 5
    happy = EmotionConfig().of("happiness").enter + 0.05
    assert shown_at(Stage().run(5.0, {"happiness": happy}, speaking), HAPPY) < 5


@pytest.mark.parametrize(
    ("name", "agrees", "objects"),
    [
        ("surprise", {"brow_up": 0.3}, {"brow_up": 0.2}),
        ("fear", {"brow_up": 0.3}, {"brow_up": 0.2}),
        ("anger", {"brow_down": 0.35}, {"brow_down": 0.25}),
        ("anger", {"brow_down": 0.35}, {"brow_down": 0.35, "smile": 0.4}),
        ("disgust", {"sneer_or_squint": 0.3}, {"sneer_or_squint": 0.2}),
    ],
)
def test_while_speaking_the_upper_face_must_agree(
    name: str, agrees: dict[str, float], objects: dict[str, float]
) -> None:
    speaking = replace(REST, speaking=True)
    i = EMOTION_INDEX[name]
    yes = Stage().run(3.0, {name: 0.95}, replace(speaking, **agrees))  # type: ignore[arg-type]
    no = Stage().run(3.0, {name: 0.95}, replace(speaking, **objects))  # type: ignore[arg-type]
    assert shown_at(yes, i) < 3
    assert shown_at(no, i) == math.inf
