"""Whether the mouth moves like speech: the jaw turns round several times a second."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["SpeechDetector"]

_TURNS: Final = 3
_WINDOW_NS: Final = 1_000_000_000
_SWING: Final = 0.08
_STAYS_NS: Final = 600_000_000


class SpeechDetector:
    """Counts reversals of jawOpen that swing by more than 0.08 (mapping of 3-8 syllables a second).

    Three within one second mean speech, which then holds for 600 ms.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._extreme: float | None = None
        self._rising = True
        self._turns: deque[int] = deque()
        self._until_ns: int | None = None

    def adopt(self, other: SpeechDetector) -> None:
        self._extreme, self._rising = other._extreme, other._rising
        self._turns, self._until_ns = deque(other._turns), other._until_ns

    def step(self, jaw_open: float, t_ns: int) -> bool:
        """True while speaking."""
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
