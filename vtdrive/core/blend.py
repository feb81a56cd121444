"""Values that change hands without a jump. Closed forms of time alone: 30 fps equals 60."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.spaces import IDENTITY, quat_slerp
from vtdrive.types import F32

__all__ = ["I64", "LaneBlend", "Mask", "TurnBlend"]

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LONG_AGO: Final = -(1 << 61)


class LaneBlend:
    """(D,) lanes, each with an owner. Where the owner changes, the lane goes from what was shown
    to what the new owner says within `ease_ms`, and with the owner's motion from then on.

    No lane moves faster than 1.5 times its way in `ease_ms`, beside what its owner does.
    """

    def __init__(self, start: F32, *, ease_ms: float, quick_ms: float | None = None) -> None:
        """`start` (D,) is what is shown at first, and belongs to owner 0. `quick_ms` is the ease
        for owners that cannot wait."""
        self._usual_ns = max(ease_ms, 1e-3) * 1e6
        self._quick_ns = self._usual_ns if quick_ms is None else max(quick_ms, 1e-3) * 1e6
        self._ease_ns = np.full(len(start), self._usual_ns)
        self._from = self._shown = start.astype(np.float32)
        self._owner: I64 = np.zeros(len(start), np.int64)
        self._since_ns: I64 = np.full(len(start), _LONG_AGO, np.int64)

    def adopt(self, other: LaneBlend) -> None:
        """Go on from another's state."""
        self._from, self._shown, self._ease_ns = other._from, other._shown, other._ease_ns
        self._owner, self._since_ns = other._owner, other._since_ns

    def step(self, target: F32, owner: I64, t_ns: int, *, quick: Mask | None = None) -> F32:
        """(D,) what to show at `t_ns` of what the owners say; `quick` (D,) are lanes whose owners
        cannot wait."""
        changed = owner != self._owner
        if changed.any():
            ease = np.full(len(target), self._usual_ns)
            if quick is not None:
                ease[quick] = self._quick_ns
            self._ease_ns = np.where(changed, ease, self._ease_ns)
            self._from = np.where(changed, self._shown, self._from)
            self._since_ns = np.where(changed, np.int64(t_ns), self._since_ns)
            self._owner = owner
        share = (np.int64(t_ns) - self._since_ns) / self._ease_ns
        if share.min() >= 1.0:
            self._shown = target
        else:
            eased = share * share * (3.0 - 2.0 * share)
            between = self._from + eased.astype(np.float32) * (target - self._from)
            self._shown = np.where(share < 1.0, between, target).astype(np.float32)
        return self._shown


class TurnBlend:
    """The same for one rotation, along the shorter arc. xyzw in and out."""

    def __init__(self, *, ease_ms: float) -> None:
        self._ease_ns = max(ease_ms, 1e-3) * 1e6
        self._from = self._shown = IDENTITY
        self._owner = 0
        self._since_ns = _LONG_AGO

    def adopt(self, other: TurnBlend) -> None:
        """Go on from another's state."""
        self._from, self._shown = other._from, other._shown
        self._owner, self._since_ns = other._owner, other._since_ns

    def step(self, target: F32, owner: int, t_ns: int) -> F32:
        """(4,) what to show at `t_ns` of what the owner says."""
        if owner != self._owner:
            self._owner, self._from, self._since_ns = owner, self._shown, t_ns
        share = (t_ns - self._since_ns) / self._ease_ns
        if share >= 1.0:
            self._shown = target
        else:
            eased = share * share * (3.0 - 2.0 * share)
            self._shown = quat_slerp(self._from, target, eased).astype(np.float32)
        return self._shown
