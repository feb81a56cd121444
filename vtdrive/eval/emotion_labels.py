"""The label protocol: what ten people's votes say a face shows, and which faces are judged.

Three questions are answered from one set of votes, because published figures answer different
ones; docs/reference/emotion-eval.md tells them apart. No picture is looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

__all__ = ["VOTE_COLUMNS", "Labels", "labels_of", "one_label_each"]

VOTE_COLUMNS: Final = (*EMOTIONS, "unknown", "not a face")
"""What a vote can be for, in FER+'s order."""

_K: Final = len(EMOTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What N faces show, as people see it."""

    target: F32
    """(N, 8) share of the votes, sums to 1, in `vocab.EMOTIONS` order."""
    decided: npt.NDArray[np.bool_]
    """(N,) the majority rule: over half of the votes left after single ones are for one label."""
    strict: npt.NDArray[np.bool_]
    """(N,) the strict majority: over half of all votes cast are for one label."""

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """(N,) the label with the most votes; the first of equals."""
        top: npt.NDArray[np.int64] = self.target.argmax(1)
        return top

    def some(self, which: npt.NDArray[np.int64]) -> Labels:
        """The faces at these indices."""
        return Labels(self.target[which], self.decided[which], self.strict[which])


def labels_of(votes: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], Labels]:
    """Rows (N,) of the faces that are kept, and their labels, from votes (M, 10) or (M, 8).

    Columns are those of `VOTE_COLUMNS`, without the last two where there are eight. A single vote
    counts for nothing where another label has more. Faces with most votes for "unknown" or "not a
    face", and faces without any vote, are not kept. What is left of the eight is scaled to 1;
    votes for the last two count against a majority.
    """
    cast = np.asarray(votes, np.float64)
    left = np.where((cast <= 1) & (cast.max(1, keepdims=True) > 1), 0.0, cast)
    named = left[:, :_K]
    kept = np.flatnonzero((left.argmax(1) < _K) & (named.sum(1) > 0))
    cast, left, named = cast[kept], left[kept], named[kept]
    top = left.max(1, initial=0.0)
    return kept, Labels(
        target=(named / named.sum(1, keepdims=True)).astype(np.float32),
        decided=top > 0.5 * left.sum(1),
        strict=top > 0.5 * cast.sum(1),
    )


def one_label_each(label: npt.NDArray[np.int64]) -> Labels:
    """Labels of faces that one person named: nobody disagrees, so every face is decided."""
    everyone = np.ones(len(label), np.bool_)
    return Labels(np.eye(_K, dtype=np.float32)[label], everyone, everyone)
