"""What values each tensor of a network takes on calibration faces, and three ways to bound them.

One pass over the faces fills a histogram per tensor; every way of choosing ranges reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from vtdrive.inference import onnxruntime_module
from vtdrive.types import F32

__all__ = ["WAYS", "Histogram", "collect", "entropy", "minmax", "percentile"]

F64 = npt.NDArray[np.float64]
Range = tuple[float, float]

_BINS = 4096
_LEVELS = 256
"""Of the quantized activations."""
_TRIED = 64
"""Clipping points that `entropy` compares."""


class Histogram:
    """Counts of values, over bins that widen when a value falls beyond them."""

    def __init__(self) -> None:
        self.count = np.zeros(_BINS, np.int64)
        self.reach = 0.0
        """Bins cover -reach..reach, a power of two."""
        self.lo, self.hi = 0.0, 0.0

    def add(self, values: F32) -> None:
        """Counts every entry. A network that yields NaN is refused: ValueError."""
        lo, hi = float(values.min()), float(values.max())
        if not np.isfinite([lo, hi]).all():
            raise ValueError("the network yields values that are not finite")
        self.lo, self.hi = min(self.lo, lo), max(self.hi, hi)
        self._widen(max(-self.lo, self.hi))
        if self.reach:
            at = ((values.ravel() + self.reach) * (_BINS / 2 / self.reach)).astype(np.int64)
            self.count += np.bincount(np.minimum(at, _BINS - 1), minlength=_BINS)

    def _widen(self, needed: float) -> None:
        if needed <= self.reach or needed == 0:
            return
        if self.reach == 0:
            self.reach = float(2 ** np.ceil(np.log2(needed)))
        while self.reach < needed:
            # Two old bins fill exactly one new one, so nothing is smeared.
            pairs = self.count.reshape(-1, 2).sum(1)
            self.count[:] = 0
            self.count[_BINS // 4 : -_BINS // 4] = pairs
            self.reach *= 2

    @property
    def edges(self) -> F64:
        """(bins + 1,) where bins begin and end."""
        return np.linspace(-self.reach, self.reach, _BINS + 1)


def minmax(seen: Histogram) -> Range:
    """All that was seen."""
    return seen.lo, seen.hi


def percentile(seen: Histogram, *, kept: float) -> Range:
    """All but the outermost values; `kept` in percent, the rest cut evenly at both ends."""
    total = seen.count.sum()
    if total == 0:
        return 0.0, 0.0
    share = np.cumsum(seen.count) / total
    cut = (100 - kept) / 200
    edges = seen.edges
    lo = edges[np.searchsorted(share, cut, side="right")]
    hi = edges[np.searchsorted(share, 1 - cut) + 1]
    return max(seen.lo, float(min(lo, 0))), min(seen.hi, float(max(hi, 0)))


def entropy(seen: Histogram) -> Range:
    """The range whose 256 levels tell least less than the histogram itself (least KL divergence).

    Clipped values count as the outermost ones that are kept. Ranges end at one distance from 0 at
    both sides, or at what was seen; the distance shrinks to a tenth of the furthest value's.
    """
    best, least = (seen.lo, seen.hi), np.inf
    middle = (seen.edges[:-1] + seen.edges[1:]) / 2
    # Zeros of a rectified tensor are exact in any range; counted, they would drown the rest.
    mass = np.where(abs(middle) < seen.reach / _BINS * 1.5, 0, seen.count).astype(np.float64)
    if mass.sum() == 0:
        return best
    for share in np.linspace(1.0, 0.1, _TRIED):
        far = share * max(-seen.lo, seen.hi)
        lo, hi = max(seen.lo, -far), min(seen.hi, far)
        inside = (middle >= lo) & (middle <= hi)
        if not mass[inside].any():
            break
        kept = mass[inside]
        clipped = kept.copy()
        clipped[0] += mass[middle < lo].sum()
        clipped[-1] += mass[middle > hi].sum()
        level = np.minimum(((middle[inside] - lo) / (hi - lo) * _LEVELS).astype(int), _LEVELS - 1)
        filled = kept > 0
        spread = np.bincount(level, kept, _LEVELS)[level] * filled
        spread /= np.maximum(np.bincount(level, filled, _LEVELS), 1)[level]
        divergence = _divergence(clipped, spread)
        if divergence < least:
            best, least = (float(lo), float(hi)), divergence
    return best


def _divergence(p: F64, q: F64) -> float:
    """KL divergence of two unnormalised histograms; infinite where only `q` is empty."""
    p, q = p / p.sum(), q / q.sum()
    some = p > 0
    if (q[some] == 0).any():
        # The clipped mass may land in an empty outermost bin; a little of `q` is put there.
        q = np.where(some & (q == 0), 1e-4, q)
        q /= q.sum()
    return float((p[some] * np.log(p[some] / q[some])).sum())


WAYS: dict[str, Callable[[Histogram], Range]] = {
    "minmax": minmax,
    "percentile-99.99": lambda seen: percentile(seen, kept=99.99),
    "percentile-99.999": lambda seen: percentile(seen, kept=99.999),
    "entropy": entropy,
}
"""Every way that is compared, by the name that the card will give."""


def collect(network: Path, batches: Iterable[F32]) -> dict[str, Histogram]:
    """A histogram per float tensor of the .onnx `network`, over prepared `batches`.

    A tensor that only a Relu reads gets that Relu's histogram: what is below 0 there is never
    seen again, so no level need be spent on it.
    """
    model = onnx.load(network)
    rectified = _rectified(model)
    inner = [name for node in model.graph.node for name in node.output]
    heads = {output.name for output in model.graph.output}
    for name in inner:
        if name not in heads:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    runtime = onnxruntime_module()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    # Fused operators would hide the tensors that are to be measured.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (given,) = (one.name for one in session.get_inputs())
    measured = [o.name for o in session.get_outputs() if o.type == "tensor(float)"]
    seen = {name: Histogram() for name in (given, *measured)}
    for batch in batches:
        seen[given].add(batch)
        for name, values in zip(measured, session.run(measured, {given: batch}), strict=True):
            seen[name].add(values)
    for before, after in rectified.items():
        seen[before] = seen[after]
    return seen


def _rectified(model: onnx.ModelProto) -> dict[str, str]:
    """Input to output of every Relu that is its input's only reader."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    heads = {output.name for output in model.graph.output}
    return {
        name: nodes[0].output[0]
        for name, nodes in readers.items()
        if len(nodes) == 1 and nodes[0].op_type == "Relu" and name not in heads
    }
