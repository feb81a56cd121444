"""Ranges of parameters: how limits are neared, and what share of its range a value is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Limits", "limits_of"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.intp]
_KNEE: Final = 0.8
"""Share of the range from which on a soft limit is felt."""


@dataclass(frozen=True, eq=False)
class Limits:
    """Of (P,) parameters."""

    lo: F64
    hi: F64
    neutral: F64
    soft: npt.NDArray[np.bool_]
    """Neared more and more slowly, instead of being run into."""

    def of(self, at: I64) -> Limits:
        """Those of some parameters."""
        return Limits(self.lo[at], self.hi[at], self.neutral[at], self.soft[at])

    def held(self, values: F64) -> F64:
        """(P,) within their limits; neutral stays neutral."""
        share = np.abs(self.shares(values))
        over = share > _KNEE
        if (over & self.soft).any():
            eased = _KNEE + (1.0 - _KNEE) * np.tanh((share - _KNEE) / (1.0 - _KNEE))
            bent = self.neutral + (values - self.neutral) * eased / np.where(over, share, 1.0)
            values = np.where(self.soft & over, bent, values)
        within: F64 = np.minimum(np.maximum(values, self.lo), self.hi)
        return within

    def shares(self, values: F64) -> F64:
        """(P,) 0 at neutral, 1 at the upper limit, -1 at the lower one."""
        away = values - self.neutral
        span = np.where(away >= 0.0, self.hi - self.neutral, self.neutral - self.lo)
        share: F64 = away / np.where(span > 0.0, span, 1.0)
        return share


def limits_of(ranges: Sequence[tuple[float, float, float]], soft: Sequence[bool]) -> Limits:
    """From (lo, hi, neutral) of each parameter."""
    lo, hi, neutral = (np.array(column, float) for column in zip(*ranges, strict=True))
    return Limits(lo, hi, neutral, np.array(soft, bool))
