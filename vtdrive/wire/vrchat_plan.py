"""Which declared parameters are driven, and the messages that carry them.

A name counts by its end, after any prefix; case matters. `Plan` collects messages and, for each
value in them (a word), which row of the matrix it comes from and where in the bytes it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from vtdrive.wire import osc
from vtdrive.wire.unified import EMOTION_NAMES, V2
from vtdrive.wire.unified_signals import Row
from vtdrive.wire.vrchat_avatar import Declared

__all__ = ["Plan", "declare", "padded", "stem_of"]

_BINARY: Final = re.compile(r"(.+?)(Negative|1|2|4|8|16|32|64|128)")
_KEYS: Final[dict[str, Row]] = {
    **{f"v2/{name}": row for name, row in V2.items()},
    **{f"vtdrive/{name}": {signal: 1.0} for name, signal in EMOTION_NAMES.items()},
    **{f"{part}TrackingActive": {"found": 1.0} for part in ("Eye", "Expression", "Lip")},
}
_INDEX: Final = "vtdrive/Emotion"


def _key_of(name: str) -> str | None:
    """The one of `_KEYS` that `name` ends with, after any prefix; case matters."""
    tail = name
    while tail:
        if tail in _KEYS or tail == _INDEX:
            return tail
        tail = tail.partition("/")[2]
    return None


@dataclass(slots=True)
class Plan:
    """Messages and words while they are collected. A word is one value on the wire."""

    messages: list[bytes] = field(default_factory=list)
    word_message: list[int] = field(default_factory=list)
    word_row: list[int] = field(default_factory=list)
    word_kind: list[str] = field(default_factory=list)
    """`f` and `i`: 4 bytes; `T`: the type tag; `b`: the tag, from one bit; `n`: from the sign."""
    word_bit: list[int] = field(default_factory=list)
    word_at: list[int] = field(default_factory=list)
    """Offset in its message."""
    rows: list[Row] = field(default_factory=list)
    limits: list[tuple[float, float]] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    """Steps of a row that is sent in bits: 2 ** N."""
    signed: list[bool] = field(default_factory=list)

    def row(
        self, row: Row, *, limits: tuple[float, float] = (-1.0, 1.0), levels: int = 1,
        signed: bool = True,
    ) -> int:  # fmt: skip
        """A value to compute; returns its place."""
        self.rows.append(row)
        self.limits.append(limits)
        self.levels.append(levels)
        self.signed.append(signed)
        return len(self.rows) - 1

    def message(self, body: bytes, *words: tuple[str, int, int, int]) -> None:
        """A message and its words: kind, row, bit, offset."""
        for kind, row, bit, at in words:
            self.word_message.append(len(self.messages))
            self.word_kind.append(kind)
            self.word_row.append(row)
            self.word_bit.append(bit)
            self.word_at.append(at)
        self.messages.append(body)

    def numbers(self, address: str, rows: Sequence[int]) -> None:
        """A message of floats."""
        body = osc.encode(address, *(0.0 for _ in rows))
        start = len(body) - 4 * len(rows)
        self.message(body, *(("f", row, 0, start + 4 * k) for k, row in enumerate(rows)))

    def flag(self, address: str, kind: str, row: int, bit: int = 0) -> None:
        """A message of one bool, which OSC tells by its type tag."""
        body = padded(address.encode()) + b",F\0\0"
        self.message(body, (kind, row, bit, len(body) - 3))


def padded(text: bytes) -> bytes:
    """An OSC string: ended by a zero, and a multiple of four bytes long."""
    return text + b"\0" * (4 - len(text) % 4)


def stem_of(name: str) -> str:
    """The key that a driven name stands for, a bit's included."""
    key = _key_of(name)
    if key is None and (match := _BINARY.fullmatch(name)):
        key = _key_of(match[1])
    return key or ""


def declare(plan: Plan, declared: Sequence[Declared]) -> tuple[str, ...]:
    """Put all that can be driven into `plan`; returns their names."""
    names: list[str] = []
    binary: dict[str, dict[str, Declared]] = {}
    for one in declared:
        key = _key_of(one.name)
        if key is not None:
            if _whole_value(plan, one, key):
                names.append(one.name)
        elif one.kind == "bool" and (match := _BINARY.fullmatch(one.name)):
            stem = _key_of(match[1])
            if stem is not None and stem.startswith(("v2/", "vtdrive/")) and stem != _INDEX:
                binary.setdefault(match[1], {})[match[2]] = one
    for stem, parts in binary.items():
        names += _bits(plan, stem, parts)
    return tuple(names)


def _whole_value(plan: Plan, one: Declared, key: str) -> bool:
    """Whether `one` can be sent as a float, a bool or the emotion's index."""
    if key == _INDEX:
        if one.kind != "int":
            return False
        row = plan.row({"emotion": 1.0}, limits=(0.0, 255.0))
        body = osc.encode(one.address, 0)
        plan.message(body, ("i", row, 0, len(body) - 4))
    elif one.kind == "int":
        return False
    elif one.kind == "float":
        plan.numbers(one.address, [plan.row(_KEYS[key])])
    else:
        plan.flag(one.address, "T", plan.row(_KEYS[key]))
    return True


def _bits(plan: Plan, stem: str, parts: dict[str, Declared]) -> list[str]:
    """One value in bits. A sign alone says too little to be sent."""
    places = {
        int(weight).bit_length() - 1: one for weight, one in parts.items() if weight.isdigit()
    }
    if not places:
        return []
    key = _key_of(stem)
    assert key is not None
    negative = parts.get("Negative")
    row = plan.row(_KEYS[key], levels=2 ** (max(places) + 1), signed=negative is not None)
    for bit, one in places.items():
        plan.flag(one.address, "b", row, bit)
    if negative is not None:
        plan.flag(negative.address, "n", row)
    return [one.name for one in parts.values()]
