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
_LONGEST_PX = 4096
"""A sliver of a picture is enlarged to no more than this."""
_TOO_LONG_PX = 32_767
"""mediapipe does not refuse a picture with a longer side: it ends the program."""
_WARM_UP_PX = 64
_RIM = 0.25
"""Repeated border, as a share of the shorter side."""
_REACH = 1.5
"""Half side, in face sizes, of what `measure_near` looks at: twice what the mesh is given."""
_NEAR_PX = 768
"""Longest side of that: a larger face has more detail than the mesh can use."""


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
        """(478, 3) pixels of `image_rgb` (H, W, 3), centres on whole numbers, or None.

        No face is looked for in a picture with a side of over 32,767 pixels.
        """
        if max(image_rgb.shape[:2]) > _TOO_LONG_PX:
            return None
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
        """Every face that the detector sees in the whole picture; none in one that is too long."""
        assert self._detector is not None
        height, width = image_rgb.shape[:2]
        if max(height, width) > _TOO_LONG_PX:
            return []
        return self._detector(image_rgb, Region(0, 0, width, height))

    def measure(self, image_rgb: U8, face: Candidate) -> F32 | None:
        """(478, 3) pixels of the face at that place, or None where the mesh sees none.

        None also in a picture that is too long.
        """
        assert self._mesh is not None
        height, width = image_rgb.shape[:2]
        if max(height, width) > _TOO_LONG_PX:
            return None
        seen = self._mesh(image_rgb, self._mesh.roi_at(face, width=width, height=height))
        return None if seen is None else seen.landmarks_px

    def measure_near(self, image_rgb: U8, face: Candidate) -> F32 | None:
        """As `measure`, but twice, the second time where the first saw the face to be.

        So it does not matter much by whose measure `face` was found. Only its surroundings are
        looked at: the size of the picture costs nothing. None also for a place beyond the picture.
        """
        assert self._mesh is not None
        spot, half = face.spot, face.spot.size / 2
        height, width = image_rgb.shape[:2]
        if not (-half < spot.x < width + half and -half < spot.y < height + half):
            return None
        patch, scale, (left, top) = _around(image_rgb, spot)
        there = Candidate(
            Spot((spot.x - left) * scale, (spot.y - top) * scale, spot.size * scale), face.roll_rad
        )
        side = patch.shape[0]
        seen = self._mesh(patch, self._mesh.roi_at(there, width=side, height=side))
        if seen is not None:
            seen = self._mesh(patch, seen.roi)
        if seen is None:
            return None
        points = seen.landmarks_px
        points[:, :2] = (points[:, :2] + 0.5) / scale - 0.5 + (left, top)
        points[:, 2] /= scale
        return points


def _around(image: U8, spot: Spot) -> tuple[U8, float, tuple[float, float]]:
    """A square around a face, its border repeated beyond the picture; its scale and its corner."""
    height, width = image.shape[:2]
    reach = _REACH * spot.size
    # Shrunk first, then filled up: a face may be far larger than what is seen of it.
    scale = min(1.0, _NEAR_PX / (2 * reach))
    x0, y0 = math.floor(spot.x + 0.5 - reach), math.floor(spot.y + 0.5 - reach)
    x1, y1 = math.ceil(spot.x + 0.5 + reach), math.ceil(spot.y + 0.5 + reach)
    left, top = min(max(0, x0), width - 1), min(max(0, y0), height - 1)
    part = image[top : max(top + 1, y1), left : max(left + 1, x1)]
    shown = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    if scale < 1:
        part = cv2.resize(part, shown, interpolation=cv2.INTER_AREA)
    side = math.ceil(2 * reach * scale) + 2
    before_x = max(0, round((left - x0) * scale))
    before_y = max(0, round((top - y0) * scale))
    filled: U8 = cv2.copyMakeBorder(
        part,
        before_y,
        max(0, side - before_y - part.shape[0]),
        before_x,
        max(0, side - before_x - part.shape[1]),
        cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(filled[:side, :side]), scale, (float(x0), float(y0))


def _roomy(image: U8) -> tuple[U8, int, int]:
    """The picture as the models want it, how often enlarged, and its rim in original pixels."""
    short = min(image.shape[:2])
    if short >= _ROOMY_PX:
        return image, 1, 0
    rim = max(1, round(_RIM * short))
    rimmed = cv2.copyMakeBorder(image, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
    enlarged = max(1, min(math.ceil(_ROOMY_PX / short), _LONGEST_PX // max(rimmed.shape[:2])))
    if enlarged > 1:
        size = rimmed.shape[1] * enlarged, rimmed.shape[0] * enlarged
        rimmed = cv2.resize(rimmed, size, interpolation=cv2.INTER_CUBIC)
    out: U8 = np.ascontiguousarray(rimmed)
    return out, enlarged, rim
