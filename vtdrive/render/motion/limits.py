"""Ranges of parameters: how limits are neared, and what share of its range a value is."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Limits"]

F64 = npt.NDArray[np.float64]
_KNEE: Final = 0.8
"""Share of the range from which on a soft limit is felt."""


class Limits:
    """Of (P,) parameters."""

    def __init__(self, *, lo: F64, hi: F64, neutral: F64, soft: npt.NDArray[np.bool_]) -> None:
        """`soft`: neared more and more slowly, instead of being run into."""
        self.lo, self.hi, self.neutral, self.soft = lo, hi, neutral, soft
        up, down = hi - neutral, neutral - lo
        self._per_up = 1.0 / np.where(up > 0.0, up, 1.0)
        self._per_down = 1.0 / np.where(down > 0.0, down, 1.0)
        self._soft_hi = np.where(soft, neutral + _KNEE * up, np.inf)
        self._soft_lo = np.where(soft, neutral - _KNEE * down, -np.inf)

    def of(self, at: npt.NDArray[np.intp]) -> Limits:
        """Those of some parameters."""
        return Limits(lo=self.lo[at], hi=self.hi[at], neutral=self.neutral[at], soft=self.soft[at])

    def held(self, values: F64) -> F64:
        """(P,) within their limits; neutral stays neutral."""
        over = (values > self._soft_hi) | (values < self._soft_lo)
        if over.any():
            share = np.abs(self.shares(values))
            eased = _KNEE + (1.0 - _KNEE) * np.tanh((share - _KNEE) / (1.0 - _KNEE))
            bent = self.neutral + (values - self.neutral) * eased / np.where(over, share, 1.0)
            values = np.where(over, bent, values)
        within: F64 = np.minimum(np.maximum(values, self.lo), self.hi)
        return within

    def shares(self, values: F64) -> F64:
        """(P,) 0 at neutral, 1 at the upper limit, -1 at the lower one."""
        away = values - self.neutral
        share: F64 = away * np.where(away >= 0.0, self._per_up, self._per_down)
        return share
