"""veadotube: .veado files, which are chunks of numbered states, images and textures."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vtdrive.render.importing.art import (
    MAX_PICTURES,
    MAX_SET_BYTES,
    Art,
    Picture,
    Unreadable,
    art_of,
    bitmap,
    check_size,
)
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.names import Said, expression_of
from vtdrive.render.importing.states import Shot, figure_of_states

__all__ = ["read_veado"]

MAGIC: Final = b"VEADOTUBE"
_MOST_CHUNKS: Final = 5000
_MOST_FRAMES: Final = 500
_EXPORT: Final = (
    "in veadotube, export each state's images as PNG, and import the folder that they are in"
)
_IMAGES: Final = ((False, False), (True, False), (False, True), (True, True))
"""Mouth open, eyes shut: in the order of a state's images."""


@dataclass(frozen=True, slots=True)
class _State:
    name: str
    images: tuple[int, int, int, int]
    """Ids of chunks AIMG, as in _IMAGES; 0: none."""


class _Reader:
    """Little-endian fields, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise Unreadable("a chunk is cut off", "save the avatar again")
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        return self._data[self._at :]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def f64(self) -> float:
        return float(struct.unpack("<d", self.take(8))[0])

    def varint(self) -> int:
        found = 0
        for shift in range(0, 35, 7):
            byte = self.take(1)[0]
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
        raise Unreadable("a length is damaged", "save the avatar again")

    def text(self) -> str:
        return self.take(self.varint()).decode("utf-8", "replace")


def read_veado(data: bytes, name: str, *, costume: int = 1) -> Imported:
    """The avatar of a .veado file. States named like expressions become these; of the others,
    number `costume` is shown where none is neutral. Raises Unreadable."""
    if not data.startswith(MAGIC):
        raise Unreadable("it is no .veado file", "save the avatar with veadotube mini 1.5 or newer")
    if len(data) > MAX_SET_BYTES:
        raise Unreadable(f"it has more than {MAX_SET_BYTES >> 20} MB")
    chunks = _chunks(data)
    notes: list[str] = []
    states = _states(chunks)
    feelings = _feelings(states, costume, notes)
    images = _Images(chunks, notes)
    found = [
        (state, feeling, key, images.frames(image, f"{state.name}, image {i + 1}"))
        for state, feeling in feelings
        for i, (image, key) in enumerate(zip(state.images, _IMAGES, strict=True))
        # A blink that looks like no blink is none.
        if image and image not in state.images[:i]
    ]
    shots = [
        Shot(state.name, Said(feeling, *key, frame=number), picture)
        for state, feeling, key, pictures in found
        for number, picture in enumerate(pictures)
    ]
    if not shots:
        raise Unreadable("none of its pictures can be read here", _EXPORT)
    return figure_of_states(name, _on_one_ground(shots), notes, about="From veadotube.")


def _chunks(data: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Id -> kind and content, up to the first that is empty or cut off."""
    found: dict[int, tuple[bytes, bytes]] = {}
    at = len(MAGIC)
    while at + 12 <= len(data):
        number, kind, size = struct.unpack_from("<I4sI", data, at)
        if not number or not size or at + 12 + size > len(data):
            break
        if len(found) >= _MOST_CHUNKS:
            raise Unreadable(f"it has more than {_MOST_CHUNKS} chunks")
        found.setdefault(number, (kind, data[at + 12 : at + 12 + size]))
        at += 12 + size
    return found


