"""Figures about a set of logits. No torch here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.emotion.data import Split
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

__all__ = [
    "accuracy",
    "calibration_error",
    "fit_temperature",
    "halves",
    "macro_f1",
    "recalls",
    "softmax",
]

_BINS = 15


def softmax(logits: F32, *, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """(N, 8) probabilities."""
    scaled = np.asarray(logits, np.float64) / temperature
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    probs: npt.NDArray[np.float64] = raised / raised.sum(-1, keepdims=True)
    return probs


def accuracy(logits: F32, faces: Split, *, decided_only: bool = True) -> float:
    """Share of right top labels: under the majority rule, or over all faces."""
    right = logits.argmax(1) == faces.label
    return float(right[faces.decided].mean() if decided_only else right.mean())


def recalls(logits: F32, faces: Split) -> dict[str, tuple[float, int]]:
    """Per emotion, over decided faces: share found (NaN without any) and how many there are."""
    found, label = logits.argmax(1)[faces.decided], faces.label[faces.decided]
    out = {}
    for k, name in enumerate(EMOTIONS):
        mine = label == k
        out[name] = (float((found[mine] == k).mean()) if mine.any() else np.nan, int(mine.sum()))
    return out


def macro_f1(logits: F32, faces: Split) -> float:
    """Mean over emotions of the harmonic mean of precision and recall, over decided faces."""
    found, label = logits.argmax(1)[faces.decided], faces.label[faces.decided]
    scores = []
    for k in range(len(EMOTIONS)):
        both = int(((found == k) & (label == k)).sum())
        scores.append(2 * both / max(1, int((found == k).sum()) + int((label == k).sum())))
    return float(np.mean(scores))


def calibration_error(probs: npt.NDArray[np.float64], label: npt.NDArray[np.int64]) -> float:
    """Expected calibration error of the top label over 15 bins of equal width."""
    sure, right = probs.max(1), probs.argmax(1) == label
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = (
        abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).sum()
        for b in np.unique(bins)
    )
    return float(sum(gaps) / len(label))


def fit_temperature(logits: F32, label: npt.NDArray[np.int64]) -> float:
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


def halves(faces: Split, *, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the decided faces, dealt at random into two halves: one to fit, one to judge."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(faces.decided))
    return order[: len(order) // 2], order[len(order) // 2 :]
