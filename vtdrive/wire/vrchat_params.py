"""VRChat's avatar parameters: only what changed, typed as declared, in ready-made messages.

All messages of an avatar lie in one buffer, each behind its size as a bundle wants it. A frame
writes floats and the letters T and F into it; what changed is then cut out and put into bundles.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32
from vtdrive.wire.packets import MAX_DATAGRAM_BYTES
from vtdrive.wire.unified_signals import Row, row_matrix
from vtdrive.wire.vrchat_avatar import Avatar
from vtdrive.wire.vrchat_plan import Plan, declare, padded, stem_of

__all__ = ["ParamEncoder", "chatbox"]

Eyes = Literal["auto", "on", "off"]
Look = Literal["center", "each"]

_HEADER: Final = b"#bundle\0" + b"\0\0\0\0\0\0\0\x01"
_STILL: Final = 1.0 / 1024.0
"""A float that moved less since it was sent is not sent again before the refresh: a quarter of a
step of the 8 bits in which other players see it."""
_FULL: Final = 0.99999
_DEGREES: Final = 180.0 / np.pi

_LOOKS: Final[dict[Look, tuple[str, tuple[Row, ...]]]] = {
    "center": (
        "CenterPitchYaw",
        (
            {"gaze.leftPitch": -_DEGREES / 2, "gaze.rightPitch": -_DEGREES / 2},
            {"gaze.leftYaw": -_DEGREES / 2, "gaze.rightYaw": -_DEGREES / 2},
        ),
    ),
    "each": (
        "LeftRightPitchYaw",
        tuple(
            {f"gaze.{side}{axis}": -_DEGREES}
            for side in ("left", "right")
            for axis in ("Pitch", "Yaw")
        ),
    ),
}
_CLOSED: Final[Row] = {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}


class ParamEncoder:
    """Encodes faces for one avatar.

    A declared name is taken when it ends with `v2/X` for a parameter X of Unified Expressions, with
    one of the three `…TrackingActive`, or with `vtdrive/X` for an emotion (`vtdrive/Emotion`, an
    int, is the index of the one shown). A float is sent as declared; a bool as `value >= 0.5` with
    some hysteresis; bools `X1 X2 X4 …` as the bits of floor(|value| * 2^N), all ones from 0.99999
    up, N being the highest of them, with the sign in `XNegative`; without that flag what is
    negative counts as 0.

    VRChat's own eye tracking goes out where `eyes` is "on", or for "auto" where the avatar declares
    no parameter for what it tells: the look (one address, by `look`) and the lids, each by itself.
    """

    def __init__(self, avatar: Avatar, *, eyes: Eyes = "auto", look: Look = "center") -> None:
        plan = Plan()
        self.names = declare(plan, avatar.declared)
        """Names of the declared parameters that are driven."""
        keys = {stem_of(name) for name in self.names}
        self.native_look = _wants(eyes, keys, r"v2/Eye(Left|Right)?[XY]")
        self.native_lids = _wants(eyes, keys, r"v2/Eye(Open|Closed|Lid)(Left|Right)?")
        """Which of VRChat's own eye tracking is driven."""
        own = len(plan.messages)
        if self.native_look:
            name, rows = _LOOKS[look]
            at = [plan.row(row, limits=(-90.0, 90.0)) for row in rows]
            plan.numbers(f"/tracking/eye/{name}", at)
        if self.native_lids:
            plan.numbers("/tracking/eye/EyesClosedAmount", [plan.row(_CLOSED)])
        self._build(plan)
        self._is_native = np.arange(len(plan.messages)) >= own

    def _build(self, plan: Plan) -> None:
        sized = [len(body).to_bytes(4, "big") + body for body in plan.messages]
        self._buffer = bytearray(b"".join(sized))
        self._view = memoryview(self._buffer)
        self._ends: list[int] = np.cumsum([0, *map(len, sized)]).tolist()
        self._matrix = row_matrix(plan.rows)
        limits = np.array(plan.limits, np.float32).reshape(-1, 2)
        self._lo, self._hi = limits[:, 0].copy(), limits[:, 1].copy()
        self._levels = np.array(plan.levels, np.int32)
        self._unsigned = ~np.array(plan.signed, bool)
        self._message = np.array(plan.word_message, np.intp)
        self._row = np.array(plan.word_row, np.intp)
        kinds = np.array(plan.word_kind, "U1")
        self._bit = np.array(plan.word_bit, np.int32)
        starts = np.array(self._ends[:-1], np.intp)[self._message] + 4
        places = starts + np.array(plan.word_at, np.intp)
        self._tells, self._bits, self._signs = ((kinds == k).nonzero()[0] for k in "Tbn")
        # Everything is a multiple of four bytes long, so floats lie on whole words.
        self._floats, self._whole = ((kinds == k).nonzero()[0] for k in "fi")
        self._float_at, self._whole_at = places[self._floats] // 4, places[self._whole] // 4
        self._flags = np.isin(kinds, ("T", "b", "n")).nonzero()[0]
        self._flag_at = places[self._flags]
        self._as_bytes = np.frombuffer(self._buffer, np.uint8)
        self._as_floats = np.frombuffer(self._buffer, ">f4")
        self._as_ints = np.frombuffer(self._buffer, ">i4")
        self._still = np.where(kinds == "f", _STILL, 0.5).astype(np.float32)
        self._sent: npt.NDArray[np.float32] = np.zeros(len(kinds), np.float32)
        self._fresh = True

    def fill(self, signals: F32, *, found: bool, everything: bool = False) -> tuple[bytes, ...]:
        """What changed since it was sent last, as datagrams; all of it the first time.

        `everything` sends the rest too, as a refresh. Without a face (`found`) neither does so for
        VRChat's own eye tracking, so that its own idle eyes come back after its ten seconds.
        """
        now = self._words(signals)
        moved = np.abs(now - self._sent) >= self._still
        if everything or self._fresh:
            chosen = ~self._is_native | found
            chosen[self._message[moved]] = True
        else:
            chosen = np.zeros(len(self._is_native), bool)
            chosen[self._message[moved]] = True
        self._fresh = False
        going = chosen[self._message]
        self._sent[going] = now[going]
        self._write(now)
        return self._bundled(chosen.nonzero()[0].tolist())

    def _words(self, signals: F32) -> F32:
        values = np.clip(self._matrix @ signals, self._lo, self._hi)
        now: F32 = values[self._row]
        tells = self._tells
        # Half a step of hysteresis on both sides: a bool that flickers is worse than a late one.
        now[tells] = now[tells] >= np.where(self._sent[tells] > 0.5, 0.45, 0.55)
        size = np.abs(np.where(self._unsigned, np.maximum(values, 0.0), values))
        steps = np.minimum((size * self._levels).astype(np.int32), self._levels - 1)
        steps = np.where(size > _FULL, self._levels - 1, steps)
        bits = self._bits
        now[bits] = (steps[self._row[bits]] >> self._bit[bits]) & 1
        signs = self._signs
        # A sign without magnitude would flicker with the noise about 0.
        now[signs] = (now[signs] < 0.0) & (steps[self._row[signs]] > 0)
        now[self._whole] = np.rint(now[self._whole])
        return now

    def _write(self, now: F32) -> None:
        # -0.0 becomes 0.0: the same face must give the same bytes.
        self._as_floats[self._float_at] = now[self._floats] + np.float32(0.0)
        self._as_ints[self._whole_at] = now[self._whole]
        self._as_bytes[self._flag_at] = np.where(now[self._flags] > 0.5, ord("T"), ord("F"))

    def _bundled(self, messages: list[int]) -> tuple[bytes, ...]:
        out: list[bytes] = []
        parts: list[bytes | memoryview] = [_HEADER]
        room = MAX_DATAGRAM_BYTES - len(_HEADER)
        view, ends = self._view, self._ends
        for i in messages:
            start, end = ends[i], ends[i + 1]
            if end - start > room and len(parts) > 1:
                out.append(b"".join(parts))
                parts, room = [_HEADER], MAX_DATAGRAM_BYTES - len(_HEADER)
            parts.append(view[start:end])
            room -= end - start
        return (*out, b"".join(parts)) if len(parts) > 1 else tuple(out)


def _wants(eyes: Eyes, keys: set[str], pattern: str) -> bool:
    return eyes == "on" or (eyes == "auto" and not any(re.fullmatch(pattern, k) for k in keys))


def chatbox(text: str) -> bytes:
    """A line for VRChat's chat box: shown at once, without its sound; empty clears it."""
    line = "".join(c for c in text if c.isprintable())[:144]
    head = padded(b"/chatbox/input") + padded(b",sTF")
    return head + padded(line.encode("utf-8", "replace"))
