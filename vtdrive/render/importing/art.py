"""Pictures as they lie in files: their size is read from the first bytes, nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_PICTURES",
    "MAX_SET_BYTES",
    "Art",
    "Budget",
    "Picture",
    "Unreadable",
    "art_of",
    "bitmap",
    "check_size",
]

MAX_FILE_BYTES: Final = 50 << 20
"""Of one picture."""
MAX_SET_BYTES: Final = 250 << 20
"""Of all that is read for one avatar."""
MAX_PICTURES: Final = 300
_MAX_SIDE_PX: Final = 8192
_MAX_PIXELS: Final = 32 << 20
_MAX_SET_PIXELS: Final = 160 << 20
"""Unpacked: 640 MB, one after the other on import, together while the avatar is drawn."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LONGEST_WALK: Final = 200
"""Chunks of a PNG that are looked at for a sign of animation."""


class Unreadable(ValueError):
    """What is wrong with a file, for the user; `remedy` says what to do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Art:
    """A picture as it was found."""

    kind: Literal["png", "gif", "webp", "rgba"]
    """`rgba`: `data` are rows of four bytes a pixel, straight alpha; see `bottom_up`."""
    data: bytes
    width: int
    height: int
    moves: bool = False
    """It says that it has more frames than one. (A GIF always does here.)"""
    bottom_up: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """What becomes one file of an avatar: some of an art, perhaps laid on a larger ground."""

    art: Art
    cut: tuple[int, int, int, int] | None = None
    """x, y, width, height of what is taken of it; None: all."""
    ground: tuple[int, int, int, int] | None = None
    """Width and height of the ground, and where on it the left upper corner lies."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the file to be."""
        if self.ground is not None:
            return self.ground[:2]
        return self.cut[2:] if self.cut is not None else (self.art.width, self.art.height)


class Budget:
    """Counts the pictures of one avatar."""

    def __init__(self) -> None:
        self._pictures = 0
        self._pixels = 0

    def spend(self, width: int, height: int) -> None:
        """Raises Unreadable where all together are too many or too large."""
        self._pictures += 1
        self._pixels += width * height
        if self._pictures > MAX_PICTURES:
            raise Unreadable(
                f"more than {MAX_PICTURES} pictures", "leave out what the avatar does not show"
            )
        if self._pixels > _MAX_SET_PIXELS:
            raise Unreadable(
                f"its pictures have more than {_MAX_SET_PIXELS >> 20} million pixels together",
                "make them smaller: 1200 pixels in height are plenty for a stream",
            )


def bitmap(data: bytes, *, width: int, height: int, bottom_up: bool) -> Art:
    """Bare pixels, 4 bytes each. Raises Unreadable where their number does not fit the size."""
    check_size(width, height)
    if len(data) != 4 * width * height:
        raise Unreadable(f"a bitmap of {width} × {height} has {len(data)} bytes")
    return Art("rgba", data, width, height, bottom_up=bottom_up)


def art_of(data: bytes) -> Art:
    """The picture that `data` is, by its first bytes. Raises Unreadable."""
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"a picture has more than {MAX_FILE_BYTES >> 20} MB", "make it smaller")
    if data.startswith(_PNG):
        art = _png(data)
    elif data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        art = Art("gif", data, width, height, moves=True)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        art = _webp(data)
    else:
        raise Unreadable("is no PNG, WebP or GIF", "save it as PNG")
    check_size(art.width, art.height)
    return art


def _png(data: bytes) -> Art:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Unreadable("is a damaged PNG", "save it again")
    width, height = struct.unpack_from(">II", data, 16)
    at, moves = 8, False
    for _ in range(_LONGEST_WALK):
        if at + 8 > len(data):
            break
        size, kind = struct.unpack_from(">I4s", data, at)
        moves = kind == b"acTL"
        if moves or kind == b"IDAT":
            break
        at += 12 + size
    return Art("png", data, width, height, moves=moves)


def _webp(data: bytes) -> Art:
    kind = data[12:16]
    if len(data) < 30:
        raise Unreadable("is a damaged WebP", "save it again")
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        return Art("webp", data, width, height, moves=bool(data[20] & 2))
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return Art("webp", data, 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Art("webp", data, width & 0x3FFF, height & 0x3FFF)
    raise Unreadable("is a damaged WebP", "save it again")


def check_size(width: int, height: int) -> None:
    """Raises Unreadable for a picture that is empty or too large."""
    if not (0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX):
        raise Unreadable(
            f"a picture of {width} × {height} pixels", f"at most {_MAX_SIDE_PX} a side are taken"
        )
    if width * height > _MAX_PIXELS:
        raise Unreadable(
            f"a picture of {width} × {height} pixels",
            f"at most {_MAX_PIXELS >> 20} million pixels are taken",
        )
