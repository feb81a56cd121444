"""Pictures as the bytes that a page, a media source or a file wants."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from vtdrive.render.pictures import Colour, flattened, straight
from vtdrive.types import U8

__all__ = ["BEAT", "HEAD", "flat_jpeg", "stacked", "still_png"]

HEAD: Final = struct.Struct("<BBHHHHHHI")
"""Of a message, before its JPEG: version 1; kind; the picture's width and height; left, top, width
and height of the part that the JPEG holds; number of the picture. `avatar_page.html` reads it."""
_VERSION: Final = 1
_BEAT: Final = 0
"""Kind: nothing new, but alive."""
_ALPHA: Final = 1
"""Kind: the JPEG has the colour above and the alpha below, each of half its height; their upper
rows count. With a part of width 0, nothing is to be seen and there is no JPEG."""
_OPAQUE: Final = 2
"""Kind: the JPEG has the colour only."""
BEAT: Final = HEAD.pack(_VERSION, _BEAT, 0, 0, 0, 0, 0, 0, 0)
_BLOCK: Final = 16
"""The part begins and is cut at multiples of it, so that JPEG's blocks of 8 hold still while the
avatar moves, and no block holds both colour and alpha."""


def stacked(rgba: U8, seq: int, *, quality: int) -> bytes:
    """A message: head and JPEG of the part of `rgba` (H, W, 4; premultiplied) that shows anything.

    The colour stays premultiplied: past the edge it is black, which costs nothing, and what rings
    there is held down by alpha, so that no fringe appears. Chroma is not thinned out (4:4:4): the
    outline is where that would be seen, and as a grey picture alpha has none.
    """
    import cv2

    height, width = rgba.shape[:2]
    alpha = cv2.extractChannel(rgba, 3)
    if cv2.minMaxLoc(alpha)[0] == 255:
        head = HEAD.pack(_VERSION, _OPAQUE, width, height, 0, 0, width, height, seq & 0xFFFFFFFF)
        return head + _jpeg(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR), quality)
    left, top, wide, high = cv2.boundingRect(alpha)
    if wide == 0:
        return HEAD.pack(_VERSION, _ALPHA, width, height, 0, 0, 0, 0, seq & 0xFFFFFFFF)
    right, bottom = _up(left + wide, width), _up(top + high, height)
    left, top = left // _BLOCK * _BLOCK, top // _BLOCK * _BLOCK
    wide, high = right - left, bottom - top
    half = -(-high // _BLOCK) * _BLOCK
    part = rgba[top:bottom, left:right]
    both = np.empty((2 * half, wide, 3), np.uint8)
    cv2.mixChannels([part], [both[:high]], [2, 0, 1, 1, 0, 2])
    cv2.mixChannels([part], [both[half : half + high]], [3, 0, 3, 1, 3, 2])
    # Rows beyond the picture's end repeat the last, so that their block stays smooth.
    both[high:half], both[half + high :] = both[high - 1], both[half + high - 1]
    head = HEAD.pack(_VERSION, _ALPHA, width, height, left, top, wide, high, seq & 0xFFFFFFFF)
    return head + _jpeg(both, quality)


def flat_jpeg(rgba: U8, background: Colour, *, quality: int) -> bytes:
    """A JPEG of `rgba` (H, W, 4; premultiplied) on a plain background."""
    import cv2

    return _jpeg(cv2.cvtColor(flattened(rgba, background), cv2.COLOR_RGB2BGR), quality)


def still_png(rgba: U8) -> bytes:
    """A PNG of `rgba` (H, W, 4; premultiplied), with straight alpha as PNG has it."""
    import cv2

    return bytes(cv2.imencode(".png", cv2.cvtColor(straight(rgba), cv2.COLOR_RGBA2BGRA))[1])


def _jpeg(bgr: U8, quality: int) -> bytes:
    import cv2

    how = [
        cv2.IMWRITE_JPEG_QUALITY, quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]  # fmt: skip
    return bytes(cv2.imencode(".jpg", bgr, how)[1])


def _up(end: int, most: int) -> int:
    return min(most, -(-end // _BLOCK) * _BLOCK)
