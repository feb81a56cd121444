"""Godot's binary values: plain ones become Python's, objects are stepped over and never made.

The layout is that of Godot 4's `store_var`: a header of 4 bytes (kind, flags), then the content,
little-endian, in steps of 4 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from vtdrive.render.importing.art import Unreadable

__all__ = ["Refused", "plain_values"]

_DEEPEST: Final = 24
_MOST_VALUES: Final = 2_000_000
_WIDE: Final = 1 << 16
"""A number of 64 bits; an object of which only an id is stored."""
_REALS: Final = {5: 2, 7: 4, 9: 3, 11: 6, 12: 4, 14: 4, 15: 4, 16: 6, 17: 9, 18: 12, 19: 16}
"""Kind -> real numbers in it: vectors, boxes, transforms."""
_WHOLES: Final = {6: 2, 8: 4, 10: 3, 13: 4}
_PACKED: Final = {
    30: ("i", 1, 4), 31: ("q", 1, 8), 32: ("f", 1, 4), 33: ("d", 1, 8), 37: ("f", 4, 16),
}  # fmt: skip
"""Kind -> code, numbers in an item, bytes of it: packed arrays."""
_PACKED_VECTORS: Final = {35: 2, 36: 3, 38: 4}


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands where a file has an object, a callable or the like, which is not made."""

    what: str


def plain_values(data: bytes) -> Any:
    """`data` as None, bool, int, float, str, bytes, list, dict, tuples of numbers, Refused.

    Raises Unreadable for what is damaged, too deep or too much.
    """
    return _Reader(data).value(0)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._count = data, 0, 0

    def value(self, depth: int) -> Any:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_VALUES:
            raise Unreadable("its values are nested too deeply, or too many")
        header = self._u32()
        kind, wide = header & 0xFF, bool(header & _WIDE)
        read = self._simple.get(kind)
        if read is not None:
            return read(self, wide)
        if kind in _REALS:
            return self._numbers("d" if wide else "f", _REALS[kind])
        if kind in _WHOLES:
            return self._numbers("i", _WHOLES[kind])
        if kind in _PACKED:
            return self._packed(*_PACKED[kind])
        if kind in _PACKED_VECTORS:
            code, size = ("d", 8) if wide else ("f", 4)
            return self._packed(code, _PACKED_VECTORS[kind], size * _PACKED_VECTORS[kind])
        if kind == 24:
            return self._object(wide, depth)
        if kind == 27:
            return self._dictionary(header, depth)
        if kind == 28:
            return self._array(header, depth)
        raise Unreadable(f"it has a value of the unknown kind {kind}")

    def _take(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise Unreadable("it is cut off", "save the model again")
        self._at += count
        return self._data[self._at - count : self._at]

    def _u32(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _padded(self, count: int) -> bytes:
        found = self._take(count)
        # The very end may lack its padding.
        self._at = min(len(self._data), self._at + -count % 4)
        return found

    def _numbers(self, code: str, count: int) -> tuple[float, ...]:
        return struct.unpack(f"<{count}{code}", self._take(struct.calcsize(f"<{count}{code}")))

    def _text(self) -> str:
        return self._padded(self._u32()).decode("utf-8", "replace").rstrip("\0")

    def _int(self, wide: bool) -> int:
        return int.from_bytes(self._take(8 if wide else 4), "little", signed=True)

    def _node_path(self) -> str:
        count = self._u32()
        if not count & 0x80000000:
            return self._padded(count).decode("utf-8", "replace")
        names = (count & 0x7FFFFFFF) + self._u32()
        self._u32()
        self._claim(names, 4)
        return "/".join(self._text() for _ in range(names))

    def _signal(self) -> Refused:
        self._text()
        self._take(8)
        return Refused("a signal")

    def _claim(self, count: int, size: int) -> None:
        """Before `count` items of at least `size` bytes are read."""
        self._count += count
        if count * size > len(self._data) - self._at:
            raise Unreadable("it is cut off", "save the model again")

    def _packed(self, code: str, numbers: int, size: int) -> list[Any]:
        count = self._u32()
        self._claim(count, size)
        if self._count > _MOST_VALUES:
            raise Unreadable("its values are too many")
        flat = struct.unpack(f"<{count * numbers}{code}", self._take(count * size))
        if numbers == 1:
            return list(flat)
        return [flat[i : i + numbers] for i in range(0, len(flat), numbers)]

    def _texts(self) -> list[str]:
        count = self._u32()
        self._claim(count, 4)
        if self._count > _MOST_VALUES:
            raise Unreadable("its values are too many")
        return [self._text() for _ in range(count)]

    def _object(self, wide: bool, depth: int) -> Refused:
        if wide:
            self._take(8)
            return Refused("an object")
        name = self._text()
        if name:
            for _ in range(self._u32()):
                self._text()
                self.value(depth + 1)
        return Refused(name[:60] or "an object")

    def _typed(self, which: int) -> None:
        """The type that an array or dictionary says its values have; it changes nothing."""
        if which == 1:
            self._u32()
        elif which in (2, 3):
            self._text()

    def _dictionary(self, header: int, depth: int) -> dict[Any, Any]:
        self._typed(header >> 16 & 3)
        self._typed(header >> 18 & 3)
        count = self._u32() & 0x7FFFFFFF
        found: dict[Any, Any] = {}
        for _ in range(count):
            key, value = self.value(depth + 1), self.value(depth + 1)
            if isinstance(key, str | int | float | None):
                found[key] = value
        return found

    def _array(self, header: int, depth: int) -> list[Any]:
        self._typed(header >> 16 & 3)
        count = self._u32() & 0x7FFFFFFF
        return [self.value(depth + 1) for _ in range(count)]

    _simple: Final[dict[int, Callable[[_Reader, bool], Any]]] = {
        0: lambda self, wide: None,
        1: lambda self, wide: bool(self._u32()),
        2: _int,
        3: lambda self, wide: self._numbers("d" if wide else "f", 1)[0],
        4: lambda self, wide: self._text(),
        20: lambda self, wide: self._numbers("f", 4),
        21: lambda self, wide: self._text(),
        22: lambda self, wide: self._node_path(),
        23: lambda self, wide: Refused(f"a resource {self._int(True)}"),
        25: lambda self, wide: Refused("a callable"),
        26: lambda self, wide: self._signal(),
        29: lambda self, wide: self._padded(self._u32()),
        34: lambda self, wide: self._texts(),
    }
    """Kind -> how it is read."""
