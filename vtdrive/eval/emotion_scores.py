"""Figures about readings of labelled faces. Pure numpy.

`scores` are logits or probabilities (N, 8); `faces` is anything with labels (`Labels`).
"""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

__all__ = [
    "RARE",
    "Labelled",
    "accuracy",
    "calibration_error",
    "confusion",
    "fit_temperature",
    "halves",
    "macro_f1",
    "per_class",
    "rare_recall",
    "recalls",
    "softmax",
    "wilson",
]

RARE: Final = ("contempt", "disgust", "fear")
"""Emotions of which FER+ has so few faces that accuracy hardly notices them."""

_BINS: Final = 15
_K: Final = len(EMOTIONS)
_Z: Final = 1.959964
"""Standard deviations of a normal variable that hold 95 %."""

I64 = npt.NDArray[np.int64]
Scores = npt.NDArray[np.floating[Any]]


class Labelled(Protocol):
    """Faces that somebody named."""

    @property
    def label(self) -> I64:
        """(N,) index in `vocab.EMOTIONS`."""
        ...

    @property
    def decided(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the face counts under the majority rule."""
        ...


def softmax(logits: F32, *, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """(N, 8) probabilities."""
    scaled = np.asarray(logits, np.float64) / temperature
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    probs: npt.NDArray[np.float64] = raised / raised.sum(-1, keepdims=True)
    return probs


def accuracy(scores: Scores, faces: Labelled, *, decided_only: bool = True) -> float:
    """Share of right top labels: under the majority rule, or over all faces. NaN of no face."""
    right = scores.argmax(1) == faces.label
    counted = right[faces.decided] if decided_only else right
    return float(counted.mean()) if len(counted) else math.nan


def confusion(found: I64, label: I64) -> I64:
    """(8, 8) counts: rows what people saw, columns what was read."""
    table = np.bincount(label * _K + found, minlength=_K * _K).reshape(_K, _K)
    return table.astype(np.int64)


def recalls(
    scores: Scores, faces: Labelled, *, decided_only: bool = True
) -> dict[str, tuple[float, int]]:
    """Per emotion the share found (NaN without any) and how many there are."""
    found, label = _counted(scores, faces, decided_only)
    table = confusion(found, label)
    n = table.sum(1)
    return {
        name: (float(table[k, k] / n[k]) if n[k] else math.nan, int(n[k]))
        for k, name in enumerate(EMOTIONS)
    }


def rare_recall(scores: Scores, faces: Labelled) -> float:
    """Mean recall of `RARE` over all faces by most votes. NaN where one of them is not there."""
    found = recalls(scores, faces, decided_only=False)
    return sum(found[name][0] for name in RARE) / len(RARE)


def macro_f1(scores: Scores, faces: Labelled) -> float:
    """Mean over emotions of the harmonic mean of precision and recall, over decided faces.

    Emotions that neither people saw nor the classifier read are left out. NaN of no face.
    """
    table = confusion(*_counted(scores, faces, True))
    seen_or_read = table.sum(0) + table.sum(1)
    counts = seen_or_read > 0
    if not counts.any():
        return math.nan
    return float((2 * table.diagonal()[counts] / seen_or_read[counts]).mean())


def per_class(scores: Scores, faces: Labelled) -> dict[str, dict[str, Any]]:
    """Per emotion: recall, precision, f1 and n under the majority rule; recall and n over all.

    The recalls come with a 95 % interval. None where nothing is there to divide by.
    """
    some = confusion(*_counted(scores, faces, True))
    every = confusion(*_counted(scores, faces, False))
    return {name: _of_one(some, every, EMOTION_INDEX[name]) for name in EMOTIONS}


def _of_one(some: I64, every: I64, k: int) -> dict[str, Any]:
    right, n, read = int(some[k, k]), int(some[k].sum()), int(some[:, k].sum())
    all_right, all_n = int(every[k, k]), int(every[k].sum())
    return {
        "recall": _share(right, n),
        "recall_interval": wilson(right, n),
        "precision": _share(right, read),
        "f1": _share(2 * right, n + read),
        "n": n,
        "recall_argmax_all": _share(all_right, all_n),
        "recall_argmax_all_interval": wilson(all_right, all_n),
        "n_argmax_all": all_n,
    }


def wilson(right: int, n: int) -> list[float] | None:
    """Lower and upper end of Wilson's 95 % interval of a share; None of nothing."""
    if n == 0:
        return None
    share = right / n
    middle = share + _Z**2 / (2 * n)
    reach = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    # At a share of 0 or 1 one end is exact, and rounding must not put it outside.
    return [max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _counted(scores: Scores, faces: Labelled, decided_only: bool) -> tuple[I64, I64]:
    found, label = scores.argmax(1), faces.label
    return (found[faces.decided], label[faces.decided]) if decided_only else (found, label)


def calibration_error(probs: npt.NDArray[np.floating[Any]], label: I64) -> float:
    """Expected calibration error of the top label over 15 bins of equal width. NaN of no face."""
    if len(label) == 0:
        return math.nan
    sure, right = probs.max(1), probs.argmax(1) == label
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = (
        abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).sum()
        for b in np.unique(bins)
    )
    return float(sum(gaps) / len(label))


def fit_temperature(logits: F32, label: I64) -> float:
    """The divisor of the logits, in 0.1..10, that makes the labels most likely."""
    rows = np.arange(len(label))

    def loss(sharpness: float) -> float:
        probs = softmax(logits, temperature=1 / sharpness)
        return float(-np.log(probs[rows, label] + 1e-12).mean())

    # Convex in 1 / temperature, so a shrinking bracket finds the one minimum.
    lo, hi = 0.1, 10.0
    while hi - lo > 1e-4:
        a, b = lo + (hi - lo) / 3, hi - (hi - lo) / 3
        lo, hi = (lo, b) if loss(a) < loss(b) else (a, hi)
    return 2 / (lo + hi)


def halves(faces: Labelled, *, seed: int) -> tuple[I64, I64]:
    """Indices of the decided faces, dealt at random into two halves: one to fit, one to judge."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(faces.decided))
    return order[: len(order) // 2], order[len(order) // 2 :]
