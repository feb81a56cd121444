"""The face mesh of a picture that stands alone: no face before it, none to follow after it.

A picture cut closely around one face, as data sets store them, has neither the room around the
face that the detector wants nor the pixels that the mesh wants. It is given both here.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from vtdrive.trackers.detector import Candidate, Detector
from vtdrive.trackers.lock import Region, Spot
from vtdrive.trackers.mesh import Mesh
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import F32, U8

__all__ = ["StillMesh"]

_ROOMY_PX = 256
"""Pictures with a shorter side of less are enlarged to about this, after a rim was added."""
_WARM_UP_PX = 64
_RIM = 0.25
"""Repeated border, as a share of the shorter side."""


class StillMesh:
    """Finds the largest face of a picture and measures its 478 points."""

    def __init__(self, *, min_confidence: float = 0.3) -> None:
        self._min_confidence = min_confidence
        self._detector: Detector | None = None
        self._mesh: Mesh | None = None

    def open(self) -> None:
        """Loads mediapipe; raises TrackerError when it cannot be."""
        with quiet_stderr():
            self._detector = Detector(min_confidence=self._min_confidence)
            self._mesh = Mesh(min_confidence=0.5)
            # mediapipe says things to standard error until each model has run once.
            self(np.zeros((_WARM_UP_PX, _WARM_UP_PX, 3), np.uint8))

    def close(self) -> None:
        """Frees the models. Never raises."""
        for part in (self._detector, self._mesh):
            if part is not None:
                part.close()
        self._detector = self._mesh = None

    def __call__(self, image_rgb: U8) -> F32 | None:
        """(478, 3) pixels of `image_rgb` (H, W, 3), centres on whole numbers, or None."""
        picture, enlarged, rim = _roomy(image_rgb)
        found = max(self.faces(picture), key=lambda one: one.spot.size, default=None)
        points = None if found is None else self.measure(picture, found)
        if points is None and rim:
            # The detector overlooks faces that fill the picture; such a picture is one face.
            height, width = picture.shape[:2]
            side = min(height, width) / (1 + 2 * _RIM)
            points = self.measure(picture, Candidate(Spot(width / 2, height / 2, side / 1.1), 0.0))
        if points is None:
            return None
        points[:, :2] = (points[:, :2] + 0.5) / enlarged - 0.5 - rim
        points[:, 2] /= enlarged
        return points

    def faces(self, image_rgb: U8) -> list[Candidate]:
        """Every face that the detector sees in the whole picture."""
        assert self._detector is not None
        height, width = image_rgb.shape[:2]
        return self._detector(image_rgb, Region(0, 0, width, height))

    def measure(self, image_rgb: U8, face: Candidate) -> F32 | None:
        """(478, 3) pixels of the face at that place, or None where the mesh sees none."""
        assert self._mesh is not None
        height, width = image_rgb.shape[:2]
        seen = self._mesh(image_rgb, self._mesh.roi_at(face, width=width, height=height))
        return None if seen is None else seen.landmarks_px


def _roomy(image: U8) -> tuple[U8, int, int]:
    """The picture as the models want it, how often enlarged, and its rim in original pixels."""
    short = min(image.shape[:2])
    if short >= _ROOMY_PX:
        return image, 1, 0
    rim = max(1, round(_RIM * short))
    rimmed = cv2.copyMakeBorder(image, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
    enlarged = max(1, math.ceil(_ROOMY_PX / short))
    if enlarged > 1:
        size = rimmed.shape[1] * enlarged, rimmed.shape[0] * enlarged
        rimmed = cv2.resize(rimmed, size, interpolation=cv2.INTER_CUBIC)
    out: U8 = np.ascontiguousarray(rimmed)
    return out, enlarged, rim
