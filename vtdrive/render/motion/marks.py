"""Drawn marks - tear, vein, sweat drop - which are there or not, and lids that smile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["MOST", "LidSmile", "Marks"]

F64 = npt.NDArray[np.float64]
MOST: Final = 1.15
"""How large a mark gets as it pops in."""
_SHOWN: Final = 0.5
_HIDDEN: Final = 0.35
_STRONGER: Final = 0.15
"""By so much another large mark must lead to take the place of the one that is seen."""
_POP_S: Final = 0.18
_RISE: Final = 0.6
"""Share of the pop after which a mark is largest."""
_FADE_S: Final = 0.25
_SHUT: Final = 0.35
_CROSS_S: Final = 0.05


class _Mark:
    """One mark: how large it is, as a function of the time since it was called or sent away."""

    def __init__(self) -> None:
        self.on = False
        self.size = 0.0
        self._from = 0.0
        self._age_s = 1e9

    def adopt(self, other: _Mark) -> None:
        self.on, self.size = other.on, other.size
        self._from, self._age_s = other._from, other._age_s

    def step(self, on: bool, dt_s: float, late_s: float) -> None:
        """`late_s`: how long ago `on` came to be what it is, where it changes."""
        if on != self.on:
            self.on, self._from, self._age_s = on, self.size, late_s
        else:
            self._age_s += dt_s
        if on:
            x = min(1.0, self._age_s / _POP_S)
            self.size = min(MOST, _pop(x) + self._from * (1.0 - x) ** 2)
        else:
            x = min(1.0, self._age_s / _FADE_S)
            self.size = self._from * (1.0 - x * x * (3.0 - 2.0 * x))


def _pop(x: float) -> float:
    if x < _RISE:
        return MOST * _eased(x / _RISE)
    return MOST + (1.0 - MOST) * _eased((x - _RISE) / (1.0 - _RISE))


def _eased(x: float) -> float:
    return x * x * (3.0 - 2.0 * x)


class Marks:
    """Levels of marks in, sizes out: 0, or 1 with `MOST` on the way there."""

    def __init__(self, large: Sequence[bool]) -> None:
        """`large` (M,): of these at most one is seen at a time."""
        self._marks = [_Mark() for _ in large]
        self._large = [i for i, is_large in enumerate(large) if is_large]
        self._levels = [0.0] * len(large)
        self._chosen = -1

    def adopt(self, other: Marks) -> None:
        """Go on from another's state; the marks are the same."""
        for mine, old in zip(self._marks, other._marks, strict=True):
            mine.adopt(old)
        self._levels, self._chosen = list(other._levels), other._chosen

    def step(self, levels: Sequence[float], dt_s: float) -> list[float]:
        """(M,) sizes, `dt_s` after the last step."""
        before, self._levels = self._levels, list(levels)
        if not any(levels) and not any(mark.size for mark in self._marks):
            return [0.0] * len(self._marks)
        called = [
            level > _SHOWN or (mark.on and level > _HIDDEN)
            for level, mark in zip(levels, self._marks, strict=True)
        ]
        self._choose(called)
        for i, mark in enumerate(self._marks):
            on = called[i]
            late_s = _since(before[i], levels[i], _SHOWN if on else _HIDDEN, dt_s)
            if i in self._large:
                others = any(self._marks[j].size > 0.0 for j in self._large if j != i)
                on = i == self._chosen and not (others and not mark.on)
            mark.step(on, dt_s, late_s)
        return [mark.size for mark in self._marks]

    def _choose(self, called: Sequence[bool]) -> None:
        """Which large mark is to be seen; -1: none."""
        best = max(self._large, key=lambda i: self._levels[i] if called[i] else -1.0, default=-1)
        now = self._chosen
        if best < 0 or not called[best]:
            self._chosen = -1
        elif now < 0 or not called[now] or self._levels[best] > self._levels[now] + _STRONGER:
            self._chosen = best


def _since(before: float, now: float, level: float, dt_s: float) -> float:
    """How long ago a value that went evenly from `before` to `now` crossed `level`."""
    way = now - before
    return dt_s * min(1.0, max(0.0, (now - level) / way)) if way else 0.0


class LidSmile:
    """How far two eyes smile. Shut, they are a smile's arc or a blink's bow, never the flat line
    between, which is crossed in less than 60 ms. Open, a smile only lifts the lower lid."""

    def __init__(self) -> None:
        self._arc = np.zeros(2, bool)
        self._shown: F64 | None = None

    def adopt(self, other: LidSmile) -> None:
        """Go on from another's state."""
        self._arc, self._shown = other._arc, other._shown

    def step(self, smile: F64, lids: F64, dt_s: float) -> F64:
        """(2,) of `smile` (2,) with `lids` (2,) open so far."""
        self._arc = smile > np.where(self._arc, 0.45, 0.55)
        goal = np.where(lids < _SHUT, self._arc, smile)
        if self._shown is None:
            self._shown = goal
        else:
            most = dt_s / _CROSS_S
            self._shown = self._shown + np.clip(goal - self._shown, -most, most)
        return self._shown
