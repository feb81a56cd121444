"""The eyeball under the lids: a filled-in white, and the iris as a disc that can move."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt
from fields import EYES
from portrait import SCALE, smoothstep
from traces import IRIS

__all__ = ["Eye"]

F32 = npt.NDArray[np.float32]

_EYEBALL_PER_IRIS = 12.0 / 5.9
"""Radius of the eyeball over that of the iris, as in any adult eye."""


class Eye:
    """Paints one eyeball into the face region."""

    def __init__(self, side: str, rgb: F32, x: F32, y: F32) -> None:
        slit = EYES[side]
        (cx, cy), self._radius = IRIS[side]
        near = (np.abs(x - cx) < 17) & (np.abs(y - cy) < 12)
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        self._window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self._x, self._y = x[self._window].astype(float), y[self._window].astype(float)
        self._cx, self._cy = cx, cy
        part = np.ascontiguousarray(rgb[self._window])
        u, v = slit.axes(self._x, self._y)
        inset = np.minimum(v - slit.upper(u) - 0.55, slit.lower(u) - v - 0.35)
        self._white = self._fill_white(part, inset)
        self._iris = self._complete_iris(part, inset)

    def _fill_white(self, rgb: F32, inset: npt.NDArray[np.float64]) -> F32:
        far = np.hypot(self._x - self._cx, self._y - self._cy) - self._radius
        known = ((inset > 0.1) & (far > 1.15)).astype(np.float32)
        out = np.full_like(rgb, 0)
        for sigma_px in (5.0, 2.2, 1.0, 0.5):
            weight = cv2.GaussianBlur(known, (0, 0), sigma_px * SCALE)
            mean = cv2.GaussianBlur(rgb * known[..., None], (0, 0), sigma_px * SCALE)
            mean /= np.maximum(weight, 1e-5)[..., None]
            trust = 1.0 if sigma_px == 5.0 else smoothstep((weight - 0.1) / 0.5)[..., None]
            out = out * (1 - trust) + mean * trust
        sure = cv2.GaussianBlur(known, (0, 0), 0.3 * SCALE)[..., None] * known[..., None]
        return np.asarray(out * (1 - sure) + rgb * sure, np.float32)

    def _complete_iris(self, rgb: F32, inset: npt.NDArray[np.float64]) -> F32:
        """The lid hides the top of the iris: what is hidden is taken from its lower half."""
        h, w = inset.shape
        columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        centre_row = float((self._cy - self._y[0, 0]) * SCALE)
        mirrored = cv2.remap(rgb, columns, 2 * centre_row - rows, cv2.INTER_LINEAR,
                             borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        share = smoothstep(inset / 0.7 + 0.2)[..., None]
        share = np.where(rows[..., None] > centre_row + 4, 1.0, share)
        return np.asarray(rgb * share + mirrored * (1 - share), np.float32)

    def paint(self, rgb: F32, upper_skin: F32, values: Mapping[str, float]) -> None:
        """Writes the eyeball into `rgb` in place; the lid's layer casts a little shade on it."""
        reach = _EYEBALL_PER_IRIS * self._radius
        dx = reach * math.sin(values.get("gaze_yaw_rad", 0.0))
        dy = -reach * math.sin(values.get("gaze_pitch_rad", 0.0))
        shift = np.array([[1, 0, dx * SCALE], [0, 1, dy * SCALE]], np.float32)
        h, w = self._x.shape
        iris = cv2.warpAffine(self._iris, shift, (w, h), flags=cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        far = np.hypot(self._x - self._cx - dx, self._y - self._cy - dy)
        disc = smoothstep((self._radius + 0.45 - far) / 0.9)[..., None]
        ball = self._white * (1 - disc) + iris * disc
        lid = cv2.GaussianBlur(upper_skin[self._window], (0, 0), 0.9 * SCALE)[..., None]
        rgb[self._window] = ball * (1 - 0.38 * lid)
