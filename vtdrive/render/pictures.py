"""What outputs without premultiplied alpha need of a picture. Pure; cv2 does the arithmetic.

Pictures are (H, W, 4) u8 RGBA, premultiplied: no colour exceeds its alpha.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, cast

import numpy as np

from vtdrive.types import U8

__all__ = ["Colour", "checkerboard", "colour_of", "flattened", "over", "straight"]

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

_HEX: Final = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def colour_of(text: str) -> Colour | None:
    """The colour that `#00ff00` names; None for any other text."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        return None
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def flattened(rgba: U8, colour: Colour) -> U8:
    """(H, W, 3) RGB: the picture in front of one colour. A new array."""
    import cv2

    *channels, alpha = cv2.split(rgba)
    for channel, level in zip(channels, colour, strict=True):
        if level:
            cv2.add(channel, cv2.LUT(alpha, _shining_through(level)), dst=channel)
    return cast(U8, cv2.merge(channels))


@lru_cache(maxsize=64)
def _shining_through(level: int) -> U8:
    """(256,) what of a backdrop's `level` is seen, by the alpha in front of it."""
    seen = np.rint((255.0 - np.arange(256)) * (level / 255.0))
    return cast(U8, seen.astype(np.uint8))


def over(rgba: U8, backdrop: U8) -> U8:
    """(H, W, 3) RGB: the picture in front of a (H, W, 3) RGB backdrop. A new array."""
    import cv2

    unseen = cv2.bitwise_not(cv2.cvtColor(cv2.extractChannel(rgba, 3), cv2.COLOR_GRAY2RGB))
    behind = cv2.multiply(backdrop, unseen, scale=1.0 / 255.0)
    return cast(U8, cv2.add(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), behind, dst=behind))


def straight(rgba: U8) -> U8:
    """(H, W, 4) RGBA with straight alpha, as PNG, WebM and most programs want it. A new array.

    What is fully transparent stays black: no colour of it is known.
    """
    out = rgba.copy()
    # Only rims are half transparent: a few thousand pixels of a million.
    alpha = np.ascontiguousarray(rgba[..., 3]).reshape(-1)
    at = np.flatnonzero((alpha - np.uint8(1)) < 254)  # 0 wraps to 255
    if at.size:
        pixels = out.reshape(-1, 4)
        rim = pixels[at].astype(np.uint32)
        opacity = rim[:, 3:]
        pixels[at, :3] = np.minimum((rim[:, :3] * 255 + opacity // 2) // opacity, 255)
    return out


def checkerboard(width: int, height: int, *, square_px: int = 16) -> U8:
    """(height, width, 3) RGB in two light greys, as drawing programs show transparency."""
    row, column = np.ogrid[:height, :width]
    odd = (row // square_px + column // square_px) % 2
    grey = np.where(odd, 205, 235).astype(np.uint8)
    return cast(U8, np.repeat(grey[..., None], 3, axis=2))
