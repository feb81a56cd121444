"""JSON objects of a fixed layout, formatted in one go."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

__all__ = ["JsonTemplate", "Layout", "Slot"]


class Slot(Enum):
    """A place for a value. Numbers that are not finite become `null`."""

    INT = "%d"
    SHORT = "%.5g"
    """For people: five digits."""
    F32 = "%.9g"
    """Nine digits: an f32 survives exactly."""
    F64 = "%.17g"
    TEXT = "%s"
    """JSON that the caller encoded."""


Layout = Mapping[str, "Layout"] | Sequence["Layout"] | Slot | str | int | float | None


class JsonTemplate:
    """Formats values into a layout whose keys, constants and order never change."""

    def __init__(self, layout: Layout) -> None:
        parts: list[str] = [""]
        self._slots: list[Slot] = []
        for piece in _pieces(layout):
            if isinstance(piece, Slot):
                self._slots.append(piece)
                parts.append("")
            else:
                parts[-1] += piece
        self._parts = parts
        escaped = [part.replace("%", "%%") for part in parts]
        rest = zip(self._slots, escaped[1:], strict=True)
        self._format = escaped[0] + "".join(slot.value + part for slot, part in rest)
        fixed = "".join(parts)
        # Where names hold these letters, the quick look for numbers without JSON would mislead.
        self._quick = "nan" not in fixed and "inf" not in fixed

    def fill(self, values: Sequence[object]) -> str:
        """The object with one value for each slot, in layout order."""
        text = self._format % tuple(values)
        if self._quick and "nan" not in text and "inf" not in text:
            return text
        filled = [self._one(slot, v) for slot, v in zip(self._slots, values, strict=True)]
        rest = zip(filled, self._parts[1:], strict=True)
        return self._parts[0] + "".join(value + part for value, part in rest)

    @staticmethod
    def _one(slot: Slot, value: object) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return "null"
        return slot.value % value


def _pieces(layout: Layout) -> Iterator[str | Slot]:
    if isinstance(layout, Slot):
        yield layout
    elif isinstance(layout, Mapping):
        opening = "{"
        for key, inner in layout.items():
            yield f"{opening}{json.dumps(key)}:"
            yield from _pieces(inner)
            opening = ","
        yield "}" if layout else "{}"
    elif isinstance(layout, Sequence) and not isinstance(layout, str):
        opening = "["
        for inner in layout:
            yield opening
            yield from _pieces(inner)
            opening = ","
        yield "]" if layout else "[]"
    else:
        yield json.dumps(layout)
