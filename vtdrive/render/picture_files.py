"""Pictures that are parts of an avatar: read once, premultiplied, their size known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from vtdrive.render.picture_sizes import size_of
from vtdrive.types import U8

__all__ = ["LARGEST_SIDE", "PictureError", "RasterArt", "read_picture"]

LARGEST_SIDE: Final = 8192
_LARGEST_PIXELS: Final = 40_000_000
_LARGEST_BYTES: Final = 60_000_000


class PictureError(Exception):
    """Why a picture cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class RasterArt:
    """A picture, and where it lies on the canvas."""

    rgba: U8
    """(h, w, 4) premultiplied."""
    corner: tuple[float, float] = (0.0, 0.0)
    """Of its left upper pixel, in art units."""
    size: tuple[float, float] = (0.0, 0.0)
    """Width and height in art units."""

    def placed(self, at: tuple[float, float] | None, size: tuple[float, float] | None) -> RasterArt:
        """The same picture elsewhere; size None: a pixel is an art unit."""
        height, width = self.rgba.shape[:2]
        return replace(self, corner=at or (0.0, 0.0), size=size or (float(width), float(height)))


def read_picture(path: Path) -> RasterArt:
    """The picture in `path`; raises PictureError."""
    import cv2

    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise PictureError(f"cannot be read: {fault.strerror or fault}") from fault
    if len(raw) > _LARGEST_BYTES:
        raise PictureError(f"is larger than {_LARGEST_BYTES // 1_000_000} MB")
    size = size_of(raw)
    if size is not None:
        _check_size(size)
    # Photographs are turned as the camera was held.
    how = cv2.IMREAD_COLOR if raw.startswith(b"\xff\xd8") else cv2.IMREAD_UNCHANGED
    try:
        # Bytes rather than a path: on Windows OpenCV opens no path with letters beyond its code
        # page.
        decoded = cv2.imdecode(np.frombuffer(raw, np.uint8), how) if raw else None
    except cv2.error:
        decoded = None
    if decoded is None or decoded.dtype not in (np.uint8, np.uint16):
        raise PictureError("is no picture that can be read (.png, .webp, .jpg)")
    _check_size((decoded.shape[1], decoded.shape[0]))
    return RasterArt(premultiplied(_rgba(decoded)))


def premultiplied(rgba: U8) -> U8:
    """(h, w, 4) straight RGBA to premultiplied."""
    alpha = rgba[..., 3:].astype(np.uint16)
    out = rgba.copy()
    out[..., :3] = (rgba[..., :3] * alpha + 127) // 255
    return out


def _rgba(decoded: U8) -> U8:
    import cv2

    if decoded.dtype != np.uint8:
        decoded = (decoded / 257).astype(np.uint8)
    if decoded.ndim == 2:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_GRAY2RGBA))
    if decoded.shape[2] == 3:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGBA))
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA))


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if max(size) > LARGEST_SIDE or width * height > _LARGEST_PIXELS:
        raise PictureError(
            f"is {width} × {height}: a picture may have {LARGEST_SIDE} pixels a side and"
            f" {_LARGEST_PIXELS // 1_000_000} million in all; make it smaller"
        )
