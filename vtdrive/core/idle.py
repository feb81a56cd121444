"""Signs of life: breath, a slight sway, blinks. Functions of time and a seed, nothing else."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.config.filters import Idle
from vtdrive.spaces import quat_from_euler
from vtdrive.types import F32

__all__ = ["IdleMotion", "IdlePose"]

_CLOSE_S: Final = 0.06
_SHUT_S: Final = 0.06
_OPEN_S: Final = 0.15
_DOUBLE_AFTER_S: Final = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class IdlePose:
    """What idle motion adds."""

    sway_xyzw: F32
    """(4,) rotation on top of the head's."""
    rise_m: float
    blink: float
    breath: float
    """-1..1."""


class IdleMotion:
    """Breath runs through; sway and blinks scale with how absent the face is."""

    def __init__(self, config: Idle) -> None:
        self._config = config
        self._random = np.random.default_rng(config.seed)
        self._start_ns: int | None = None
        self._blinks: list[float] = []
        self._until_s = 0.0

    def adopt(self, other: IdleMotion) -> None:
        # A copy: both may go on, and neither may draw the other's numbers.
        self._random, self._start_ns = copy.deepcopy(other._random), other._start_ns
        self._blinks, self._until_s = list(other._blinks), other._until_s

    def step(self, *, absence: float, t_ns: int, lids_absence: float | None = None) -> IdlePose:
        """`absence` 0 (live) .. 1 (long lost); `lids_absence` where that of the lids differs."""
        c = self._config
        self._start_ns = t_ns if self._start_ns is None else self._start_ns
        t = (t_ns - self._start_ns) * 1e-9
        if c.when == "never":
            return IdlePose(np.array([0, 0, 0, 1], np.float32), 0.0, 0.0, 0.0)
        amount = absence if c.when == "lost" else max(0.5, absence)
        breath = math.sin(math.tau * t / c.breath_s) * amount
        sway = math.radians(c.sway_deg) * absence
        # Two periods that never meet: a single sine looks like a pendulum.
        turn = quat_from_euler(
            yaw=sway * math.sin(math.tau * t / c.sway_s),
            pitch=0.3 * sway * math.sin(math.tau * t / (c.sway_s * 0.71)),
            roll=0.6 * sway * math.sin(math.tau * t / (c.sway_s * 1.37)),
        )
        return IdlePose(
            turn.astype(np.float32),
            breath * c.breath_m,
            self._blink(t) * (absence if lids_absence is None else lids_absence),
            breath,
        )

    def _blink(self, t: float) -> float:
        while self._until_s <= t:
            self._until_s += self._pause()
            self._blinks.append(self._until_s)
            if self._random.random() < self._config.double_blink:
                self._until_s += _DOUBLE_AFTER_S
                self._blinks.append(self._until_s)
        while self._blinks and self._blinks[0] + _CLOSE_S + _SHUT_S + _OPEN_S < t:
            self._blinks.pop(0)
        return max((_lid(t - start) for start in self._blinks), default=0.0)

    def _pause(self) -> float:
        """Log-normal between the configured bounds, as people's pauses are."""
        lo, hi = sorted(self._config.blink_every_s)
        middle, spread = math.log(math.sqrt(lo * hi)), math.log(hi / lo) / 4 if hi > lo else 0.0
        return float(np.clip(self._random.lognormal(middle, spread), lo, hi))


def _lid(age_s: float) -> float:
    if age_s < 0:
        return 0.0
    if age_s < _CLOSE_S:
        return age_s / _CLOSE_S
    if age_s < _CLOSE_S + _SHUT_S:
        return 1.0
    return max(0.0, 1.0 - (age_s - _CLOSE_S - _SHUT_S) / _OPEN_S)
