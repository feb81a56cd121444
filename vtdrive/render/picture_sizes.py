"""The size of a picture, read from its first bytes, before anything that large is decoded."""

from __future__ import annotations

from typing import Final

__all__ = ["size_of"]

_NO_SIZE: Final = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers among those of frames that are none."""


def size_of(raw: bytes) -> tuple[int, int] | None:
    """Width and height of a .png, .jpg, .webp or .bmp; None where nothing tells."""
    if raw.startswith(b"\x89PNG\r\n\x1a\n") and len(raw) >= 24:
        return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
    if raw.startswith(b"\xff\xd8"):
        return _jpeg(raw)
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP" and len(raw) >= 30:
        return _webp(raw)
    if raw.startswith(b"BM") and len(raw) >= 26:
        wide, high = (int.from_bytes(raw[i : i + 4], "little", signed=True) for i in (18, 22))
        return abs(wide), abs(high)
    return None


def _jpeg(raw: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(raw):
        if raw[at] != 0xFF:
            return None
        marker = raw[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            high, wide = (int.from_bytes(raw[at + i : at + i + 2], "big") for i in (5, 7))
            return wide, high
        else:
            at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    return None


def _webp(raw: bytes) -> tuple[int, int] | None:
    kind = raw[12:16]
    if kind == b"VP8X":
        wide, high = (int.from_bytes(raw[i : i + 3], "little") for i in (24, 27))
        return wide + 1, high + 1
    if kind == b"VP8L":
        bits = int.from_bytes(raw[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        wide, high = (int.from_bytes(raw[i : i + 2], "little") & 0x3FFF for i in (26, 28))
        return wide, high
    return None
