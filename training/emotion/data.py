"""FER+ as the network and the scores see it. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTIONS

__all__ = ["CROP_PX", "INPUT_PX", "MEAN", "STD", "Split", "load"]

CROP_PX = 48
"""Resolution of FER+'s pictures, hence of every face the network ever sees in training."""
INPUT_PX = 64
MEAN, STD = 0.508, 0.255
"""Of the training pictures' greys, scaled to 0..1."""

_K = len(EMOTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Faces with what ten people called them."""

    images: U8
    """(N, 48, 48) grey."""
    target: F32
    """(N, 8) share of the votes, sums to 1, in `vocab.EMOTIONS` order."""
    decided: npt.NDArray[np.bool_]
    """(N,) one label has over half of the votes: the faces that count in accuracy."""

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """(N,) the label with the most votes."""
        top: npt.NDArray[np.int64] = self.target.argmax(1)
        return top


def load(folder: Path, name: str) -> Split:
    """The split `name` (`train`, `valid`) of an .npz folder with `images` and `votes`.

    The protocol: a single vote counts for nothing where another label has more; faces whose top
    label is "unknown" or "not a face" are dropped; what is left of the eight is scaled to 1.
    """
    with np.load(folder / f"{name}.npz") as stored:
        images, votes = stored["images"], stored["votes"].astype(np.float64)
    votes[(votes <= 1) & (votes.max(1, keepdims=True) > 1)] = 0
    keep = (votes.argmax(1) < _K) & (votes[:, :_K].sum(1) > 0)
    images, votes = images[keep], votes[keep]
    named = votes[:, :_K]
    return Split(
        images=images,
        target=(named / named.sum(1, keepdims=True)).astype(np.float32),
        decided=votes.max(1) > 0.5 * votes.sum(1),
    )
