"""Labelled faces, wherever they come from: what every reader of a data set hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from vtdrive.errors import UsageError
from vtdrive.eval.emotion_labels import VOTE_COLUMNS, Labels, labels_of
from vtdrive.types import U8

__all__ = ["LEFT_OUT", "Faces", "from_votes", "refuse"]


LEFT_OUT: Final = {
    "dropped": "called unknown or no face by most",
    "no_votes": "without votes",
    "no_picture": "without a picture",
    "no_label": "beside the folders of emotions",
}
"""Why a data set may hold more than is judged, and how that is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """N labelled pictures; each is read when it is asked for, so that any number fits."""

    kind: str
    """`npz`, `folders` or `csv`."""
    labels: Labels
    read: Callable[[int], U8]
    """Index to picture (H, W, 3) RGB; SourceError, with its name, where there is none."""
    left_out: Mapping[str, int]
    """Reason, of `LEFT_OUT`, to how many; those of 0 may be missing."""


def from_votes(
    kind: str, votes: npt.NDArray[Any], read: Callable[[int], U8], *, no_picture: int = 0
) -> Faces:
    """The faces that the protocol keeps of M rows of votes; `read` takes a row's number."""
    kept, labels = labels_of(votes)
    silent = int((np.asarray(votes).sum(1) == 0).sum())
    return Faces(
        kind,
        labels,
        lambda at: read(int(kept[at])),
        {
            "dropped": len(votes) - len(kept) - silent,
            "no_votes": silent,
            "no_picture": no_picture,
        },
    )


def refuse(data: Path, reason: str, remedy: str = "") -> NoReturn:
    """Raises UsageError about the data as a whole."""
    raise UsageError(
        f"{data} cannot be evaluated: {reason}",
        remedy
        or "see docs/reference/emotion-eval.md for what a set of labelled faces looks like"
        f" (votes in the order {', '.join(VOTE_COLUMNS)})",
    )
