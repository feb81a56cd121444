"""A picture as the bytes of a PNG file."""

from __future__ import annotations

from typing import Any

import numpy as np

from vtdrive.render.importing.art import Art, Picture, Unreadable
from vtdrive.types import U8

__all__ = ["png_of", "rgba_of"]


def png_of(picture: Picture) -> bytes:
    """The PNG file of `picture`: its own bytes where nothing is to be done to it.

    Raises Unreadable where it cannot be decoded.
    """
    import cv2

    whole = picture.cut is None and picture.ground is None
    if whole and picture.art.kind == "png" and not picture.art.moves:
        found = _decoded(picture.art)
        if found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 4:
            return picture.art.data
    made, data = cv2.imencode(".png", cv2.cvtColor(rgba_of(picture), cv2.COLOR_RGBA2BGRA))
    if not made:
        raise Unreadable("cannot be stored as PNG")
    return bytes(data)


def rgba_of(picture: Picture) -> U8:
    """(H, W, 4) straight RGBA. Raises Unreadable where it cannot be decoded."""
    pixels = _unpacked(picture.art)
    if picture.cut is not None:
        x, y, width, height = picture.cut
        pixels = pixels[y : y + height, x : x + width]
    if picture.ground is None:
        return pixels
    wide, tall, x, y = picture.ground
    ground = np.zeros((tall, wide, 4), np.uint8)
    # What sticks out is cut off.
    left, top = max(0, x), max(0, y)
    part = pixels[top - y : max(top - y, tall - y), left - x : max(left - x, wide - x)]
    ground[top : top + part.shape[0], left : left + part.shape[1]] = part
    return ground


def _unpacked(art: Art) -> U8:
    import cv2

    if art.kind == "rgba":
        rows: U8 = np.frombuffer(art.data, np.uint8).reshape(art.height, art.width, 4)
        return rows[::-1] if art.bottom_up else rows
    if art.kind != "png":
        return _by_skia(art)
    found = _decoded(art)
    if found.dtype == np.uint16:
        found = (found >> 8).astype(np.uint8)
    if found.dtype != np.uint8:
        raise Unreadable("has pixels of an unknown kind", "save it as PNG with 8 bits a channel")
    if found.ndim == 2 or found.shape[2] == 1:
        rgba: U8 = cv2.cvtColor(found, cv2.COLOR_GRAY2RGBA)
    elif found.shape[2] == 3:
        rgba = cv2.cvtColor(found, cv2.COLOR_BGR2RGBA)
    else:
        rgba = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
    return rgba


def _decoded(art: Art) -> Any:
    import cv2

    try:
        found = cv2.imdecode(np.frombuffer(art.data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        found = None
    if found is None or found.shape[:2] != (art.height, art.width):
        raise Unreadable("is a damaged PNG", "save it again")
    return found


def _by_skia(art: Art) -> U8:
    """The first frame of what OpenCV does not read, or not always."""
    import skia

    try:
        image = skia.Image.MakeFromEncoded(skia.Data(art.data))
        found = None if image is None else image.toarray(colorType=skia.kRGBA_8888_ColorType)
    except (RuntimeError, ValueError):
        found = None
    if found is None or found.shape != (art.height, art.width, 4):
        raise Unreadable(f"is a damaged {art.kind.upper()}", "save it as PNG")
    return np.asarray(found, np.uint8)
