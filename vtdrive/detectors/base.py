"""The seam that face detectors for pictures standing alone implement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vtdrive.types import F32, U8

__all__ = ["FaceDetector", "FoundFace"]


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """One face as a detector saw it, in pixels of the picture, centres on whole numbers."""

    box_px: F32
    """(4,) left, top, right, bottom; may reach beyond the picture, never wholly."""
    score: float
    """In [0, 1]; comparable within one detector only."""
    eyes_px: F32
    """(2, 2) x, y of the subject's right eye, then of the left."""
    points_side: float
    """Side of the upright square around the 478 points of the mesh, as a share of the box's longer
    side: the detector's own convention of what belongs to a face, measured."""
    points_down: float
    """How far that square's centre lies below the box's, towards the chin, in the same measure."""


@runtime_checkable
class FaceDetector(Protocol):
    """Finds every face of a picture that stands alone. All calls come from one thread.

    The caller: calls `open` once and `close` exactly once, also after a failed `open`.
    The implementation: imports heavy packages in `open`; leaves the picture unchanged; remembers
    nothing between pictures, so that the same picture gives the same faces; takes pictures of any
    size, in time and memory that the size of the picture bounds, not the number of faces.
    """

    name: str

    def open(self) -> None:
        """Loads the models. Raises MissingExtra, ModelError or TrackerError."""

    def detect(self, image_rgb: U8) -> list[FoundFace]:
        """The faces of `image_rgb` (H, W, 3), surest first; none is an empty list."""

    def close(self) -> None:
        """Frees the models. Never raises."""
