"""Conditions on the face as events: when one begins, and when it ends.

Everything is measured in time, never in frames, so 30 frames a second give the events of 60.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal

from vtdrive.config.triggers import When
from vtdrive.core.signals import SIGNAL_INDEX, signal_vector, unsided
from vtdrive.types import F32, FaceState, Status
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["Edge", "Trigger", "Triggers"]

Edge = Literal["enter", "leave"]

_MS: Final = 1_000_000


class Trigger:
    """One condition. It begins off; `enter` and `leave` take turns.

    Without a face (LOST) nothing but `face` and the signal `live` holds: a mouth that is not seen
    is not shut. While the last state is HELD, everything stays as it was. What is not a number
    changes nothing, and time that stands still or runs back does not pass.
    """

    def __init__(self, when: When) -> None:
        """Raises ValueError for a signal that does not exist."""
        self.when = when
        self._level = _level_of(when)
        self.reset()

    def reset(self) -> None:
        """Forget everything: off, and free to begin."""
        self.on = False
        self._met = False
        self._now_ns = 0
        self._t_ns: int | None = None
        self._since_ns = 0
        self._changed_ns: int | None = None

    def adopt(self, other: Trigger) -> None:
        """Go on where another one stands, with these times and thresholds."""
        self.on, self._met = other.on, other._met
        self._now_ns, self._t_ns = other._now_ns, other._t_ns
        self._since_ns, self._changed_ns = other._since_ns, other._changed_ns

    def step(self, state: FaceState, t_ns: int, *, signals: F32 | None = None) -> Edge | None:
        """What happened with this frame. `signals`: `signal_vector` of it, where it is known."""
        first = self._t_ns is None
        self._now_ns += 0 if self._t_ns is None else max(0, t_ns - self._t_ns)
        self._t_ns = t_ns
        met = self._holds(state, signals)
        if met is not self._met or first:
            self._met, self._since_ns = met, self._now_ns
        if met is self.on:
            return None
        wait_ms = self.when.hold_ms if met else self.when.debounce_ms
        stay_ms = self.when.cooldown_ms if met else self.when.min_on_ms
        if not self._past(self._since_ns, wait_ms) or not self._past(self._changed_ns, stay_ms):
            return None
        self.on, self._changed_ns = met, self._now_ns
        return "enter" if met else "leave"

    def _past(self, since_ns: int | None, span_ms: float) -> bool:
        return since_ns is None or self._now_ns - since_ns >= span_ms * _MS

    def _holds(self, state: FaceState, signals: F32 | None) -> bool:
        """Whether the condition is met now, with hysteresis but without any waiting."""
        when = self.when
        if when.face is not None:
            if state.status is Status.HELD:
                return self._met
            return (state.status is Status.LOST) == (when.face == "lost")
        if state.status is Status.LOST and when.signal != "live":
            return False
        if state.status is Status.HELD and when.signal != "live":
            return self._met
        value = self._level(state, signals)
        if math.isnan(value):
            return self._met
        if when.below is not None:
            return value < when.end if self._met else value <= when.below
        if when.above is None:
            return value > 0.0
        return value > when.end if self._met else value >= when.above


class Triggers:
    """Several conditions, looked at together."""

    def __init__(self, whens: Sequence[When]) -> None:
        """Raises ValueError for a signal that does not exist."""
        self.all = tuple(Trigger(when) for when in whens)
        self._wanted = any(when.signal is not None for when in whens)

    def step(self, state: FaceState, t_ns: int) -> list[tuple[int, Edge]]:
        """What began and what ended with this frame, by place in the list; ends come first, so
        that where one condition follows another the new one has the last word."""
        if not self.all:
            return []
        signals = signal_vector(state, weights=state.emotion.weights) if self._wanted else None
        edges = [(i, each.step(state, t_ns, signals=signals)) for i, each in enumerate(self.all)]
        found = [(i, edge) for i, edge in edges if edge is not None]
        return sorted(found, key=lambda pair: pair[1] == "enter")


def _level_of(when: When) -> Callable[[FaceState, F32 | None], float]:
    """What a condition compares, as a function of a frame."""
    if when.emotion is not None:
        index = EMOTION_INDEX[when.emotion]
        if when.above is None:
            return lambda state, _: float(state.emotion.shown == index)
        return lambda state, _: float(state.emotion.weights[index])
    if when.signal is None:
        return lambda state, _: 0.0
    names = (when.signal,) if when.signal in SIGNAL_INDEX else unsided(when.signal)
    if names is None:
        raise ValueError(f"there is no signal {when.signal!r}")
    places = [SIGNAL_INDEX[name] for name in names]

    def mean(state: FaceState, signals: F32 | None) -> float:
        if signals is None:
            signals = signal_vector(state, weights=state.emotion.weights)
        return sum(float(signals[place]) for place in places) / len(places)

    return mean
