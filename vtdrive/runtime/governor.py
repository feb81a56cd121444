"""When the CPU is short, emotion slows down first, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["Governor"]

_WINDOW_NS: Final = 1_000_000_000
_LOST_SHARE: Final = 0.05
_CALM_WINDOWS: Final = 5
_SLOWEST_HZ: Final = 1.0


class Governor:
    """Sets the emotion rate from how many frames the tracker had to skip.

    Over 5 % skipped within a second halves the rate, down to 1 Hz; five seconds without trouble
    raise it again by half. Tracking itself needs no governor: the newest-wins slot already drops
    what there is no time for, which costs rate and never latency.
    """

    def __init__(self, rate_hz: float, on_change: Callable[[str], None]) -> None:
        self._full_hz = rate_hz
        self.rate_hz = rate_hz
        self._on_change = on_change
        self._start_ns: int | None = None
        self._taken = 0
        self._lost_before = 0
        self._calm = 0

    def set_full(self, rate_hz: float) -> None:
        """The configured rate changed."""
        self.rate_hz = min(rate_hz, self.rate_hz) if self.rate_hz < self._full_hz else rate_hz
        self._full_hz = rate_hz

    def note(self, *, dropped: int, t_ns: int) -> None:
        """One frame was taken; `dropped` is the running total of those that were not."""
        if self._start_ns is None:
            self._start_ns, self._lost_before = t_ns, dropped
        self._taken += 1
        if t_ns - self._start_ns < _WINDOW_NS:
            return
        lost = dropped - self._lost_before
        self._judge(lost / max(1, lost + self._taken))
        self._start_ns, self._taken, self._lost_before = t_ns, 0, dropped

    def _judge(self, lost_share: float) -> None:
        if lost_share > _LOST_SHARE:
            self._calm = 0
            self._set(max(_SLOWEST_HZ, self.rate_hz / 2))
            return
        self._calm += 1
        if self._calm >= _CALM_WINDOWS and self.rate_hz < self._full_hz:
            self._calm = 0
            self._set(min(self._full_hz, self.rate_hz * 1.5))

    def _set(self, rate_hz: float) -> None:
        if rate_hz == self.rate_hz:
            return
        slower = rate_hz < self.rate_hz
        self.rate_hz = rate_hz
        why = "the CPU is short" if slower else "there is room again"
        self._on_change(f"{why}: emotion runs at {rate_hz:.3g} Hz of {self._full_hz:.3g}")
