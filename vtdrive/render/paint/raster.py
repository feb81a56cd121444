"""Pictures by OpenCV: one picture, warped to where its mesh has been moved."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.render.picture_files import RasterArt
from vtdrive.types import F32, U8

__all__ = ["Stamp"]

F64 = npt.NDArray[np.float64]
_COARSE_PX = 16
"""How far apart a bend is worked out; between, it is smooth."""


class Stamp:
    """Warps one picture; made for one size of an avatar on the screen."""

    def __init__(self, art: RasterArt, grid: tuple[int, int], scale: float) -> None:
        """`grid`: points across and down of its mesh; `scale`: pixels of one art unit."""
        self._grid = grid
        # Shrunk once and well: a warp takes one of many pixels, and what is fine then glitters.
        height, width = art.rgba.shape[:2]
        wide = min(width, max(1, math.ceil(art.size[0] * scale)))
        high = min(height, max(1, math.ceil(art.size[1] * scale)))
        small = cv2.resize(art.rgba, (wide, high), interpolation=cv2.INTER_AREA)
        rows, columns = np.nonzero(small[..., 3].any(1))[0], np.nonzero(small[..., 3].any(0))[0]
        self.empty = not len(rows)
        if self.empty:
            return
        top, bottom = max(0, rows[0] - 1), min(high, rows[-1] + 2)
        left, right = max(0, columns[0] - 1), min(wide, columns[-1] + 2)
        self._image: U8 = np.ascontiguousarray(small[top:bottom, left:right])
        self._corner = np.array([left, top], float)
        self._size = np.array([wide, high], float)

    def warped(self, mesh: F64, width: int, height: int) -> tuple[U8, int, int] | None:
        """The picture (h, w, 4) and its left upper pixel, where the mesh (rows · columns, 2) lies
        in a picture of `width` × `height`; None where nothing of it is seen."""
        columns, rows = self._grid
        u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
        # Where the mesh lies on the picture, counted from the middle of its first pixel.
        source = np.stack([u.ravel(), v.ravel()], 1) * self._size - self._corner - 0.5
        affine, *_ = np.linalg.lstsq(
            np.concatenate([source, np.ones((len(source), 1))], 1), mesh - 0.5, rcond=None
        )
        rest = mesh - 0.5 - _apply(affine, source)
        box = self._box(affine, rest, width, height)
        if box is None or abs(np.linalg.det(affine[:2])) < 1e-6:
            return None
        x, y, w, h = box
        if float(np.abs(rest).max()) < 0.05:
            matrix = affine.T.copy()
            matrix[:, 2] -= (x, y)
            return np.asarray(cv2.warpAffine(self._image, matrix, (w, h))), x, y
        maps = self._maps(affine, rest, box)
        return np.asarray(cv2.remap(self._image, *maps, cv2.INTER_LINEAR)), x, y

    def _box(
        self, affine: F64, rest: F64, width: int, height: int
    ) -> tuple[int, int, int, int] | None:
        high, wide = self._image.shape[:2]
        corners = _apply(affine, np.array([[0, 0], [wide, 0], [0, high], [wide, high]], float))
        slack = np.abs(rest).max(0) + 1.5
        low = np.maximum(np.floor(corners.min(0) - slack), 0).astype(int)
        top = np.minimum(np.ceil(corners.max(0) + slack), (width, height)).astype(int)
        x, y = low.tolist()
        w, h = (top - low).tolist()
        return (x, y, w, h) if w > 0 and h > 0 else None

    def _maps(self, affine: F64, rest: F64, box: tuple[int, int, int, int]) -> tuple[F32, F32]:
        """For each pixel of the box, the place on the picture that it shows."""
        x, y, w, h = box
        columns, rows = self._grid
        nx, ny = (max(2, math.ceil(n / _COARSE_PX) + 1) for n in (w, h))
        px, py = np.meshgrid(np.linspace(0, w - 1, nx) + x, np.linspace(0, h - 1, ny) + y)
        target = np.stack([px.ravel(), py.ravel()], 1)
        back = np.linalg.inv(affine[:2])
        field = rest.reshape(rows, columns, 2)
        at = (target - affine[2]) @ back
        for _ in range(4):  # what lies there was moved by what the mesh says of that very place
            share = (at + self._corner + 0.5) / self._size * (columns - 1, rows - 1)
            at = (target - affine[2] - _bilinear(field, share)) @ back
        coarse = at.reshape(ny, nx, 2).astype(np.float32)
        return _stretched(coarse[..., 0], w, h), _stretched(coarse[..., 1], w, h)


def _apply(affine: F64, points: F64) -> F64:
    moved: F64 = points @ affine[:2] + affine[2]
    return moved


def _bilinear(field: F64, at: F64) -> F64:
    rows, columns = field.shape[:2]
    x, y = np.clip(at[:, 0], 0, columns - 1), np.clip(at[:, 1], 0, rows - 1)
    left, top = np.minimum(x.astype(int), columns - 2), np.minimum(y.astype(int), rows - 2)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    upper = field[top, left] * (1 - fx) + field[top, left + 1] * fx
    lower = field[top + 1, left] * (1 - fx) + field[top + 1, left + 1] * fx
    out: F64 = upper * (1 - fy) + lower * fy
    return out


def _stretched(coarse: F32, width: int, height: int) -> F32:
    """Linear between the coarse points, whose outermost ones are the outermost pixels."""
    rows, columns = coarse.shape
    matrix = np.array(
        [[(width - 1) / (columns - 1), 0, 0], [0, (height - 1) / (rows - 1), 0]], float
    )
    flags = cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpAffine(
            coarse, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
    )
