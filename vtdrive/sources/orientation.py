"""The way a camera was held, noted in a WebP file: OpenCV turns only the other kinds itself."""

from __future__ import annotations

import struct

import numpy as np

from vtdrive.types import U8

__all__ = ["noted_in_webp", "upright"]

_TAG = 0x0112
"""Orientation, in EXIF."""
_TURNS = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True),
          5: (1, True), 6: (3, False), 7: (3, True), 8: (1, False)}  # fmt: skip
"""Quarter turns to the left, after mirroring or not, that set a picture upright."""


def noted_in_webp(data: bytes) -> int:
    """The EXIF orientation, 1 to 8, of a WebP file; 1 where none is noted or it is no WebP file."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 1
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"EXIF":
            return _orientation(data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    return 1


def upright(image: U8, orientation: int) -> U8:
    """`image` (H, W, …) as it was seen by who held the camera."""
    turns, mirror = _TURNS[orientation]
    return np.ascontiguousarray(np.rot90(image[:, ::-1] if mirror else image, turns))


def _orientation(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for i in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * i)
            if tag == _TAG and kind == 3 and value in _TURNS:
                return int(value)
    except struct.error:
        return 1  # a note that ends too early notes nothing
    return 1
