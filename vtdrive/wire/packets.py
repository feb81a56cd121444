"""Datagrams that are built once and then only filled: the trick behind every OSC encoder here.

Building a frame of 52 shapes with python-osc costs about a millisecond; writing its floats into
datagrams that exist already costs microseconds and gives the same bytes. It works because OSC
aligns every argument to four bytes: all datagrams lie in one buffer, seen as big-endian words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vtdrive.types import F32
from vtdrive.wire import osc

__all__ = ["MAX_DATAGRAM_BYTES", "Draft", "Live", "LiveInt", "Template"]

MAX_DATAGRAM_BYTES = 1400
"""Stays below the 1500 of Ethernet, so that no datagram is fragmented."""

_HEADER_BYTES = 16
_SIZE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Live:
    """A float argument that changes each frame: the value at `index` of the filled vector."""

    index: int


@dataclass(frozen=True, slots=True)
class LiveInt:
    """The int argument that changes each frame."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message: its address and its arguments, constant or live."""

    address: str
    args: tuple[str | int | float | Live | LiveInt, ...] = ()

    def encoded(self, rest: F32) -> bytes:
        """The message with each live float at its rest value and the live int at 0."""
        return osc.encode(self.address, *(_constant(arg, rest) for arg in self.args))


class Template:
    """A frame's datagrams, in draft order, bundled greedily up to `MAX_DATAGRAM_BYTES`.

    `rest` is (N,): what is sent for a value that is not finite, and before the first `fill`. Values
    inside `quads` stand or fall in fours. Raises ValueError when one message alone is larger than a
    datagram.
    """

    def __init__(
        self,
        drafts: Sequence[Draft],
        rest: F32,
        *,
        bundled: bool,
        quads: slice = slice(0, 0),
    ) -> None:
        groups = _grouped([(draft, draft.encoded(rest)) for draft in drafts], bundled=bundled)
        packets = [
            osc.encode_bundle([message for _, message in group]) if bundled else group[0][1]
            for group in groups
        ]
        self._buffer = bytearray().join(packets)
        self._words = np.frombuffer(self._buffer, np.dtype(">f4"))
        self._ints = np.frombuffer(self._buffer, np.dtype(">i4"))
        self.datagrams: tuple[memoryview, ...] = _sliced(self._buffer, [len(p) for p in packets])
        """Views into the buffer: valid until the next `fill`."""
        self.replaced = 0
        """How many values were not finite and went out as their rest value."""
        self._rest = np.array(rest, np.float32)
        self._quads = quads
        sources, places, self._int_places = _places(groups, bundled=bundled)
        self._sources = np.array(sources, np.intp)
        self._places = np.array(places, np.intp)

    def fill(self, values: F32, *, number: int = 0) -> tuple[memoryview, ...]:
        """Write `values` (N,) and the live int; returns `datagrams`."""
        # One call that tells of any NaN; each numpy call costs 20 us when caches are cold.
        if not math.isfinite(values.dot(values)):
            values = self._mended(values)
        self._words[self._places] = values[self._sources]
        for place in self._int_places:
            self._ints[place] = number
        return self.datagrams

    def _mended(self, values: F32) -> F32:
        broken = ~np.isfinite(values)
        quads = broken[self._quads].reshape(-1, 4)
        quads |= quads.any(axis=1, keepdims=True)
        self.replaced += int(broken.sum())
        mended: F32 = np.where(broken, self._rest, values)
        return mended


def _constant(arg: str | int | float | Live | LiveInt, rest: F32) -> str | int | float:
    if isinstance(arg, Live):
        return float(rest[arg.index])
    return 0 if isinstance(arg, LiveInt) else arg


Group = list[tuple[Draft, bytes]]


def _grouped(messages: Group, *, bundled: bool) -> list[Group]:
    groups: list[Group] = []
    room = 0
    for draft, message in messages:
        need = len(message) + (_SIZE_BYTES if bundled else 0)
        if need + (_HEADER_BYTES if bundled else 0) > MAX_DATAGRAM_BYTES:
            raise ValueError(f"a message to {draft.address} of {len(message)} bytes is too long")
        if not bundled or need > room:
            groups.append([])
            room = MAX_DATAGRAM_BYTES - _HEADER_BYTES
        groups[-1].append((draft, message))
        room -= need
    return groups


def _sliced(buffer: bytearray, sizes: Sequence[int]) -> tuple[memoryview, ...]:
    ends = np.cumsum([0, *sizes]).tolist()
    view = memoryview(buffer)
    return tuple(view[a:b] for a, b in pairwise(ends))


def _places(groups: list[Group], *, bundled: bool) -> tuple[list[int], list[int], list[int]]:
    """Which value goes to which word, and the words of live ints."""
    sources: list[int] = []
    places: list[int] = []
    ints: list[int] = []
    at = 0
    for group in groups:
        at += _HEADER_BYTES if bundled else 0
        for draft, message in group:
            at += _SIZE_BYTES if bundled else 0
            end = at + len(message)
            # From the back: what stands before the arguments has no fixed length, they have.
            sizes = [_size(arg) for arg in draft.args]
            start = end - sum(sizes)
            for arg, size in zip(draft.args, sizes, strict=True):
                if isinstance(arg, Live):
                    sources.append(arg.index)
                    places.append(start // 4)
                elif isinstance(arg, LiveInt):
                    ints.append(start // 4)
                start += size
            at = end
    return sources, places, ints


def _size(arg: str | int | float | Live | LiveInt) -> int:
    return (len(arg.encode()) // 4 + 1) * 4 if isinstance(arg, str) else 4