def _states(chunks: dict[int, tuple[bytes, bytes]]) -> list[_State]:
    """The states in their order. A full avatar or a scene has none."""
    lists = [content for kind, content in chunks.values() if kind == b"MLST"]
    if not lists:
        raise Unreadable("it holds no mini avatar", _EXPORT)
    ids = struct.unpack(f"<{len(lists[0]) // 4}I", lists[0][: len(lists[0]) // 4 * 4])
    states = []
    for number in dict.fromkeys(ids):
        kind, content = chunks.get(number, (b"", b""))
        if kind == b"MSTA":
            state = _state(content, chunks)
            if state is not None:
                states.append(state)
    if not states:
        raise Unreadable("its states are of an unknown version", _EXPORT)
    return states


def _state(content: bytes, chunks: dict[int, tuple[bytes, bytes]]) -> _State | None:
    """Versions differ in the width of the flags behind the name: the one whose eight ids are all
    of images, or 0, is right."""
    for width in (1, 4):
        reader = _Reader(content)
        try:
            title = reader.text()
            reader.take(width)
            ids = [reader.u32() for _ in range(8)]
        except Unreadable:
            continue
        # The first four are thumbnails.
        if any(ids) and all(i == 0 or chunks.get(i, (b"",))[0] == b"AIMG" for i in ids):
            return _State(title.strip()[:60] or "state", (ids[4], ids[5], ids[6], ids[7]))
    return None


def _feelings(states: Sequence[_State], costume: int, notes: list[str]) -> list[tuple[_State, str]]:
    """Which state shows which expression; one of them is neutral."""
    named: dict[str, _State] = {}
    others: list[_State] = []
    for state in states:
        feeling = expression_of(state.name)
        if feeling is None or feeling in named:
            others.append(state)
        else:
            named[feeling] = state
    if "neutral" not in named and others:
        named["neutral"] = others.pop(min(costume, len(others)) - 1)
    notes += [f"state “{other.name}”: its name is no expression; left out" for other in others]
    return [(state, feeling) for feeling, state in named.items()]


class _Images:
    """Images by their ids; each texture is looked at once."""

    def __init__(self, chunks: dict[int, tuple[bytes, bytes]], notes: list[str]) -> None:
        self._chunks, self._notes = chunks, notes
        self._arts: dict[int, Art | None] = {}
        self._frames = 0

    def frames(self, image: int, where: str) -> list[Picture]:
        """The frames of a chunk AIMG, laid on its size; without those that cannot be read."""
        reader = _Reader(self._chunks[image][1])
        width, height = reader.u32(), reader.u32()
        check_size(width, height)
        count = reader.varint()
        if count > 1:
            reader.varint()
        self._frames += count
        if self._frames > _MOST_FRAMES:
            raise Unreadable(f"it has more than {_MOST_FRAMES} frames")
        found = []
        for _ in range(count):
            texture, x, y = reader.u32(), reader.u32(), reader.u32()
            if not math.isfinite(reader.f64()):
                raise Unreadable(f"{where}: a duration is not finite", "save the avatar again")
            art = self._art(texture, where)
            if art is None:
                continue
            if x + art.width > width or y + art.height > height:
                raise Unreadable(f"{where}: a frame lies outside the image")
            # Offsets count from the bottom, as rows do.
            top = height - y - art.height
            whole = (art.width, art.height) == (width, height)
            found.append(Picture(art, ground=None if whole else (width, height, x, top)))
        return found

    def _art(self, texture: int, where: str) -> Art | None:
        if texture not in self._arts:
            self._arts[texture] = self._read(texture, where)
        return self._arts[texture]

    def _read(self, texture: int, where: str) -> Art | None:
        kind, content = self._chunks.get(texture, (b"", b""))
        if kind != b"ABMP":
            self._notes.append(f"{where}: its texture is missing")
            return None
        reader = _Reader(content)
        width, height, codec = reader.u32(), reader.u32(), reader.take(4)
        if codec == b"RAW.":
            return bitmap(reader.rest(), width=width, height=height, bottom_up=True)
        if codec.rstrip(b". \0").upper() == b"PNG":
            art = art_of(reader.rest())
            if art.kind != "png" or (art.width, art.height) != (width, height):
                raise Unreadable(f"{where}: its texture is damaged", "save the avatar again")
            return art
        spelt = codec.decode("ascii", "replace")
        self._notes.append(f"{where}: the picture code {spelt!r} is not read: {_EXPORT}")
        return None


def _on_one_ground(shots: Sequence[Shot]) -> list[Shot]:
    """All images on the largest's size: veadotube centres them."""
    if len(shots) > MAX_PICTURES:
        raise Unreadable(f"it has more than {MAX_PICTURES} pictures")
    width = max(shot.picture.size[0] for shot in shots)
    height = max(shot.picture.size[1] for shot in shots)
    check_size(width, height)
    found = []
    for shot in shots:
        wide, tall = shot.picture.size
        if (wide, tall) != (width, height):
            x, y = (width - wide) // 2, (height - tall) // 2
            _, _, left, top = shot.picture.ground or (0, 0, 0, 0)
            picture = Picture(shot.picture.art, ground=(width, height, x + left, y + top))
            shot = Shot(shot.source, shot.said, picture)
        found.append(shot)
    return found
