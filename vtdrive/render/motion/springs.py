"""What hangs on springs: hair, ears, a tail, a body that comes after its head.

A spring is solved exactly for a target that moves evenly from step to step, so that it swings the
same at any frame rate, and never bursts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.render.format.avatar import Spring
from vtdrive.render.motion.limits import Limits

__all__ = ["Springs"]

F64 = npt.NDArray[np.float64]
_LONGEST_S: Final = 0.1
"""A pause is not made up for."""
_STILL: Final = 1e-5
"""Share of a range, also in a second, below which a spring rests."""


class _Layer:
    """K springs that hang on nothing but parameters and earlier layers."""

    def __init__(
        self,
        mine: Sequence[str],
        springs: Mapping[str, Spring],
        names: Sequence[str],
        limits: Limits,
    ) -> None:
        index = {name: i for i, name in enumerate(names)}
        tables = [springs[name] for name in mine]
        self.names = tuple(mine)
        self.at = np.array([index[name] for name in mine], np.intp)
        """(K,) their places among the parameters."""
        starts: list[int] = []
        columns: list[int] = []
        weights: list[float] = []
        for name, table in zip(mine, tables, strict=True):
            starts.append(len(columns))
            for other, weight in table.to.items():
                # One that names itself follows what drives the parameter: the second half.
                columns.append(index[other] + (len(names) if other == name else 0))
                weights.append(weight)
        self._starts, self._columns = np.array(starts, np.intp), np.array(columns, np.intp)
        self._weights = np.array(weights)
        self._followed = limits.of(self._columns % len(names))
        self._limits = limits.of(self.at)
        self._swings = np.array([table.swing for table in tables])
        self._gain = np.array([table.gain for table in tables])
        self._lo = np.array([table.clamp[0] for table in tables])
        self._hi = np.array([table.clamp[1] for table in tables])
        self._alone = np.array([n in t.to for n, t in zip(mine, tables, strict=True)])
        self._omega = np.array([2.0 * np.pi * table.hz for table in tables])
        damping = np.array([table.damping for table in tables])
        self._decay = damping * self._omega
        self._lag_s = 2.0 * damping / self._omega
        self._loose = damping < 1.0
        # At 1 exactly the formula divides 0 by 0, and beside it nobody sees the difference.
        self._apart = self._omega * np.sqrt(np.maximum(np.abs(damping**2 - 1.0), 1e-8))
        self.target, self.place, self.speed = np.zeros((3, len(mine)))
        self.started = np.zeros(len(mine), bool)

    def step(self, shown: F64, driven: F64, dt_s: float) -> None:
        """Write the springs' parameters into `shown` (P,)."""
        values = np.concatenate([shown, driven])[self._columns]
        shares = self._followed.shares(values) * self._weights
        target = np.add.reduceat(shares, self._starts)
        if not self.started.all():
            self.target = np.where(self.started, self.target, target)
            self.place = np.where(self.started, self.place, target)
            self.started = np.ones(len(target), bool)
        if dt_s > 0.0:
            self._swing(target, dt_s)
        out = np.where(self._swings, self.place - self.target, self.place) * self._gain
        out = np.minimum(np.maximum(out, self._lo), self._hi)
        base = np.where(self._alone, self._limits.neutral, driven[self.at])
        shown[self.at] = self._limits.held(base + out)

    def _swing(self, target: F64, dt_s: float) -> None:
        pull = (target - self.target) / dt_s
        # Off the path of a spring that has followed this pull for ever.
        x = self.place - (self.target - self._lag_s * pull)
        v = self.speed - pull
        turn, fade = self._apart * dt_s, np.exp(-self._decay * dt_s)
        even = np.where(self._loose, np.cos(turn), np.cosh(turn)) * fade
        odd = np.where(self._loose, np.sin(turn), np.sinh(turn)) * fade / self._apart
        place = target - self._lag_s * pull + (even + self._decay * odd) * x + odd * v
        speed = pull + (even - self._decay * odd) * v - self._omega**2 * odd * x
        still = (np.abs(place - target) < _STILL) & (np.abs(speed) < _STILL)
        self.target = target
        self.place, self.speed = np.where(still, target, place), np.where(still, 0.0, speed)


class Springs:
    """All springs of an avatar."""

    def __init__(self, springs: Mapping[str, Spring], names: Sequence[str], limits: Limits) -> None:
        """`names` and `limits` are those of the parameters, of which springs are a part. Raises
        ValueError where springs hang on each other in a circle."""
        used = {name: spring for name, spring in springs.items() if spring.to}
        self._layers = [_Layer(layer, used, names, limits) for layer in _sorted(used)]

    def adopt(self, other: Springs) -> None:
        """Go on from the springs of the same names; others start at rest."""
        known = {name: (layer, k) for layer in other._layers for k, name in enumerate(layer.names)}
        for layer in self._layers:
            for k, name in enumerate(layer.names):
                old, at = known.get(name, (layer, k))
                layer.target[k], layer.place[k] = old.target[at], old.place[at]
                layer.speed[k], layer.started[k] = old.speed[at], old.started[at]

    def step(self, driven: F64, dt_s: float) -> F64:
        """(P,) what is shown of what is `driven` (P,), `dt_s` after the last step."""
        shown = driven.copy()
        for layer in self._layers:
            layer.step(shown, driven, min(dt_s, _LONGEST_S))
        return shown


def _sorted(springs: Mapping[str, Spring]) -> list[list[str]]:
    """Their names, in layers of which each hangs on earlier ones."""
    left = {
        name: {other for other in spring.to if other in springs and other != name}
        for name, spring in springs.items()
    }
    layers: list[list[str]] = []
    while left:
        ready = [name for name, wants in left.items() if not wants & left.keys()]
        if not ready:
            raise ValueError(f"springs: these hang on each other: {', '.join(sorted(left))}")
        layers.append(ready)
        for name in ready:
            del left[name]
    return layers
