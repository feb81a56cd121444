"""How far a deformer goes: a parameter's value, or a polyline of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vtdrive.core.mapping import along

__all__ = ["Amount", "amount_of", "spot"]


class Amount(NamedTuple):
    """Reads one number out of the parameters."""

    at: int
    """The parameter's place."""
    points: tuple[tuple[float, float], ...]

    def __call__(self, params: Sequence[float]) -> float:
        value = params[self.at]
        return along(self.points, value) if self.points else value


def amount_of(by: str, points: Sequence[tuple[float, float]], index: Mapping[str, int]) -> Amount:
    """The amount that a deformer's `by` and `points` describe; KeyError for an unknown name."""
    return Amount(index[by], tuple((x, y) for x, y in points))


def spot(values: Sequence[float], x: float) -> tuple[int, float]:
    """Between which two of rising `values` (two or more) `x` lies: the number of the lower one, and
    0 there to 1 at the next. Level beyond their ends."""
    right = min(max(bisect_right(values, x), 1), len(values) - 1)
    low, high = values[right - 1], values[right]
    return right - 1, min(1.0, max(0.0, (x - low) / (high - low)))
