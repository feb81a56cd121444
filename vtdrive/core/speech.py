"""Whether the mouth moves like speech: the jaw turns round several times a second."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["SpeechDetector"]

_TURNS: Final = 3
_WINDOW_NS: Final = 1_000_000_000
_SWING: Final = 0.08
_STAYS_NS: Final = 600_000_000
_STIR_NS: Final = 300_000_000
_ROUNDED: Final = 0.15
"""Lips are read less surely than the jaw."""


class SpeechDetector:
    """Counts reversals of jawOpen that swing by more than 0.08 (mapping of 3-8 syllables a second).

    Three within one second mean speech, which then holds for 600 ms. The first word is over by
    then: that the mouth stirs at all is known at once.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._extreme: float | None = None
        self._rising = True
        self._turns: deque[int] = deque()
        self._until_ns: int | None = None
        self._recent: deque[tuple[int, float, float]] = deque()
        self.stirring = False
        """Jaw or lips moved within the last 300 ms, in words or not."""

    def adopt(self, other: SpeechDetector) -> None:
        self._extreme, self._rising = other._extreme, other._rising
        self._turns, self._until_ns = deque(other._turns), other._until_ns
        self._recent, self.stirring = deque(other._recent), other.stirring

    def step(self, jaw_open: float, t_ns: int, *, rounding: float = 0.0) -> bool:
        """True while speaking. `rounding`: how far the lips are pursed, 0 to 1."""
        self.stirring = self._stirs(jaw_open, rounding, t_ns)
        if self._extreme is None:
            self._extreme = jaw_open
        ahead = jaw_open - self._extreme if self._rising else self._extreme - jaw_open
        if ahead > 0:
            self._extreme = jaw_open
        elif -ahead > _SWING:
            self._rising = not self._rising
            self._extreme = jaw_open
            self._turns.append(t_ns)
        while self._turns and t_ns - self._turns[0] > _WINDOW_NS:
            self._turns.popleft()
        if len(self._turns) >= _TURNS:
            self._until_ns = t_ns + _STAYS_NS
        return self._until_ns is not None and t_ns <= self._until_ns

    def _stirs(self, jaw_open: float, rounding: float, t_ns: int) -> bool:
        self._recent.append((t_ns, jaw_open, rounding))
        while t_ns - self._recent[0][0] > _STIR_NS:
            self._recent.popleft()
        jaws = [jaw for _, jaw, _ in self._recent]
        lips = [rounded for _, _, rounded in self._recent]
        return max(jaws) - min(jaws) > _SWING or max(lips) - min(lips) > _ROUNDED
