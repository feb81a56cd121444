"""No parameter jumps when the face comes back."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.core.blend import Mask
from vtdrive.types import F32, RigSchema

__all__ = ["CatchUp"]

_FULL_SWING: Final = 1.5
"""A full swing takes this many times the blend. The blend bounds the state only: a mapping may make
a steep ramp of it."""
_ALERT: Final = 2.0
"""The limit stays for this many blends more: a face just found is measured badly at first."""
_HANDED_OVER: Final = frozenset({"blink", "blinkLeft", "blinkRight"})
"""The merge policy hands over between these in one frame: a limit would show both."""


class CatchUp:
    """Limits the speed of one profile's parameters from a return until each has caught up, and for
    a moment longer."""

    def __init__(self, schema: RigSchema) -> None:
        self._names = schema.names
        self._span = np.array([param.hi - param.lo for param in schema.params], np.float32)
        self._limited = np.array([name not in _HANDED_OVER for name in schema.names], bool)
        self._behind: Mask | None = None
        self._late: Mask = np.zeros(len(schema.params), bool)
        self._shown: F32 | None = None
        self._return_ms = 1.0
        self._alert_ms = 0.0

    def adopt(self, other: CatchUp) -> None:
        """Go on from another's state, if that is about the same parameters."""
        if self._names == other._names:
            self._behind, self._shown, self._late = other._behind, other._shown, other._late
            self._return_ms, self._alert_ms = other._return_ms, other._alert_ms

    @property
    def running(self) -> bool:
        """Whether it limits anything since the last return."""
        return self._behind is not None

    def step(
        self, params: F32, *, return_ms: float | None, dt_s: float, returned: Mask | None = None
    ) -> F32:
        """(P,) what to show of `params`. `return_ms`: length of the blend, while one runs.

        `returned` (P,) are those that the returned face moves, all by default; the others are
        limited only as long as they are late.
        """
        if return_ms is not None:
            self._behind, self._return_ms = self._limited, max(return_ms, 1e-3)
            self._alert_ms = _ALERT * return_ms
        else:
            self._alert_ms -= 1e3 * dt_s
        if self._behind is not None and self._shown is not None:
            most = self._span * np.float32(dt_s / (_FULL_SWING * 1e-3 * self._return_ms))
            way = params - self._shown
            moved = self._behind if returned is None else self._behind & (returned | self._late)
            self._late = behind = moved & (np.abs(way) > most)
            params = np.where(behind, self._shown + np.clip(way, -most, most), params)
            if self._alert_ms <= 0:
                self._behind = behind if behind.any() else None
        self._shown = params
        return params
