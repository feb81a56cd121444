"""Plain OSC: one message per value, at an address made from a pattern."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32, FaceState, Pose, RigSchema
from vtdrive.vocab import EMOTIONS
from vtdrive.wire import osc
from vtdrive.wire.names import osc_part
from vtdrive.wire.osc_values import EMOTION_NAME, STATUS_NAME, Value, chosen, vector
from vtdrive.wire.packets import MAX_DATAGRAM_BYTES

__all__ = ["OscTemplate", "OscType", "check_pattern"]

OscType = Literal["f", "i", "T", "s"]
Element = bytes | memoryview
"""A message behind its size, as bundles hold it."""

_BUNDLE: Final = b"#bundle\0" + bytes(7) + b"\1"
_SIZE_BYTES: Final = 4
_TRUE: Final = int.from_bytes(b",T\0\0", "big")
_FALSE: Final = int.from_bytes(b",F\0\0", "big")
_LARGEST: Final = np.float32(1e9)
_LARGEST_INT: Final = np.float32(2**31 - 128)
"""The largest 32-bit integer that a 32-bit float holds."""
_LARGEST_TEXT: Final = 99.999
"""Text is written with three decimals into room for seven characters."""
_ZERO: Final = np.float32(0.0)
_TEXT_OF: Final[dict[str, Callable[[FaceState], str]]] = {
    EMOTION_NAME: lambda state: EMOTIONS[state.emotion.shown],
    STATUS_NAME: lambda state: state.status.name.lower(),
}


def check_pattern(pattern: str) -> str:
    """`pattern` if it can be filled in; raises ValueError saying what an address must look like."""
    if not pattern.startswith("/"):
        raise ValueError(f"the address {pattern!r} must start with /")
    if "{name}" not in pattern:
        raise ValueError(f"the address {pattern!r} lacks {{name}}: all would share one address")
    plain = pattern.replace("{name}", "")
    if osc_part(plain) != plain:
        raise ValueError(f"the address {pattern!r} holds a space or one of # * , ? [ ] {{ }}")
    return pattern


class OscTemplate:
    """Encodes the chosen values of a face, `{name}` in `address` being each value's own name.

    What OSC reserves in a name (spaces, `#*,?[]{}`) becomes `_`. Levels are sent as `kind` says,
    times `scale`, or against `threshold`; measures always as floats, texts as strings. Everything
    is encoded once; a frame only writes its numbers. Raises ValueError when the pattern is
    unusable, `only` names what there is not, or two values would share an address.
    """

    def __init__(
        self,
        schema: RigSchema,
        *,
        address: str,
        only: Sequence[str] = (),
        kind: OscType = "f",
        scale: float = 1.0,
        threshold: float = 0.5,
        bundle: Literal["auto", "off"] = "auto",
    ) -> None:
        check_pattern(address)
        values = chosen(schema, only)
        where = _addresses(values, address)
        numbers = [value for value in values if value.kind != "text"]
        self._bundled = bundle == "auto"
        self._sources = np.array([value.at for value in numbers], np.intp)
        self._rest = np.array([value.rest for value in numbers], np.float32)
        self._beyond_params = any(value.at >= len(schema.params) for value in numbers)
        scales = [scale if value.kind == "level" else 1.0 for value in numbers]
        self._threshold = threshold
        types: list[OscType] = ["f" if value.kind == "measure" else kind for value in numbers]
        blanks = [_blank(where[v.name], t) for v, t in zip(numbers, types, strict=True)]
        self._slots = _Slots(blanks, types, scales)
        self._texts = [
            (_TEXT_OF[value.name], where[value.name]) for value in values if value.kind == "text"
        ]
        self._encoded: dict[tuple[str, str], bytes] = {}
        self._sent: dict[str, str] = {}
        self.replaced = 0
        """How many values were not finite and went out as their rest value."""

    def fill(
        self, pose: Pose, state: FaceState, *, changes: bool = False
    ) -> tuple[bytes | memoryview, ...]:
        """The frame as datagrams; with `changes` only what differs from the last call.

        `state` is mirrored already where the user wants that. Views are valid until the next call.
        """
        values = vector(pose, state) if self._beyond_params else pose.params
        changed = self._slots.write(self._mended(values[self._sources]), self._threshold)
        said = {where: text_of(state) for text_of, where in self._texts}
        texts = [pair for pair in said.items() if not changes or self._sent.get(pair[0]) != pair[1]]
        self._sent = said
        elements = self._slots.elements
        picked = [elements[i] for i in changed] if changes else elements
        return tuple(self._datagrams([*picked, *map(self._text, texts)]))

    def _mended(self, values: F32) -> F32:
        if not math.isfinite(values.dot(values)):
            broken = ~np.isfinite(values)
            self.replaced += int(broken.sum())
            values = np.where(broken, self._rest, values)
        return values

    def _text(self, pair: tuple[str, str]) -> bytes:
        """Encoded once: there are eleven of them at most."""
        if pair not in self._encoded:
            message = osc.encode(*pair)
            self._encoded[pair] = len(message).to_bytes(_SIZE_BYTES, "big") + message
        return self._encoded[pair]

    def _datagrams(self, elements: Sequence[Element]) -> Iterator[Element]:
        """Messages alone, or bundled greedily."""
        if not self._bundled:
            yield from (element[_SIZE_BYTES:] for element in elements)
            return
        group: list[Element] = [_BUNDLE]
        room = MAX_DATAGRAM_BYTES - len(_BUNDLE)
        for element in elements:
            if len(element) > room:
                yield b"".join(group)
                group, room = [_BUNDLE], MAX_DATAGRAM_BYTES - len(_BUNDLE)
            group.append(element)
            room -= len(element)
        if len(group) > 1:
            yield b"".join(group)


class _Slots:
    """The messages, each behind its size, in one buffer that frames are written into."""

    def __init__(
        self, messages: list[bytes], types: Sequence[OscType], scales: list[float]
    ) -> None:
        sized = [len(message).to_bytes(_SIZE_BYTES, "big") + message for message in messages]
        longest = max(map(len, sized), default=0)
        if longest + len(_BUNDLE) > MAX_DATAGRAM_BYTES:
            raise ValueError(f"an address makes a message of {longest} bytes: too long")
        self._buffer = bytearray().join([*sized, bytes(4)])  # numpy takes no empty one
        view = memoryview(self._buffer)
        starts = np.cumsum([0, *map(len, sized)]).tolist()
        self.elements: list[Element] = [view[a:b] for a, b in pairwise(starts)]
        # What changes stands last in each message: one word, or two of text.
        ends = np.array(starts[1:], np.intp) // 4
        kinds = np.array(types, np.str_)
        self._at = {kind: np.flatnonzero(kinds == kind) for kind in "fiTs"}
        self._word = {kind: ends[at] - 1 for kind, at in self._at.items()}
        self._scale = np.array(scales, np.float32)
        self._words = np.frombuffer(self._buffer, np.dtype(">u4"))
        self._floats = self._words.view(">f4")
        self._ints = self._words.view(">i4")
        strings = self._at["s"]
        self._live = np.concatenate((ends - 1, ends[strings] - 2))
        self._owner = np.concatenate((np.arange(len(messages)), strings))
        self._before: npt.NDArray[np.uint32] | None = None

    def write(self, values: F32, threshold: float) -> list[int]:
        """Write all `values`; returns which messages differ from before, all at first."""
        at, word = self._at, self._word
        # Bounded first: an int has no room for more, and -0.0 becomes 0.0.
        sane = np.minimum(np.maximum(values, -_LARGEST), _LARGEST) * self._scale + _ZERO
        self._floats[word["f"]] = sane[at["f"]]
        whole = np.rint(np.minimum(np.maximum(sane[at["i"]], -_LARGEST_INT), _LARGEST_INT))
        self._ints[word["i"]] = whole.astype(np.int32)
        self._words[word["T"]] = np.where(values[at["T"]] >= threshold, _TRUE, _FALSE)
        for i, end in zip(at["s"].tolist(), word["s"].tolist(), strict=True):
            shown = min(_LARGEST_TEXT, max(-_LARGEST_TEXT, float(sane[i])))
            text = f"{shown:z.3f}".encode().ljust(8, b"\0")
            self._buffer[4 * end - 4 : 4 * end + 4] = text
        now = self._words[self._live]
        before, self._before = self._before, now
        if before is None:
            return list(range(len(self.elements)))
        return sorted(set(self._owner[now != before].tolist()))


def _addresses(values: Sequence[Value], pattern: str) -> dict[str, str]:
    """Value name -> address."""
    taken: dict[str, str] = {}
    for value in values:
        where = pattern.replace("{name}", osc_part(value.name))
        if where in taken:
            raise ValueError(f"the outputs {taken[where]!r} and {value.name!r} would share {where}")
        taken[where] = value.name
    return {name: where for where, name in taken.items()}


def _blank(address: str, kind: str) -> bytes:
    """A message with a value still to be written."""
    if kind == "T":
        return osc.encode_flag(address, on=False)
    blanks: dict[str, int | float | str] = {"f": 0.0, "i": 0, "s": "0.000"}
    return osc.encode(address, blanks[kind])
