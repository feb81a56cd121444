"""Face lost and found again: hold, ease to neutral, blend back. Closed forms of time alone."""

from __future__ import annotations

import math

import numpy as np

from vtdrive.config.filters import Loss
from vtdrive.spaces import quat_slerp
from vtdrive.types import F32, Status
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["Body", "Presence"]

_LIDS = np.array([SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]])
_LIDS_FIRST = 3.0
"""Lids open this much faster than the rest eases: a stuck eyelid looks like a fault."""
_SETTLED = 1e-3


class Body:
    """What eases together: head rotation and position, gaze and shapes."""

    __slots__ = ("gaze_rad", "head_m", "head_xyzw", "shapes")

    def __init__(self, head_xyzw: F32, head_m: F32, gaze_rad: F32, shapes: F32) -> None:
        self.head_xyzw = head_xyzw
        self.head_m = head_m
        self.gaze_rad = gaze_rad
        self.shapes = shapes

    @classmethod
    def neutral(cls) -> Body:
        return cls(
            np.array([0, 0, 0, 1], np.float32),
            np.zeros(3, np.float32),
            np.zeros((2, 2), np.float32),
            np.zeros(52, np.float32),
        )


def _towards(a: Body, b: Body, share: float, lids: float) -> Body:
    """From a (0) to b (1); blinks go by `lids`."""
    k = np.float32(share)
    shapes = a.shapes + k * (b.shapes - a.shapes)
    shapes[_LIDS] = a.shapes[_LIDS] + np.float32(lids) * (b.shapes[_LIDS] - a.shapes[_LIDS])
    return Body(
        quat_slerp(a.head_xyzw, b.head_xyzw, share).astype(np.float32),
        a.head_m + k * (b.head_m - a.head_m),
        a.gaze_rad + k * (b.gaze_rad - a.gaze_rad),
        shapes,
    )


class Presence:
    """Decides the status of a tick and what is shown instead of a missing face."""

    def __init__(self, config: Loss) -> None:
        self._config = config
        self._seen_ns: int | None = None
        self._shown = Body.neutral()
        self._from = Body.neutral()
        self._return_ns: int | None = None
        self._return_ms = 0.0
        self._owed_ms = 0.0
        """What was left of a blend that another loss cut short."""
        self._missing = True
        self._absent_from = 1.0
        self._absent = 1.0

    def adopt(self, other: Presence) -> None:
        self._seen_ns, self._return_ns = other._seen_ns, other._return_ns
        self._return_ms, self._missing = other._return_ms, other._missing
        self._owed_ms = other._owed_ms
        self._shown, self._from = other._shown, other._from
        self._absent, self._absent_from = other._absent, other._absent_from

    @property
    def returning_ms(self) -> float | None:
        """Length of the blend with a returned face, while it runs."""
        return None if self._missing or self._return_ns is None else self._return_ms

    @property
    def absence(self) -> float:
        """0 while live, towards 1 as neutral is reached: how much idle motion shows."""
        return self._absent

    def status(self, *, seen: bool, t_ns: int) -> Status:
        """What a tick at `t_ns` is, before any value is computed."""
        if seen:
            return Status.LIVE
        if self._seen_ns is not None and self._since_ms(t_ns) <= self._config.hold_ms:
            return Status.HELD
        return Status.LOST

    def step(self, live: Body | None, t_ns: int) -> Body:
        """What to show: `live` after calibration and filters, or None without a face."""
        if live is None:
            return self._lost(t_ns)
        if self._missing:
            self._return(t_ns)
        self._seen_ns = t_ns
        start, span = self._return_ns, self._return_ms
        x = 1.0 if start is None or span <= 0 else (t_ns - start) * 1e-6 / span
        if x >= 1.0:
            self._return_ns, self._absent = None, 0.0
            self._shown = live
        else:
            self._absent = self._absent_from * (1.0 - x)
            # Lids come back evenly: the middle of a smooth step is half as fast again.
            self._shown = _towards(self._from, live, x * x * (3 - 2 * x), x)
        return self._shown

    def _return(self, t_ns: int) -> None:
        """A face after a gap. A short gap needs but a short blend, unless what was shown before it
        still was on its way from a long one."""
        self._missing, self._from, self._absent_from = False, self._shown, self._absent
        self._return_ns = t_ns
        self._return_ms = min(self._config.return_ms, max(self._since_ms(t_ns), self._owed_ms))

    def _lost(self, t_ns: int) -> Body:
        if not self._missing:
            self._missing, self._from, self._absent_from = True, self._shown, self._absent
            begun, seen = self._return_ns, self._seen_ns
            blended_ms = 0.0 if begun is None or seen is None else (seen - begun) * 1e-6
            self._owed_ms = 0.0 if begun is None else max(0.0, self._return_ms - blended_ms)
        if self._seen_ns is None:
            return self._shown
        left = self._left(t_ns, 1.0)
        self._absent = 1.0 - left * (1.0 - self._absent_from)
        if left >= 1.0:
            return self._shown
        if left < _SETTLED:
            self._shown = Body.neutral()
        else:
            lids = self._left(t_ns, _LIDS_FIRST)
            self._shown = _towards(self._from, Body.neutral(), 1.0 - left, 1.0 - lids)
        return self._shown

    def _left(self, t_ns: int, speed: float) -> float:
        """Share of the held state that is left."""
        over_ms = self._since_ms(t_ns) - self._config.hold_ms
        return 1.0 if over_ms <= 0 else math.exp(-speed * over_ms / self._config.ease_ms)

    def _since_ms(self, t_ns: int) -> float:
        return math.inf if self._seen_ns is None else (t_ns - self._seen_ns) * 1e-6
