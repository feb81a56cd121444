"""Filters on real time: the same motion gives the same result at 30 and at 60 frames a second.

The One Euro filter is Casiez, Roussel and Vogel 2012, with the exponential step
`1 - exp(-dt / tau)` in place of the first-order approximation, which depends on the frame rate.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vtdrive.config.filters import OneEuro
from vtdrive.spaces import quat_conj, quat_mul, quat_slerp
from vtdrive.types import F32

__all__ = ["DeadZone", "LidRelease", "OneEuroLanes", "OneEuroRotation", "gain_of"]

_TAU = 2.0 * math.pi
F64 = npt.NDArray[np.float64]


def gain_of(*, cutoff_hz: float, dt_s: float) -> float:
    """Share of the way that a first-order low-pass moves towards its input in `dt_s`."""
    return 1.0 - math.exp(-_TAU * cutoff_hz * dt_s)


def _elapsed(t_ns: int, last_ns: int | None) -> float:
    """Seconds since the last step. Time that stands still or runs back moves nothing."""
    return 0.0 if last_ns is None else max(0.0, (t_ns - last_ns) * 1e-9)


class OneEuroLanes:
    """One Euro over a vector, each lane with its own settings. (D,) in, (D,) out."""

    def __init__(self, lanes: list[OneEuro]) -> None:
        self._min_hz = np.array([lane.min_cutoff_hz for lane in lanes])
        self._beta = np.array([lane.beta for lane in lanes])
        self._d_hz = np.array([lane.d_cutoff_hz for lane in lanes])
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next value passes through."""
        self._x: F64 | None = None
        self._input = np.zeros_like(self._min_hz)
        self._speed = np.zeros_like(self._min_hz)
        self._t_ns: int | None = None

    def adopt(self, other: OneEuroLanes) -> None:
        """Go on from another filter's state, with these settings."""
        self._x, self._input, self._speed = other._x, other._input, other._speed
        self._t_ns = other._t_ns

    def step(self, x: F32, t_ns: int) -> F32:
        """Filter `x`, captured at `t_ns`."""
        value = x.astype(np.float64)
        dt = _elapsed(t_ns, self._t_ns)
        if self._x is None:
            self._x = value
        elif dt > 0.0:
            speed = (value - self._input) / dt
            self._speed = self._speed + (1 - np.exp(-_TAU * self._d_hz * dt)) * (
                speed - self._speed
            )
            cutoff = self._min_hz + self._beta * np.abs(self._speed)
            self._x = self._x + (1 - np.exp(-_TAU * cutoff * dt)) * (value - self._x)
        else:
            return self._x.astype(np.float32)
        self._input, self._t_ns = value, t_ns
        return self._x.astype(np.float32)


class OneEuroRotation:
    """One Euro on a rotation: speed is angular velocity, steps are slerps. xyzw in and out."""

    def __init__(self, config: OneEuro) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next rotation passes through."""
        self._q: F64 | None = None
        self._input: F64 | None = None
        self._velocity = np.zeros(3)
        self._t_ns: int | None = None

    def adopt(self, other: OneEuroRotation) -> None:
        """Go on from another filter's state, with these settings."""
        self._q, self._input, self._velocity = other._q, other._input, other._velocity
        self._t_ns = other._t_ns

    def step(self, q: F32, t_ns: int) -> F32:
        """Filter `q`, captured at `t_ns`."""
        value = q.astype(np.float64)
        dt = _elapsed(t_ns, self._t_ns)
        if self._q is None or self._input is None:
            self._q = value
        elif dt > 0.0:
            turn = quat_mul(value, quat_conj(self._input))
            turn = -turn if turn[3] < 0 else turn
            # For the small turns between frames the vector part is half the rotation vector.
            velocity = 2.0 * turn[:3] / dt
            share = gain_of(cutoff_hz=self._config.d_cutoff_hz, dt_s=dt)
            self._velocity = self._velocity + share * (velocity - self._velocity)
            speed = float(np.linalg.norm(self._velocity))
            cutoff = self._config.min_cutoff_hz + self._config.beta * speed
            self._q = quat_slerp(self._q, value, gain_of(cutoff_hz=cutoff, dt_s=dt))
        else:
            return self._q.astype(np.float32)
        self._input, self._t_ns = value, t_ns
        return self._q.astype(np.float32)


class LidRelease:
    """Lids close at once and open at a limited speed. (D,) in [0, 1]."""

    def __init__(self, release_ms: float) -> None:
        self._release_s = max(release_ms, 1e-3) * 1e-3
        self.reset()

    def reset(self) -> None:
        self._x: F32 | None = None
        self._t_ns: int | None = None

    def adopt(self, other: LidRelease) -> None:
        self._x, self._t_ns = other._x, other._t_ns

    def step(self, x: F32, t_ns: int) -> F32:
        dt = _elapsed(t_ns, self._t_ns)
        if self._x is None:
            self._x = x.astype(np.float32)
        else:
            self._x = np.maximum(x, self._x - np.float32(dt / self._release_s)).astype(np.float32)
        self._t_ns = t_ns
        return self._x


class DeadZone:
    """Holds still until the input leaves a band around the output, then follows at its edge."""

    def __init__(self, width: float) -> None:
        self._width = np.float32(width)
        self.reset()

    def reset(self) -> None:
        self._x: F32 | None = None

    def adopt(self, other: DeadZone) -> None:
        self._x = other._x

    def step(self, x: F32) -> F32:
        if self._x is None:
            self._x = x.astype(np.float32)
        else:
            self._x = np.clip(self._x, x - self._width, x + self._width).astype(np.float32)
        return self._x
