"""One pass over labelled faces, through the very parts that a run uses, one view each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vtdrive.errors import ModelError, SourceError
from vtdrive.eval.emotion_faces import Faces
from vtdrive.eval.emotion_slices import measured
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["Picture", "Seen", "Tick", "look"]

Tick = Callable[[int, int], None]
"""Called with how many faces are done, of how many."""


class Picture(Protocol):
    """What a classifier of pictures must offer to be judged; `OnnxEmotion` does."""

    def crop_picture(self, image_rgb: U8, landmarks_px: F32 | None) -> U8:
        """What `infer` takes; ValueError when the landmarks allow no crop."""
        ...

    def infer(self, crop: U8) -> tuple[F32, F32]:
        """Logits (8,) and an embedding."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one pass over a data set leaves: all that figures are computed from."""

    at: npt.NDArray[np.int64]
    """(R,) which faces of the data set were read."""
    logits: F32
    """(R, 8), of the picture."""
    shapes: F32
    """(R, 52), zeros where no mesh was found or none were asked for."""
    mesh: npt.NDArray[np.bool_]
    """(R,) whether a mesh was found; the others were read whole."""
    measures: list[dict[str, float]]
    """`emotion_slices.measured` of each."""
    unreadable: list[str]
    """A sentence for each picture that is none."""


def look(
    faces: Faces,
    classifier: Picture,
    mesh: Callable[[U8], F32 | None],
    *,
    shapes: Callable[[F32], F32] | None = None,
    tick: Tick = lambda done, of: None,
) -> Seen:
    """Reads every face once. All parts are open; `shapes` turns landmarks into (52,).

    Raises ModelError when the network gives something that is no number.
    """
    total = len(faces.labels.label)
    at: list[int] = []
    logits: list[F32] = []
    blendshapes: list[F32] = []
    found: list[bool] = []
    measures: list[dict[str, float]] = []
    unreadable: list[str] = []
    for i in range(total):
        try:
            image = faces.read(i)
        except SourceError as fault:
            unreadable.append(fault.what)
        else:
            crop, points = _cropped(image, classifier, mesh)
            row, _ = classifier.infer(crop)
            if np.isnan(row).any():
                raise ModelError(
                    f"the network gave no number for face {i + 1} of {total}",
                    "restore the model and its card together",
                )
            at.append(i)
            logits.append(row)
            found.append(points is not None)
            blendshapes.append(
                np.zeros(len(SHAPES), np.float32)
                if shapes is None or points is None
                else shapes(points)
            )
            measures.append(measured(image, points))
        tick(i + 1, total)
    return Seen(
        np.array(at, np.int64),
        np.array(logits, np.float32).reshape(-1, len(EMOTIONS)),
        np.array(blendshapes, np.float32).reshape(-1, len(SHAPES)),
        np.array(found, np.bool_),
        measures,
        unreadable,
    )


def _cropped(
    image: U8, classifier: Picture, mesh: Callable[[U8], F32 | None]
) -> tuple[U8, F32 | None]:
    points = mesh(image)
    try:
        return classifier.crop_picture(image, points), points
    except ValueError:
        return classifier.crop_picture(image, None), None
