"""What shows between the lips: her own upper teeth, then the dark of the mouth, and the tongue."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt
from fields import JAW_PX, MOUTH
from portrait import SCALE, smoothstep

__all__ = ["Mouth"]

F32 = npt.NDArray[np.float32]

_DARK_RGB = (58, 24, 23)
_TONGUE_RGB = (158, 82, 80)


class Mouth:
    """Paints the inside of the mouth into the face region."""

    def __init__(self, rgb: F32, x: F32, y: F32) -> None:
        u, v = MOUTH.axes(x, y)
        near = (np.abs(u) < MOUTH.half + 6) & (v > -14) & (v < 46)
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        self._window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self._u, self._v = u[self._window], v[self._window]
        top, bottom = MOUTH.upper(self._u), MOUTH.lower(self._u)
        # Above the lip's edge the teeth go on; below the lower lip they end.
        inner_v = np.clip(self._v, top + 0.9, np.maximum(bottom - 0.9, top + 0.9))
        shift = (inner_v - self._v) * SCALE
        r, c = np.mgrid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
        e = MOUTH.e_v
        self._teeth = cv2.remap(
            rgb, (c + shift * e[0]).astype(np.float32), (r + shift * e[1]).astype(np.float32),
            cv2.INTER_LINEAR,
        )  # fmt: skip
        edge = bottom - 0.2 + 0.18 * np.cos(self._u * 2 * np.pi / 5.2)
        self._is_teeth = (smoothstep((edge - self._v) / 1.2 + 0.5))[..., None]

    def paint(self, rgb: F32, upper_skin: F32, values: Mapping[str, float]) -> None:
        """Writes into `rgb` in place; the upper lip casts a little shade."""
        jaw = values.get("jawOpen", 0.0)
        drop = JAW_PX * jaw
        dark = np.array(_DARK_RGB, np.float32)
        tongue_v = 10.0 + drop * 0.9
        far = np.hypot(self._u / 10.5, (self._v - tongue_v) / (3.0 + 0.33 * drop))
        tongue = smoothstep(1.15 - far)[..., None] * min(1.0, 1.6 * jaw) * 0.75
        inside = dark * (1 - tongue) + np.array(_TONGUE_RGB, np.float32) * tongue
        mixed = self._teeth * self._is_teeth + inside * (1 - self._is_teeth)
        skin = upper_skin[self._window]
        lip = cv2.GaussianBlur(skin, (0, 0), 1.0 * SCALE)[..., None]
        deep = min(1.0, jaw / 0.3)
        rgb[self._window] = mixed * (1 - (0.15 + 0.25 * deep) * lip)
