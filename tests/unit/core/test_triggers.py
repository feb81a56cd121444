"""`core.triggers`: conditions begin and end on time, whatever the frame rate."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from vtdrive.config.triggers import EmotionName, When
from vtdrive.core.triggers import Edge, Trigger, Triggers
from vtdrive.types import EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, SHAPE_INDEX

Event = tuple[float, Edge]
NOW: dict[str, Any] = {"hold_ms": 0, "debounce_ms": 0, "min_on_ms": 0}


def face(
    *,
    status: Status = Status.LIVE,
    emotion: str = "neutral",
    strength: float = 0.0,
    **shapes: float,
) -> FaceState:
    weights, probs, values = np.zeros(8), np.zeros(8), np.zeros(52)
    weights[EMOTION_INDEX[emotion]] = strength
    probs[EMOTION_INDEX[emotion]] = 1.0
    for name, value in shapes.items():
        values[SHAPE_INDEX[name]] = value
    shown = EMOTION_INDEX[emotion]
    return FaceState(
        status=status,
        head_xyzw=frozen((0, 0, 0, 1)),
        head_m=frozen((0, 0, 0)),
        gaze_rad=frozen(np.zeros((2, 2))),
        shapes=frozen(values),
        emotion=EmotionState(frozen(probs), frozen(weights), shown, shown),
        speaking=0.0,
        breath=0.0,
    )


def events(
    when: When,
    at: Callable[[float], FaceState],
    seconds: float,
    *,
    fps: float = 30,
    start: float = 0,
) -> list[Event]:
    """What happens, and when, in seconds after the first frame."""
    trigger = Trigger(when)
    found = []
    for i in range(round(seconds * fps) + 1):
        t_ns = round(start * 1e9) + round(i / fps * 1e9)
        edge = trigger.step(at(i / fps), t_ns)
        if edge is not None:
            found.append((i / fps, edge))
    return found


def smiling(start: float, end: float) -> Callable[[float], FaceState]:
    return lambda t: face(emotion="happiness" if start <= t < end else "neutral")


def test_the_emotions_of_the_schema_are_the_vocabulary() -> None:
    assert get_args(EmotionName) == EMOTIONS


@pytest.mark.parametrize("fps", [15, 24, 30, 60, 144])
def test_it_begins_after_the_hold_and_ends_after_the_debounce(fps: float) -> None:
    when = When(emotion="happiness", hold_ms=300, debounce_ms=200, min_on_ms=0)
    (began, first), (ended, second) = events(when, smiling(1, 2), 3, fps=fps)
    assert (first, second) == ("enter", "leave")
    assert 1.3 - 1e-9 <= began <= 1.3 + 1 / fps + 1e-6 + 1 / fps
    assert 2.2 - 1e-9 <= ended <= 2.2 + 2 / fps + 1e-6


def test_what_does_not_last_is_no_event() -> None:
    when = When(emotion="happiness", hold_ms=300)
    assert events(when, smiling(1, 1.25), 3) == []


def test_a_gap_shorter_than_the_debounce_does_not_count() -> None:
    when = When(emotion="happiness", hold_ms=0, min_on_ms=0, debounce_ms=200)

    def at(t: float) -> FaceState:
        return face(emotion="neutral" if t < 0.5 or 1.0 <= t < 1.15 or t > 2 else "happiness")

    assert [edge for _, edge in events(when, at, 3)] == ["enter", "leave"]


def test_once_begun_it_lasts() -> None:
    when = When(emotion="happiness", hold_ms=0, debounce_ms=0, min_on_ms=800)
    (began, _), (ended, _) = events(when, smiling(1, 1.1), 3)
    assert ended - began == pytest.approx(0.8, abs=0.04)


def test_a_cooldown_spaces_events_out() -> None:
    when = When(emotion="happiness", **NOW, cooldown_ms=1000)

    def at(t: float) -> FaceState:
        return face(emotion="happiness" if math.floor(t * 4) % 2 else "neutral")

    found = events(when, at, 6)
    ends = [t for t, edge in found if edge == "leave"]
    begins = [t for t, edge in found if edge == "enter"]
    assert len(begins) > 2
    assert all(b - a >= 1.0 - 1e-6 for a, b in zip(ends, begins[1:], strict=False))


def test_a_signal_has_hysteresis() -> None:
    when = When(signal="mouthSmile", above=0.5, hysteresis=0.2, **NOW)

    def at(t: float) -> FaceState:
        level = {0: 0.45, 1: 0.55, 2: 0.35, 3: 0.25}[int(t)]
        return face(mouthSmileLeft=level, mouthSmileRight=level)

    assert [(int(t), edge) for t, edge in events(when, at, 3.9)] == [(1, "enter"), (3, "leave")]


def test_a_signal_without_its_side_is_the_mean_and_one_with_it_is_its_own() -> None:
    wink = face(eyeBlinkLeft=1.0)
    left, right, both = (
        Trigger(When(signal=name, above=0.6, **NOW))
        for name in ("eyeBlinkLeft", "eyeBlinkRight", "eyeBlink")
    )
    assert [each.step(wink, 0) for each in (left, right, both)] == ["enter", None, None]


def test_below_works_the_other_way_round() -> None:
    when = When(signal="head.yaw_deg", below=-20, **NOW)

    def at(t: float) -> FaceState:
        half = math.radians({0: 0, 1: -25, 2: -18, 3: -16}[int(t)]) / 2
        turn = frozen((0, math.sin(half), 0, math.cos(half)))
        return dataclasses.replace(face(), head_xyzw=turn)

    assert [(int(t), edge) for t, edge in events(when, at, 3.9)] == [(1, "enter"), (3, "leave")]


def test_an_emotions_strength_may_have_a_threshold() -> None:
    when = When(emotion="anger", above=0.5, **NOW)
    trigger = Trigger(when)
    assert trigger.step(face(emotion="anger", strength=0.4), 0) is None
    assert trigger.step(face(emotion="anger", strength=0.5), 1) == "enter"
    assert trigger.step(face(emotion="anger", strength=0.45), 2) is None
    assert trigger.step(face(emotion="anger", strength=0.3), 3) == "leave"


def test_a_face_is_lost_and_found() -> None:
    def at(t: float) -> FaceState:
        return face(status=Status.LIVE if t < 1 else Status.HELD if t < 2 else Status.LOST)

    lost = events(When(face="lost", **NOW), at, 3)
    found = events(When(face="found", **NOW), at, 3)
    assert [(round(t), edge) for t, edge in lost] == [(2, "enter")]
    assert [(round(t), edge) for t, edge in found] == [(0, "enter"), (2, "leave")]


@pytest.mark.parametrize(
    "when",
    [
        When(emotion="neutral", **NOW),
        When(signal="jawOpen", below=0.1, **NOW),
        When(signal="head.pitch_deg", below=10, **NOW),
    ],
)
def test_nothing_holds_of_a_face_that_is_not_there(when: When) -> None:
    assert events(when, lambda t: face(status=Status.LOST), 2) == []
    gone = events(when, lambda t: face(status=Status.LIVE if t < 1 else Status.LOST), 2)
    assert [edge for _, edge in gone] == ["enter", "leave"]


def test_while_the_face_is_held_nothing_changes() -> None:
    when = When(signal="jawOpen", above=0.5, **NOW)

    def at(t: float) -> FaceState:
        status = Status.LIVE if t < 1 or t >= 2 else Status.HELD
        return face(status=status, jawOpen=0.8 if t < 0.5 or 1.2 < t < 1.8 else 0.0)

    assert [(round(t, 1), e) for t, e in events(when, at, 3)] == [(0.0, "enter"), (0.5, "leave")]


def test_what_is_no_number_changes_nothing() -> None:
    trigger = Trigger(When(signal="jawOpen", above=0.5, **NOW))
    assert trigger.step(face(jawOpen=0.8), 0) == "enter"
    assert trigger.step(face(jawOpen=float("nan")), 10**9) is None
    assert trigger.on


def test_time_that_stands_still_or_runs_back_does_not_pass() -> None:
    trigger = Trigger(When(emotion="happiness", hold_ms=100))
    happy = face(emotion="happiness")
    for t_ns in (5 * 10**9, 5 * 10**9, 0, 0, 50_000_000):
        assert trigger.step(happy, t_ns) is None
    assert trigger.step(happy, 100_000_000) == "enter"


def test_another_one_goes_on_where_the_first_stood() -> None:
    old = Trigger(When(emotion="happiness", **NOW))
    old.step(face(emotion="happiness"), 0)
    new = Trigger(When(emotion="happiness", hold_ms=900))
    new.adopt(old)
    assert new.on
    assert new.step(face(emotion="happiness"), 10**9) is None
    assert new.step(face(), 2 * 10**9) is None
    assert new.step(face(), 3 * 10**9) == "leave"


def test_reset_equals_fresh() -> None:
    used, fresh = (Trigger(When(emotion="happiness", hold_ms=100)) for _ in range(2))
    for t in range(20):
        used.step(face(emotion="happiness" if t % 7 else "neutral"), t * 10**8)
    used.reset()
    for t in range(30):
        state = face(emotion="happiness" if t % 11 > 2 else "neutral")
        assert used.step(state, t * 70_000_000) == fresh.step(state, t * 70_000_000)


@st.composite
def timings(draw: st.DrawFn) -> dict[str, Any]:
    span = st.integers(0, 8).map(lambda n: n * 100.0)
    return {key: draw(span) for key in ("hold_ms", "debounce_ms", "min_on_ms", "cooldown_ms")}


Pattern = list[tuple[bool, int]]
patterns = st.lists(st.tuples(st.booleans(), st.integers(1, 20)), min_size=1, max_size=12)


def played(pattern: Pattern) -> Callable[[float], FaceState]:
    """Runs of tenths of a second, smiling or not, then a long rest."""
    flat = [on for on, tenths in pattern for _ in range(tenths)]

    def at(t: float) -> FaceState:
        i = math.floor(t * 10 + 1e-6)
        return face(emotion="happiness" if i < len(flat) and flat[i] else "neutral")

    return at


@settings(max_examples=60, deadline=None)
@given(timing=timings(), pattern=patterns, fps=st.sampled_from([20.0, 30.0, 60.0, 100.0]))
def test_the_promises_of_every_timing(timing: dict[str, Any], pattern: Pattern, fps: float) -> None:
    found = events(When(emotion="happiness", **timing), played(pattern), 26, fps=fps)
    assert [edge for _, edge in found] == ["enter", "leave"] * (len(found) // 2)
    for (a, edge), (b, _) in pairwise(found):
        least = timing["min_on_ms"] if edge == "enter" else timing["cooldown_ms"]
        assert b - a >= least / 1000 - 1e-6
    if found:
        assert found[0][0] >= timing["hold_ms"] / 1000 - 1e-6


@settings(max_examples=60, deadline=None)
@given(timing=timings(), pattern=patterns)
def test_thirty_frames_a_second_give_the_events_of_sixty(
    timing: dict[str, Any], pattern: Pattern
) -> None:
    # Off the grid on which the smile changes, else the last digit of a time decides. A cooldown
    # that ends in the last frame of a smile is a matter of the frame rate: not here.
    odd: dict[str, Any] = {key: timing[key] + 41.0 for key in ("hold_ms", "debounce_ms")}
    when = When(emotion="happiness", **odd, min_on_ms=0)
    slow, fast = (events(when, played(pattern), 26, fps=fps) for fps in (30.0, 60.0))
    assert [edge for _, edge in slow] == [edge for _, edge in fast]
    for (a, _), (b, _) in zip(slow, fast, strict=True):
        assert abs(a - b) <= 3 / 30


@settings(max_examples=30, deadline=None)
@given(timing=timings(), pattern=patterns, start=st.integers(0, 10**6))
def test_it_does_not_matter_when_the_clock_began(
    timing: dict[str, Any], pattern: Pattern, start: int
) -> None:
    when = When(emotion="happiness", **timing)
    assert events(when, played(pattern), 26) == events(when, played(pattern), 26, start=start)


def test_several_are_told_by_place_ends_first() -> None:
    triggers = Triggers([When(emotion="happiness", **NOW), When(emotion="anger", **NOW)])
    assert triggers.step(face(emotion="anger"), 0) == [(1, "enter")]
    assert triggers.step(face(emotion="happiness"), 1) == [(1, "leave"), (0, "enter")]
    assert triggers.step(face(emotion="happiness"), 2) == []
    assert Triggers([]).step(face(), 0) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "none is given"),
        ({"emotion": "anger", "face": "lost"}, "not emotion and face"),
        ({"signal": "jawOpen"}, "needs above or below"),
        ({"signal": "jawOpen", "above": 0.5, "below": 0.2}, "needs above or below"),
        ({"signal": "jawOpen", "above": 40.0}, "at most 1"),
        ({"signal": "jawOpen", "below": 1.0}, "less than 1"),
        ({"signal": "jawOpen", "above": 0.1, "hysteresis": 0.1}, "never ends"),
        ({"signal": "jawOpen", "below": 0.9, "hysteresis": 0.2}, "never ends"),
        ({"emotion": "anger", "below": 0.5}, "use above"),
        ({"emotion": "neutral", "above": 0.5}, "no strength"),
        ({"emotion": "anger", "hysteresis": 0.2}, "needs a threshold"),
        ({"face": "lost", "above": 0.2}, "means nothing for face"),
        ({"emotion": "joy"}, "Input should be"),
    ],
)
def test_conditions_that_cannot_be_meant_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        When(**keys)


def test_a_small_threshold_still_ends() -> None:
    assert When(signal="jawOpen", above=0.05).end == pytest.approx(0.025)
    assert When(signal="jawOpen", below=0.95).end == pytest.approx(0.975)
    assert When(signal="head.yaw_deg", above=20).end == pytest.approx(17)
    assert When(face="lost").end == 0.0


def test_a_signal_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no signal 'jawOpn'"):
        Trigger(When(signal="jawOpn", above=0.5))
