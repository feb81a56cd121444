"""What hangs on springs: hair, ears, a tail, a body that comes after its head.

A spring is solved exactly for a target that moves evenly from step to step, so that it swings the
same at any frame rate, and never bursts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.render.format.avatar import Spring
from vtdrive.render.motion.limits import Limits
from vtdrive.render.motion.tables import MotionFault

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
        self._swings = np.array([float(table.swing) for table in tables])
        self._gain = np.array([table.gain for table in tables])
        soft = self._limits.soft
        self._lo = np.where(soft, -np.inf, [table.clamp[0] for table in tables])
        self._hi = np.where(soft, np.inf, [table.clamp[1] for table in tables])
        self._alone = np.array([n in t.to for n, t in zip(mine, tables, strict=True)])
        self.target, self.place, self.speed = np.zeros((3, len(mine)))
        self.started = np.zeros(len(mine), bool)
        self._all_started = False

    def step(self, shown: F64, driven: F64, dt_s: float, swing: tuple[F64, ...]) -> None:
        """Write the springs' parameters into `shown` (P,)."""
        values = np.concatenate([shown, driven])[self._columns]
        shares = self._followed.shares(values) * self._weights
        target = np.add.reduceat(shares, self._starts)
        if not self._all_started:
            self._start(target)
        if dt_s > 0.0:
            self._swing(target, dt_s, swing)
        out = (self.place - self._swings * self.target) * self._gain
        out = np.minimum(np.maximum(out, self._lo), self._hi)
        base = np.where(self._alone, self._limits.neutral, driven[self.at])
        shown[self.at] = self._limits.held(base + out)

    def _start(self, target: F64) -> None:
        self.target = np.where(self.started, self.target, target)
        self.place = np.where(self.started, self.place, target)
        self.started = np.ones(len(target), bool)
        self._all_started = True

    def _swing(self, target: F64, dt_s: float, swing: tuple[F64, ...]) -> None:
        lag_s, xx, xv, vx, vv = swing
        pull = (target - self.target) / dt_s
        late = lag_s * pull
        # Off the path of a spring that has followed this pull for ever.
        x, v = self.place - self.target + late, self.speed - pull
        place, speed = target - late + xx * x + xv * v, pull + vx * x + vv * v
        moves = (np.abs(place - target) > _STILL) | (np.abs(speed) > _STILL)
        self.target = target
        self.place, self.speed = np.where(moves, place, target), np.where(moves, speed, 0.0)


class _Laws:
    """How K springs go on by themselves, for any span of time."""

    def __init__(self, springs: Sequence[Spring]) -> None:
        damping = np.array([spring.damping for spring in springs])
        self._omega = 2.0 * np.pi * np.array([spring.hz for spring in springs])
        self._decay = damping * self._omega
        self._lag_s = 2.0 * damping / self._omega
        self._loose = damping < 1.0
        self._all_loose = bool(self._loose.all())
        # At 1 exactly the formula divides 0 by 0, and beside it nobody sees the difference.
        self._apart = self._omega * np.sqrt(np.maximum(np.abs(damping**2 - 1.0), 1e-8))

    def over(self, dt_s: float) -> tuple[F64, ...]:
        """(K,) each: seconds that it comes after an even pull; of place and speed what comes of
        place and speed `dt_s` later, place from place first."""
        turn, fade = self._apart * dt_s, np.exp(-self._decay * dt_s)
        if self._all_loose:
            even, odd = np.cos(turn), np.sin(turn)
        else:
            even = np.where(self._loose, np.cos(turn), np.cosh(turn))
            odd = np.where(self._loose, np.sin(turn), np.sinh(turn))
        even, odd = even * fade, odd * fade / self._apart
        held = self._decay * odd
        return self._lag_s, even + held, odd, -(self._omega**2) * odd, even - held


class Springs:
    """All springs of an avatar."""

    def __init__(self, springs: Mapping[str, Spring], names: Sequence[str], limits: Limits) -> None:
        """`names` and `limits` are those of the parameters, of which springs are a part. Raises
        MotionFault where springs hang on each other in a circle."""
        used = {name: spring for name, spring in springs.items() if spring.to}
        layers = _sorted(used)
        self._layers = [_Layer(layer, used, names, limits) for layer in layers]
        self._laws = _Laws([used[name] for layer in layers for name in layer])
        ends = list(itertools.accumulate(map(len, layers)))
        self._parts = [slice(end - len(mine), end) for end, mine in zip(ends, layers, strict=True)]

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
        shown, dt_s = driven.copy(), min(dt_s, _LONGEST_S)
        laws = self._laws.over(dt_s)
        for layer, part in zip(self._layers, self._parts, strict=True):
            layer.step(shown, driven, dt_s, tuple(law[part] for law in laws))
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
            said = f"these hang on each other in a circle: {', '.join(sorted(left))}"
            raise MotionFault(("springs",), said)
        layers.append(ready)
        for name in ready:
            del left[name]
    return layers
