"""Animates the frontal face: two layers of skin slide over painted eyeballs and mouth.

The upper layer carries brows, upper lids and upper lip, the lower one cheeks, lower lids, lower lip
and jaw. Both move by sums of smooth displacement fields, one per channel; they part only along the
eye slits and the lips, and agree everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt
from eyes import Eye
from fields import GRID_PER_PX, ROI, Fields
from head import invert
from mouth import Mouth
from portrait import CROP, SCALE, Portrait, to_canvas
from traces import FOLDS

__all__ = ["FaceAnimator"]

F32 = npt.NDArray[np.float32]


class FaceAnimator:
    """Renders the canvas with an expression. Deterministic."""

    def __init__(self, portrait: Portrait) -> None:
        self._canvas = portrait.canvas.copy()
        self._canvas[..., :3] *= self._canvas[..., 3:]
        self._last: dict[str, float] | None = None
        x0, y0, x1, y1 = ROI
        left, top = (x0 - CROP[0]) * SCALE, (y0 - CROP[1]) * SCALE
        width, height = (x1 - x0) * SCALE, (y1 - y0) * SCALE
        self._window = (slice(top, top + height), slice(left, left + width))
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        self._left, self._top = left, top
        # Canvas pixels in source px, and where they lie on the field grid.
        self._x = ((x + left + 0.5) / SCALE - 0.5 + CROP[0]).astype(np.float32)
        self._y = ((y + top + 0.5) / SCALE - 0.5 + CROP[1]).astype(np.float32)
        self._gx = (self._x - x0) * GRID_PER_PX
        self._gy = (self._y - y0) * GRID_PER_PX
        self._fields = Fields()
        part = portrait.canvas[self._window]
        self._skin = part[..., :3]
        self._eyes = [Eye(side, part[..., :3], self._x, self._y) for side in ("Left", "Right")]
        self._mouth = Mouth(part[..., :3], self._x, self._y)
        self._relaxed = _without_folds(self._skin, left=left, top=top)
        upper, lower = self._fields.masks(self._x, self._y)
        self._layers = (np.dstack([part, upper]), np.dstack([part, lower]))

    def render(self, values: Mapping[str, float]) -> F32:
        """The (H, W, 4) premultiplied RGBA canvas under these channel values (absent: 0).

        The array is reused by the next call.
        """
        now = {name: value for name, value in values.items() if value}
        if now == self._last:
            return self._canvas
        self._last = now
        upper_field, lower_field = self._fields.combine(now)
        calm = max(now.get(name, 0.0) for name in ("smile_release", "mouthPucker", "mouthFunnel"))
        skin = self._skin + np.float32(min(calm, 1.0)) * (self._relaxed - self._skin)
        for layer in self._layers:
            layer[..., :3] = skin
        upper = self._moved(self._layers[0], upper_field)
        lower = self._moved(self._layers[1], lower_field)
        below = self._skin.copy()
        for eye in self._eyes:
            eye.paint(below, upper[..., 4], now)
        self._mouth.paint(below, upper[..., 4], now)
        share_lower = lower[..., 4:]
        share_upper = upper[..., 4:] * (1 - share_lower)
        rgb = lower[..., :3] * share_lower + upper[..., :3] * share_upper
        rgb += below * (1 - share_lower - share_upper)
        alpha = np.maximum(upper[..., 3:4], lower[..., 3:4])
        self._canvas[self._window] = np.concatenate([rgb * alpha, alpha], 2)
        return self._canvas

    def _moved(self, layer: F32, field: F32) -> F32:
        back = invert(field, per_px=GRID_PER_PX)
        dx, dy = cv2.split(cv2.remap(back, self._gx, self._gy, cv2.INTER_LINEAR))
        at_x = (self._x - dx - CROP[0] + 0.5) * SCALE - 0.5 - self._left
        at_y = (self._y - dy - CROP[1] + 0.5) * SCALE - 0.5 - self._top
        parts = [layer[..., :3], layer[..., 3:]]
        moved = [
            cv2.remap(p, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for p in parts
        ]
        return np.asarray(np.dstack(moved), np.float32)


def _without_folds(rgb: F32, *, left: int, top: int) -> F32:
    """The same skin with the smile's folds mostly filled in from either side."""
    mask = np.zeros(rgb.shape[:2], np.uint8)
    for line in FOLDS:
        points = np.round((to_canvas(line) - [left, top]) * 16).astype(np.int32)
        cv2.polylines(mask, [points], False, 255, round(4.5 * SCALE), cv2.LINE_AA, 4)
    filled = cv2.inpaint(np.clip(rgb, 0, 255).astype(np.uint8), mask, 3 * SCALE, cv2.INPAINT_TELEA)
    filled = cv2.GaussianBlur(filled.astype(np.float32), (0, 0), 0.8 * SCALE)
    share = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.8 * SCALE)[..., None] * 0.8
    return np.asarray(rgb * (1 - share) + filled * share, np.float32)
