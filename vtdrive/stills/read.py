"""Every face of a picture that stands alone, and what it shows: detector, mesh, crop, network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vtdrive.classifiers.crop import cut_square
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.detectors.base import FaceDetector, FoundFace
from vtdrive.errors import ModelError
from vtdrive.trackers.detector import Candidate
from vtdrive.trackers.lock import Spot
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8, frozen

__all__ = ["ReadFace", "StillReader"]

_BATCH = 32
_ALIKE = 2.0
"""A mesh this many times larger or smaller than the box is of something else."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadFace:
    """A face of a picture, and its expression."""

    found: FoundFace
    mesh: bool
    """Whether the mesh was found and the crop aligned by it; else by the detector's box and eyes,
    which the network was not trained on: the probabilities are less sure than they say."""
    probs: F32
    """(8,) in [0, 1], sums to 1, in `vocab.EMOTIONS` order."""


class StillReader:
    """Reads pictures one by one; remembers nothing between them. One thread.

    Takes what it is given unopened, opens all of it, and closes all of it.
    """

    def __init__(self, detector: FaceDetector, classifier: OnnxEmotion) -> None:
        self._detector = detector
        self._classifier = classifier
        self._mesh = StillMesh()

    def open(self) -> None:
        """Raises what detector, mesh and classifier raise: MissingExtra, Model- or TrackerError."""
        self._classifier.open()
        self._detector.open()
        self._mesh.open()

    def close(self) -> None:
        """Frees the models. Never raises."""
        for part in (self._mesh, self._detector, self._classifier):
            part.close()

    def read(self, image_rgb: U8) -> list[ReadFace]:
        """The faces of `image_rgb` (H, W, 3), surest first.

        Raises ModelError where the network fails or answers without numbers.
        """
        found = self._detector.detect(image_rgb)
        crops, meshes = [], []
        for face in found:
            points = self._points(image_rgb, face)
            meshes.append(points is not None)
            if points is None:
                crops.append(self._crop_by_box(image_rgb, face))
            else:
                crops.append(self._classifier.crop_picture(image_rgb, points))
        probs = self._probabilities(crops)
        return [
            ReadFace(face, mesh, frozen(row))
            for face, mesh, row in zip(found, meshes, probs, strict=True)
        ]

    def _points(self, image: U8, face: FoundFace) -> F32 | None:
        """The mesh of that very face, or None."""
        x, y, size = _extent(face)
        points = self._mesh.measure_near(image, Candidate(Spot(x, y, size), _roll_rad(face)))
        if points is None or not np.isfinite(points).all():
            return None
        lo, hi = points[:, :2].min(0), points[:, :2].max(0)
        near = max(abs((lo + hi) / 2 - (x, y))) < size / 2
        alike = 1 / _ALIKE < max(hi - lo) / size < _ALIKE
        return points if near and alike else None

    def _crop_by_box(self, image: U8, face: FoundFace) -> U8:
        """The crop that the mesh would have given, as far as a box and two eyes tell."""
        card = self._classifier.card
        x, y, size = _extent(face)
        roll = _roll_rad(face)
        right = np.array([math.cos(roll), math.sin(roll)])
        down = np.array([-right[1], right[0]])
        side = face.points_side * size
        centre = np.array([x, y]) + (face.points_down * size - card.lift * side) * down
        return cut_square(
            image,
            centre,
            right,
            side * card.margin,
            size_px=card.crop_px,
            colour=card.colour,
        )

    def _probabilities(self, crops: list[U8]) -> list[F32]:
        rows: list[F32] = []
        for at in range(0, len(crops), _BATCH):
            logits, _ = self._classifier.infer_many(np.stack(crops[at : at + _BATCH]))
            rows.extend(self._classifier.probabilities(logits))
        if not np.isfinite(rows).all():
            raise ModelError(
                f"model {self._classifier.path.name} answered without numbers",
                "restore the model and its card together, or use the shipped one",
            )
        return rows


def _extent(face: FoundFace) -> tuple[float, float, float]:
    """Centre and longer side of the box."""
    left, top, right, bottom = map(float, face.box_px)
    return (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top)


def _roll_rad(face: FoundFace) -> float:
    (x0, y0), (x1, y1) = face.eyes_px
    return math.atan2(float(y1 - y0), float(x1 - x0))
