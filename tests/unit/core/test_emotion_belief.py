"""`core.emotion`: when the classifier is not believed, and what holds for any input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from emotion_stage import (
    ANGRY,
    FPS,
    HAPPY,
    MS,
    REST,
    Stage,
    shown_at,
    with_timing,
)
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.emotion import EmotionConfig, EmotionTiming
from vtdrive.core.emotion import EmotionContext, EmotionMachine
from vtdrive.testing import make_emotion
from vtdrive.types import Emotion, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS


@pytest.mark.parametrize(
    "context",
    [
        replace(REST, yaw_rad=math.radians(40)),
        replace(REST, yaw_rad=math.radians(-40)),
    ],
)
def test_who_stays_turned_away_does_not_grin_for_minutes(context: EmotionContext) -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    states = stage.run(8.0, {"neutral": 0.9}, context)
    assert next(t for t, s in states if s.shown == 0) == pytest.approx(5.0, abs=0.15)
    assert float(states[-1][1].weights.max()) == 0.0
    assert shown_at(stage.run(2.0, {"happiness": 0.9}), HAPPY) < 0.5


@pytest.mark.parametrize(
    "context",
    [
        replace(REST, yaw_rad=math.radians(40)),
        replace(REST, yaw_rad=math.radians(-40)),
    ],
)
def test_far_turns_freeze_what_is_believed(context: EmotionContext) -> None:
    stage = Stage()
    stage.run(2.0, {"happiness": 0.9})
    states = stage.run(3.0, {"anger": 0.95}, context)
    assert all(s.shown == HAPPY for _, s in states)
    assert shown_at(Stage().run(3.0, {"anger": 0.95}, context), ANGRY) == math.inf


@pytest.mark.parametrize("blink_ms", [0.0, 400.0, 1000.0])
def test_a_blink_freezes_what_is_believed_and_eyes_kept_shut_do_not(blink_ms: float) -> None:
    stage = Stage(with_timing("anger", dwell_ms=0).model_copy(update={"blink_ms": blink_ms}))
    stage.run(2.0, {"happiness": 0.9})
    before = stage.machine.step(stage.sample, REST, round(stage.t_s * 1e9)).probs
    shut = replace(REST, lids_shut=True)
    states = stage.run(blink_ms / 1000 + 2.0, {"anger": 0.95}, shut)
    for t, state in states:
        if t <= blink_ms / 1000 - 0.01:
            np.testing.assert_array_equal(state.probs, before)
    assert blink_ms / 1000 < shown_at(states, ANGRY) < blink_ms / 1000 + 1.0


def test_while_held_nothing_moves() -> None:
    stage = Stage()
    stage.run(0.5, {"happiness": 0.9})
    before = stage.run(1 / FPS, {"happiness": 0.9})[0][1]
    held = replace(REST, status=Status.HELD)
    for _, state in stage.run(0.3, {"anger": 0.9}, held):
        np.testing.assert_array_equal(state.weights, before.weights)
        assert state.shown == before.shown
    after = stage.run(1 / FPS, {"happiness": 0.9})[0][1]
    assert abs(float(after.weights[HAPPY] - before.weights[HAPPY])) < 0.12


@pytest.mark.parametrize("name", EMOTIONS[1:])
def test_a_lost_face_has_no_emotion_within_a_second(name: str) -> None:
    stage = Stage()
    stage.run(1.5, {name: 0.95})
    assert stage.run(1 / FPS, {name: 0.95})[0][1].shown == EMOTION_INDEX[name]
    states = stage.run(1.0, {name: 0.95}, replace(REST, status=Status.LOST))
    assert states[0][1].shown == 0
    assert (states[-1][1].weights == 0.0).all()


# --- for any input --------------------------------------------------------------------------

sequences = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.floats(0, 1),
        st.floats(1, 700),
        st.booleans(),
        st.sampled_from(list(Status)),
    ),
    min_size=5,
    max_size=60,
)
timings = st.builds(
    EmotionTiming,
    enter=st.floats(0.5, 0.9),
    exit=st.floats(0, 0.49),
    margin=st.floats(0, 0.3),
    dwell_ms=st.sampled_from([0.0, 100.0, 1000.0]),
    attack_ms=st.sampled_from([0.0, 200.0]),
    release_ms=st.sampled_from([0.0, 500.0]),
    min_hold_ms=st.sampled_from([0.0, 500.0]),
    max_hold_ms=st.sampled_from([0.0, 1.0, 800.0]),
    cap=st.floats(0, 1),
)


@given(steps=sequences, timing=timings)
def test_weights_stay_in_bounds_and_neutral_has_none(
    steps: list[tuple[int, float, float, bool, Status]], timing: EmotionTiming
) -> None:
    config = EmotionConfig(timing=dict.fromkeys(EMOTIONS[1:], timing), cooldown_ms=0)
    machine = EmotionMachine(config)
    t_ns = 0
    for which, sure, dt_ms, speaking, status in steps:
        sample = make_emotion(t_ns, **{EMOTIONS[which]: sure})
        context = replace(REST, speaking=speaking, status=status)
        state = machine.step(sample, context, t_ns)
        assert float(state.weights[0]) == 0.0
        assert (state.weights >= 0).all()
        assert (state.weights <= timing.cap + 1e-6).all()
        assert np.isfinite(state.probs).all()
        assert float(state.probs.sum()) == pytest.approx(1, abs=1e-4)
        assert not ((state.weights > 0) & (state.weights < 1e-6)).any()
        t_ns += round(dt_ms * MS)


@given(steps=sequences, shift=st.integers(0, 10**15))
def test_the_clocks_zero_does_not_matter(
    steps: list[tuple[int, float, float, bool, Status]], shift: int
) -> None:
    here, there = EmotionMachine(EmotionConfig()), EmotionMachine(EmotionConfig())
    t_ns = 0
    for which, sure, dt_ms, speaking, status in steps:
        context = replace(REST, speaking=speaking, status=status)
        feeling = {EMOTIONS[which]: sure}
        a = here.step(make_emotion(t_ns, **feeling), context, t_ns)
        b = there.step(make_emotion(t_ns + shift, **feeling), context, t_ns + shift)
        np.testing.assert_array_equal(a.weights, b.weights)
        assert a.shown == b.shown
        t_ns += round(dt_ms * MS)


@given(steps=sequences)
def test_adopting_is_seamless_and_reset_equals_fresh(
    steps: list[tuple[int, float, float, bool, Status]],
) -> None:
    straight, fresh = EmotionMachine(EmotionConfig()), EmotionMachine(EmotionConfig())
    used = EmotionMachine(EmotionConfig())
    used.step(make_emotion(5, happiness=0.9), REST, 5)
    used.step(make_emotion(10**9, happiness=0.9), REST, 10**9)
    used.reset()
    handed = EmotionMachine(EmotionConfig())
    t_ns = 0
    for which, sure, dt_ms, speaking, status in steps:
        context = replace(REST, speaking=speaking, status=status)
        sample = make_emotion(t_ns, **{EMOTIONS[which]: sure})
        heir = EmotionMachine(EmotionConfig())
        heir.adopt(handed)
        handed = heir
        states = [m.step(sample, context, t_ns) for m in (straight, fresh, used, handed)]
        for other in states[1:]:
            np.testing.assert_array_equal(states[0].weights, other.weights)
            assert states[0].shown == other.shown
        t_ns += round(dt_ms * MS)


def test_easing_is_the_same_at_any_tick_rate() -> None:
    """Probabilities held constant: then only the easing depends on ticks, and it is exact."""
    results = []
    for fps in (30, 60, 144):
        machine = EmotionMachine(EmotionConfig())
        sample_ns, state = 0, None
        for i in range(fps * 2 + 1):
            t_ns = round(i * 1e9 / fps)
            while sample_ns + 100 * MS <= t_ns:
                sample_ns += 100 * MS
            state = machine.step(make_emotion(sample_ns, happiness=0.8), REST, t_ns)
        assert state is not None
        results.append(float(state.weights[HAPPY]))
    assert max(results) - min(results) < 0.005


def test_a_tick_repeated_at_the_same_time_changes_nothing() -> None:
    stage = Stage()
    stage.run(0.6, {"happiness": 0.9})
    sample = stage.sample
    t_ns = round(0.6e9)
    first = stage.machine.step(sample, REST, t_ns)
    again = stage.machine.step(sample, REST, t_ns)
    np.testing.assert_array_equal(first.weights, again.weights)


def test_probabilities_handed_out_are_read_only() -> None:
    state = EmotionMachine(EmotionConfig()).step(Emotion(0, frozen(np.eye(8)[1])), REST, 0)
    assert not state.probs.flags.writeable
    assert not state.weights.flags.writeable
