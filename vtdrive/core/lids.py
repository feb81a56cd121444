"""Blinks, winks and wide eyes: the shape network's word, checked against lid geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.config.filters import Lids
from vtdrive.core.calibrate import NeutralPose
from vtdrive.types import F32

__all__ = ["ABOVE_REST", "LidLink", "LidReading", "read_lids"]

_SHUT_GAP: Final = 0.35
"""Lid gap, as a share of its rest value, that counts as closed in the geometry check."""
_TOGETHER_NS: Final = 100_000_000
"""Both lids moving within this time is one blink."""
_MOVED: Final = 0.3
ABOVE_REST: Final = np.float32(0.03)
"""How far above its level at rest eyeBlink still counts as open."""


@dataclass(frozen=True, slots=True, eq=False)
class LidReading:
    """Each (2,): left, right, in [0, 1]."""

    blink: F32
    wide: F32
    open: F32
    """By geometry alone: 0 shut, 1 as open as at rest."""


def read_lids(
    *, blink: F32, gap: F32, turn_deg: float, neutral: NeutralPose, config: Lids
) -> LidReading:
    """Ranged blink and wide eyes from raw eyeBlink (2,) and lid gap over eye width (2,).

    `turn_deg` is how far the head is turned from neutral, in any direction.
    """
    rest = [config.open_at] * 2 if neutral.blink is None else (neutral.blink + ABOVE_REST).tolist()
    frontal = _unit((config.wide_max_turn_deg - turn_deg) / (config.wide_max_turn_deg - 5))
    each = zip(blink.tolist(), gap.tolist(), rest, neutral.lid_gap.tolist(), strict=True)
    rows = [
        _read_lid(b, lo=lo, ratio=g / max(rest_gap, 1e-3), frontal=frontal, config=config)
        for b, g, lo, rest_gap in each
    ]
    value, wide, opened = np.array(rows, np.float32).T
    return LidReading(value, wide, opened)


def _read_lid(
    blink: float, *, lo: float, ratio: float, frontal: float, config: Lids
) -> tuple[float, float, float]:
    """Blink, wide and open of one eye; `ratio` is its lid gap over that at rest."""
    hi = max(config.shut_at, lo + 0.2)
    value = _unit((blink - lo) / (hi - lo))
    opened = _unit((ratio - _SHUT_GAP) / (1.0 - _SHUT_GAP))
    # The network reads squints and downward looks as half a blink; an open gap overrules it. And it
    # reads a wink as half a blink; a shut gap overrules that.
    value *= min(1.0, (1.0 - opened) / (1.0 - config.veto_open))
    shut, begins = config.shut_gap
    value = max(value, _unit((begins - ratio) / (begins - shut)))
    return value, _unit((ratio - config.wide_from) / config.wide_span) * frontal, opened


def _unit(x: float) -> float:
    return min(1.0, max(0.0, x))


class LidLink:
    """Keeps both lids together unless a wink is certain: trackers leak one lid into the other."""

    def __init__(self, config: Lids) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        self._wink_since: int | None = None
        self._moved_ns: list[int | None] = [None, None]
        self._last: F32 | None = None
        self.winking = False

    def adopt(self, other: LidLink) -> None:
        self._wink_since, self._last = other._wink_since, other._last
        self._moved_ns, self.winking = list(other._moved_ns), other.winking

    def step(self, lids: LidReading, *, yaw_rad: float, t_ns: int) -> F32:
        """(2,) blink as shown."""
        value = lids.blink
        if self._last is not None:
            for side in range(2):
                if abs(float(value[side] - self._last[side])) > _MOVED:
                    self._moved_ns[side] = t_ns
        self._last = value
        if self._is_wink(lids, yaw_rad):
            self._wink_since = t_ns if self._wink_since is None else self._wink_since
        else:
            self._wink_since = None
        since = self._wink_since
        self.winking = since is not None and (t_ns - since) * 1e-6 >= self._config.wink_ms
        if self.winking:
            return value
        if since is not None:
            # Perhaps a wink: until that is certain the open eye speaks for both, or it twitches.
            return np.full(2, value.min(), np.float32)
        a, b = self._moved_ns
        together = a is not None and b is not None and abs(a - b) <= _TOGETHER_NS
        both = value.max() if together else value.mean()
        return np.full(2, both, np.float32)

    def _is_wink(self, lids: LidReading, yaw_rad: float) -> bool:
        """One eye shut, the other open by geometry too, and both in view."""
        if abs(math.degrees(yaw_rad)) >= self._config.wink_max_yaw_deg:
            return False
        left, right = (float(v) for v in lids.blink)
        other = 1 if left > right else 0
        return abs(left - right) >= self._config.wink_difference and float(lids.open[other]) > 0.5
