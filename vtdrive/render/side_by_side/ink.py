"""Small drawings on RGB pictures by OpenCV: text that can be read, bars, curves."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import cv2
import numpy as np

from vtdrive.render.pictures import Colour
from vtdrive.types import F32, U8

__all__ = ["BACK", "DIM", "FAINT", "LIGHT", "PALETTE", "bar", "curve", "text"]

BACK: Final = (20, 22, 30)
FAINT: Final = (40, 44, 58)
DIM: Final = (138, 146, 166)
LIGHT: Final = (226, 230, 240)
PALETTE: Final = ((94, 224, 204), (255, 138, 176), (255, 200, 92), (138, 174, 255))
_FINER: Final = 4
_SHIFT: Final = 4
Align = Literal["left", "right", "middle"]


@lru_cache(maxsize=512)
def _mask(words: str, size_px: int, *, bold: bool) -> U8:
    """(H, W) how much of each pixel the words cover; H is that of the tallest letters and tails."""
    font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
    scale, thick = size_px * _FINER / 22.0, max(1, round(size_px * _FINER / (10 if bold else 13)))
    (width, height), base = cv2.getTextSize(words, font, scale, thick)
    fine = np.zeros((height + base + 2 * thick, width + 2 * thick), np.uint8)
    cv2.putText(fine, words, (thick, height + thick), font, scale, 255, thick, cv2.LINE_AA)
    size = (-(-fine.shape[1] // _FINER), -(-fine.shape[0] // _FINER))
    out: U8 = cv2.resize(fine, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return out


def text(
    image: U8,
    at: tuple[int, int],
    words: str,
    colour: Colour = LIGHT,
    *,
    size_px: int = 12,
    bold: bool = False,
    align: Align = "left",
) -> int:
    """Write `words` with their upper edge at `at` (x, y); what leaves the picture is cut off.

    Returns how wide they are.
    """
    mask = _mask(words, size_px, bold=bold)
    height, width = mask.shape
    x = at[0] - {"left": 0, "right": width, "middle": width // 2}[align]
    y = at[1]
    left, top = max(0, -x), max(0, -y)
    patch = image[max(0, y) : y + height, max(0, x) : x + width]
    seen = mask[top : top + patch.shape[0], left : left + patch.shape[1]].astype(np.uint16)[
        ..., None
    ]
    ink = np.array(colour, np.uint16)
    patch[:] = ((patch * (255 - seen) + ink * seen + 127) // 255).astype(np.uint8)
    return width


def bar(image: U8, box: tuple[int, int, int, int], value: float, colour: Colour) -> None:
    """A bar with round ends, filled from the left by `value` (0..1). A box: x, y, width, height."""
    x, y, width, height = box
    _pill(image, x, y, width, height, FAINT)
    filled = float(np.clip(value, 0.0, 1.0)) * (width - height)
    if filled > 0.5:
        _pill(image, x, y, height + filled, height, colour)


def _pill(image: U8, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    one = 1 << _SHIFT
    radius = height / 2
    ends = [(x + radius, y + radius), (x + width - radius, y + radius)]
    (x0, y0), (x1, y1) = ((round(a * one), round(b * one)) for a, b in ends)
    inner = round((radius - 0.5) * one)
    for cx in (x0, x1):
        cv2.circle(image, (cx, y0), inner, colour, -1, cv2.LINE_AA, _SHIFT)
    cv2.rectangle(image, (x0, y0 - inner), (x1, y1 + inner), colour, -1, cv2.LINE_AA, _SHIFT)


def curve(
    image: U8, box: tuple[int, int, int, int], values: F32, span: int, colour: Colour
) -> None:
    """`values` (N,) in 0..1, the newest at the right edge of `box`, `span` of them filling it."""
    x, y, width, height = box
    count = min(len(values), span)
    if not count:
        return
    along = x + width - (np.arange(count)[::-1] * (width / (span - 1)))
    up = y + height * (1.0 - np.clip(values[-count:], 0.0, 1.0))
    points = np.round(np.stack([along, up], axis=1) * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(image, [points], False, colour, 2, cv2.LINE_AA, _SHIFT)
    end = (int(points[-1, 0]), int(points[-1, 1]))
    cv2.circle(image, end, 4 << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)
