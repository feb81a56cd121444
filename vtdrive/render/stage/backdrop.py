"""The camera's picture, small, on its way to the process that paints: a blurred background."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.types import U8

__all__ = ["CAMERA_BYTES", "picture_of", "small_picture"]

_LONG_PX: Final = 160
"""Of its longer side: it is blurred anyway."""
_SIZES: Final = 4
CAMERA_BYTES: Final = _SIZES + 3 * _LONG_PX * _LONG_PX
"""The most that `small_picture` gives."""


def small_picture(image: U8) -> U8:
    """Bytes of the (H, W, 3) `image` scaled down to at most 160 pixels; about 0.2 ms for VGA."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, _LONG_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    sizes = np.array(size, np.uint16).view(np.uint8)
    return np.concatenate([sizes, small.ravel()])


def picture_of(data: U8) -> U8 | None:
    """The (h, w, 3) picture in the bytes of `small_picture`; None in those of nothing."""
    if len(data) <= _SIZES:
        return None
    width, height = data[:_SIZES].view(np.uint16).tolist()
    return data[_SIZES:].reshape(height, width, 3)
