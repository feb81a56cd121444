"""Turns the cut-out head: its depth map is rotated about the neck and seen by a pinhole camera."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from portrait import CROP, OUT, SCALE, Portrait, smoothstep

from vtdrive.spaces import quat_from_euler

__all__ = ["Head", "invert"]

F32 = npt.NDArray[np.float32]

_PIVOT = (224.0, 148.0, 40.0)
"""Where head and neck meet, source px; z as deep as the ears."""
_CAMERA_PX = 750.0
"""Distance of the lens from the pivot: about a metre, since the portrait is a long-lens picture."""


def invert(forward: F32, *, per_px: float, steps: int = 11, gain: float = 0.6) -> F32:
    """(h, w, 2) displacement D with p + D(p) = q, turned into E with q - E(q) = p.

    D is in source px and sampled `per_px` times per source px. Damped fixed-point iteration, which
    settles wherever no direction shrinks to nothing or stretches more than threefold.
    """
    height, width = forward.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    back = forward.copy()
    for _ in range(steps):
        sampled = cv2.remap(
            forward, x - back[..., 0] * per_px, y - back[..., 1] * per_px,
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        back += gain * (sampled - back)
    return back


class Head:
    """Renders a face canvas under a head rotation."""

    def __init__(self, portrait: Portrait) -> None:
        self._plate = portrait.plate
        x0, y0, width, height = CROP
        x, y = np.meshgrid(np.arange(width) + float(x0), np.arange(height) + float(y0))
        self._centre = np.array([x0 + width / 2 - 0.5, y0 + height / 2 - 0.5])
        near = _PIVOT[2] - portrait.depth.astype(float)  # towards the lens, from the pivot
        away = (_CAMERA_PX - near) / _CAMERA_PX
        # Right-handed, +Y up, relative to the pivot, so that the angles are those of vtdrive.
        px, py = np.array(_PIVOT[:2]) - self._centre
        self._points = np.stack(
            [(x - self._centre[0]) * away - px, py - (y - self._centre[1]) * away, near], -1
        )
        self._pivot = np.array([px, py])
        self._at = np.stack([x, y], -1)
        # The neck follows less and less; the black collar takes up the difference unseen.
        self._share = 1.0 - smoothstep((y - 170.0) / 50.0)[..., None]
        ox, oy = np.meshgrid(np.arange(OUT[0]), np.arange(OUT[1]))
        self._grid_x = ((ox + 0.5) * width / OUT[0] - 0.5).astype(np.float32)
        self._grid_y = ((oy + 0.5) * height / OUT[1] - 0.5).astype(np.float32)

    def render(self, canvas: F32, *, yaw: float, pitch: float, roll: float) -> F32:
        """(480, 640, 3) 0..255: the canvas turned by these radians, over the backdrop.

        The canvas is RGBA, premultiplied, lest the rim bring colours of the old backdrop along.
        """
        x, y, z, w = quat_from_euler(yaw=yaw, pitch=pitch, roll=roll)
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        turned = self._points @ rotation.T
        scale = _CAMERA_PX / (_CAMERA_PX - turned[..., 2])
        seen = np.stack(
            [
                (turned[..., 0] + self._pivot[0]) * scale + self._centre[0],
                (self._pivot[1] - turned[..., 1]) * scale + self._centre[1],
            ],
            -1,
        )
        forward = np.asarray((seen - self._at) * self._share, np.float32)
        back = invert(forward, per_px=1.0)
        dx, dy = cv2.split(cv2.remap(back, self._grid_x, self._grid_y, cv2.INTER_LINEAR))
        moved = cv2.remap(
            canvas,
            (self._grid_x - dx + 0.5) * SCALE - 0.5,
            (self._grid_y - dy + 0.5) * SCALE - 0.5,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(moved[..., :3] + self._plate * (1 - moved[..., 3:]), np.float32)
