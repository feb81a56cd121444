"""The mapping language, compiled to a few matrix products. (`config/expr.py` defines it.)"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.config.expr import Expression, Term
from vtdrive.types import F32

__all__ = ["Program", "Resolver", "along"]

F64 = npt.NDArray[np.float64]
Resolver = Callable[[str], Mapping[str, float]]
"""Signal name as written -> real signal names with shares (a side-less shape: two halves)."""

_OUT = "out."


class _Rows:
    """Terms evaluated together: one row each. Each term resolves names in its own way, since in
    `[shapes.eyeSquint]` a name without a side means that very side."""

    def __init__(self, terms: Sequence[tuple[Term, Resolver]], columns: Mapping[str, int]) -> None:
        plain = [term for term, _ in terms]
        ranges = [term.range for term in plain]
        self.ranged = np.array([r is not None for r in ranges], bool)
        self.lo = np.array([r[0] if r else 0.0 for r in ranges], float)
        self.span = np.array([r[1] - r[0] if r else 1.0 for r in ranges], float)
        self.smooth = np.array([t.curve == "smoothstep" for t in plain], bool)
        self.gamma = np.array([t.gamma for t in plain], float)
        self.bent = self.gamma != 1.0
        self._any = (bool(self.ranged.any()), bool(self.smooth.any()), bool(self.bent.any()))
        self.lines = [(i, t.points) for i, t in enumerate(plain) if t.points]
        self.bias = np.array([t.bias for t in plain], float)
        self.gain = np.array([t.gain for t in plain], float)
        self.offset = np.array([t.offset for t in plain], float)
        # Rows are short, so they are kept sparse: a dense product wakes BLAS's threads, which then
        # spin for the tracker's cores (0.33 ms a call on a busy machine, against 0.01).
        starts: list[int] = []
        column: list[int] = []
        weight: list[float] = []
        for term, resolve in terms:
            starts.append(len(column))
            parts = [
                (columns[real], w * share)
                for name, w in term.sum.items()
                for real, share in resolve(name).items()
            ]
            for at, w in parts or [(0, 0.0)]:
                column.append(at)
                weight.append(w)
        self._starts, self._columns = np.array(starts, np.intp), np.array(column, np.intp)
        self._weights = np.array(weight)

    def __call__(self, signals: F64) -> F64:
        x = np.add.reduceat(signals[self._columns] * self._weights, self._starts) + self.bias
        ranged, smooth, bent = self._any
        if ranged:
            unit = np.minimum(np.maximum((x - self.lo) / self.span, 0.0), 1.0)
            x = np.where(self.ranged, unit, x)
        if smooth:
            x = np.where(self.smooth, x * x * (3 - 2 * x), x)
        if bent:
            x = np.where(self.bent, np.power(np.maximum(x, 0.0), self.gamma), x)
        for row, line in self.lines:
            x[row] = along(line, float(x[row]))
        result: F64 = x * self.gain + self.offset
        return result


def along(line: Sequence[tuple[float, float]], x: float) -> float:
    """The height of a polyline at `x`; level beyond its ends."""
    right = bisect_right(line, x, key=itemgetter(0))
    if right == 0 or right == len(line):
        return line[min(right, len(line) - 1)][1]
    (x0, y0), (x1, y1) = line[right - 1], line[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


class _Layer:
    """Expressions that depend only on signals and on earlier layers.

    Their own terms, gates, alternatives and limits are evaluated together, as one set of rows.
    """

    def __init__(
        self,
        slots: Sequence[int],
        expressions: Sequence[tuple[Expression, Resolver]],
        columns: Mapping[str, int],
    ) -> None:
        self.slots = np.array(slots, np.intp)
        self._count = len(expressions)
        terms: list[tuple[Term, Resolver]] = list(expressions)
        self._steps: list[tuple[_Apply, npt.NDArray[np.intp], slice]] = []
        for apply, pick in _STEPS:
            found = [(i, term, r) for i, (e, r) in enumerate(expressions) for term in pick(e)]
            if found:
                rows = slice(len(terms), len(terms) + len(found))
                terms += [(term, resolve) for _, term, resolve in found]
                self._steps.append((apply, np.array([i for i, _, _ in found], np.intp), rows))
        self._rows = _Rows(terms, columns)
        self._lo = np.array([e.clamp[0] for e, _ in expressions])
        self._hi = np.array([e.clamp[1] for e, _ in expressions])
        self._floor = np.array([e.floor for e, _ in expressions])

    def __call__(self, signals: F64) -> F64:
        rows = self._rows(signals)
        x = rows[: self._count]
        for apply, target, which in self._steps:
            apply(x, target, rows[which])
        x = np.minimum(np.maximum(x, self._lo), self._hi)
        x[np.abs(x) < self._floor] = 0.0
        return x


_Apply = Callable[[F64, npt.NDArray[np.intp], F64], None]
_STEPS: Final[tuple[tuple[_Apply, Callable[[Expression], Sequence[Term]]], ...]] = (
    (np.multiply.at, lambda e: e.gates),
    (np.maximum.at, lambda e: e.max),
    (np.minimum.at, lambda e: e.min),
)
"""What is done to an expression's own value, in this order, and by which of its terms."""


