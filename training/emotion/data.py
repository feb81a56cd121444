"""FER+ as the network and the scores see it. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vtdrive.eval.emotion_labels import labels_of
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTIONS

__all__ = ["CROP_PX", "INPUT_PX", "MEAN", "STD", "Split", "deal", "held_out", "load"]

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

    def some(self, which: npt.NDArray[np.int64]) -> Split:
        """The faces at these indices."""
        return Split(self.images[which], self.target[which], self.decided[which])


def load(folder: Path, name: str) -> Split:
    """The split `name` (`train`, `valid`) of an .npz folder with `images` and `votes`.

    The protocol is that of `vtdrive.eval.emotion_labels`; faces that it drops are left out.
    """
    with np.load(folder / f"{name}.npz") as stored:
        images, votes = stored["images"], stored["votes"]
    kept, labels = labels_of(votes)
    return Split(images[kept], labels.target, labels.decided)


def held_out(faces: Split, *, count: int = 2000, seed: int = 0) -> npt.NDArray[np.int64]:
    """Indices of the training faces that train nothing: they calibrate the quantized network."""
    return np.sort(np.random.default_rng(seed).permutation(len(faces.images))[:count])


def deal(label: npt.NDArray[np.int64], *, rare: float) -> npt.NDArray[np.int64]:
    """Indices of one epoch's faces, not shuffled: all once, those of rare emotions more often.

    An emotion with n faces is shown about (median n / n) ** rare times as often as it occurs, never
    less than once and at most six times; `rare` 0 leaves the data as they are.
    """
    count = np.bincount(label, minlength=_K)
    often = np.clip((np.median(count) / np.maximum(count, 1)) ** rare, 1, 6).round().astype(int)
    return np.repeat(np.arange(len(label)), often[label])
