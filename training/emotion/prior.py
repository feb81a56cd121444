"""How far a network is moved towards emotions that it seldom saw, and who chooses it.

A network trained on few faces of an emotion seldom names it, even where it is likelier than
anything else on its own evidence. Subtracting a share `tau` of the log of how often each emotion
was shown (logit adjustment) undoes part of that, at the cost of some accuracy on frequent ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from training.emotion.data import Split
from training.emotion.scores import accuracy, macro_f1
from vtdrive.eval.emotion_scores import rare_recall
from vtdrive.types import F32

__all__ = ["chosen_shift", "dealt_prior", "shift"]

F64 = npt.NDArray[np.float64]

_STEPS = tuple(round(step / 10, 1) for step in range(-4, 7))
_MOST_LOST = 0.003
"""Of accuracy on the faces that choose: rare emotions are not to be bought more dearly."""


def dealt_prior(target: F32) -> F64:
    """(8,) share of each emotion in what an epoch shows; `target` (N, 8) as dealt."""
    prior: F64 = np.asarray(target, np.float64).mean(0)
    return prior


def shift(logits: npt.NDArray[Any], prior: F64, *, tau: float) -> F32:
    """(..., 8) logits, or a bias (8,), less `tau` times the log prior. Its mean stays."""
    log = np.log(np.maximum(prior, 1e-6))
    out: F32 = (np.asarray(logits) - tau * (log - log.mean())).astype(np.float32)
    return out


def chosen_shift(logits: F32, faces: Split, prior: F64) -> tuple[float, list[dict[str, float]]]:
    """The tau with the best macro-F1 that loses next to no accuracy, and a row for each tried.

    The tau nearest 0 of equals: a shift must earn its place. Below 0 it favours the frequent ones,
    which undoes part of showing rare emotions more often in training.
    """
    rows: list[dict[str, float]] = []
    for tau in _STEPS:
        moved = shift(logits, prior, tau=float(tau))
        rows.append(
            {
                "tau": float(tau),
                "accuracy": accuracy(moved, faces),
                "macro_f1": macro_f1(moved, faces),
                "rare_recall": rare_recall(moved, faces),
            }
        )
    unmoved = next(row for row in rows if row["tau"] == 0)
    allowed = [row for row in rows if row["accuracy"] >= unmoved["accuracy"] - _MOST_LOST]
    return max(allowed, key=lambda row: (row["macro_f1"], -abs(row["tau"])))["tau"], rows