class Program:
    """A set of named expressions over named signals.

    An expression may also read the result of another as `out.NAME`; circles are refused with a
    ValueError that names them.
    """

    def __init__(
        self,
        signals: Sequence[str],
        expressions: Mapping[str, Expression],
        resolver_of: Callable[[str], Resolver],
    ) -> None:
        self.names = tuple(expressions)
        self._inputs = len(signals)
        columns = {name: i for i, name in enumerate(signals)}
        columns |= {f"{_OUT}{name}": self._inputs + i for i, name in enumerate(self.names)}
        resolvers = {name: resolver_of(name) for name in self.names}
        index = {name: i for i, name in enumerate(self.names)}
        layers = _sorted(expressions, resolvers)
        self._layers = [
            _Layer(
                [self._inputs + index[n] for n in layer],
                [(expressions[n], resolvers[n]) for n in layer],
                columns,
            )
            for layer in layers
        ]
        self.reads = np.zeros((len(self.names), self._inputs), bool)
        """(P, S) which signals each result depends on, be it through other results."""
        for name in itertools.chain.from_iterable(layers):
            for at in (columns[real] for real in _read(expressions[name], resolvers[name])):
                found = at - self._inputs
                if found < 0:
                    self.reads[index[name], at] = True
                else:
                    self.reads[index[name]] |= self.reads[found]

    def __call__(self, signals: F32) -> F32:
        """(S,) signals to (P,) results in `names` order."""
        work = np.zeros(self._inputs + len(self.names))
        work[: self._inputs] = signals
        for layer in self._layers:
            work[layer.slots] = layer(work)
        return work[self._inputs :].astype(np.float32)


def _read(expression: Expression, resolve: Resolver) -> set[str]:
    """The signals and results that an expression names."""
    terms: list[Term] = [expression, *expression.gates, *expression.max, *expression.min]
    return {real for term in terms for written in term.sum for real in resolve(written)}


def _sorted(
    expressions: Mapping[str, Expression], resolvers: Mapping[str, Resolver]
) -> list[list[str]]:
    """Names in layers, so that each expression comes after those it reads."""
    needs: dict[str, set[str]] = {}
    for name, expression in expressions.items():
        real = _read(expression, resolvers[name])
        needs[name] = {r.removeprefix(_OUT) for r in real if r.startswith(_OUT)}
    layers: list[list[str]] = []
    left = dict(needs)
    while left:
        ready = [name for name, wants in left.items() if not wants & left.keys()]
        if not ready:
            raise ValueError(f"these read each other in a circle: {', '.join(sorted(left))}")
        layers.append(ready)
        for name in ready:
            del left[name]
    return layers
