"""Pictures with faces where a test wants them, made from scikit-image's public-domain portrait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import skimage.data

from vtdrive.types import U8, Face, VideoFrame

__all__ = ["FPS", "At", "frame", "scene", "where"]

FPS = 10
_FACE_X, _FACE_Y, _FACE_SIZE = 225, 128, 115
"""Where the face lies in the portrait, and the longer side of its mesh, pixels."""
_CUT = 95
"""Half side of what is pasted, in pixels of the portrait."""


@dataclass(frozen=True)
class At:
    """A face at a place, `size` being the longer side of its mesh, in pixels."""

    x: float
    y: float
    size: float
    mirrored: bool = False
    hidden: bool = False
    """A grey box covers it."""


@lru_cache(maxsize=32)
def _portrait(side: int, mirrored: bool) -> U8:
    cut = skimage.data.astronaut()[_FACE_Y - _CUT : _FACE_Y + _CUT, _FACE_X - _CUT : _FACE_X + _CUT]
    out: U8 = cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA)
    return out[:, ::-1] if mirrored else out


def scene(faces: Sequence[At], *, width: int = 640, height: int = 360) -> U8:
    """The faces on a plain wall, later ones in front."""
    shade = np.linspace(150, 190, width, dtype=np.uint8)
    image = np.repeat(np.tile(shade, (height, 1))[:, :, None], 3, axis=2)
    for face in faces:
        side = round(2 * _CUT * face.size / _FACE_SIZE)
        x0, y0 = round(face.x - side / 2), round(face.y - side / 2)
        top, left = max(0, y0), max(0, x0)
        bottom, right = min(height, y0 + side), min(width, x0 + side)
        if bottom <= top or right <= left:
            continue
        patch = (
            np.full((side, side, 3), 120, np.uint8)
            if face.hidden
            else _portrait(side, face.mirrored)
        )
        image[top:bottom, left:right] = patch[top - y0 : bottom - y0, left - x0 : right - x0]
    return np.ascontiguousarray(image)


def frame(n: int, faces: Sequence[At], *, width: int = 640, height: int = 360) -> VideoFrame:
    """Frame `n` of a film at `FPS`."""
    image = scene(faces, width=width, height=height)
    image.setflags(write=False)
    return VideoFrame(n, n * 1_000_000_000 // FPS, image)


def where(face: Face) -> tuple[float, float]:
    """The middle of the mesh, pixels."""
    lo, hi = face.landmarks_px[:, :2].min(axis=0), face.landmarks_px[:, :2].max(axis=0)
    x, y = ((lo + hi) / 2).tolist()
    return x, y
