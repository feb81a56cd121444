"""Live Link Face, version 6: what Unreal Engine's Live Link takes from an iPhone. All big-endian.

    u8 6 · i32 length + device id · i32 length + subject name · i32 frame · f32 sub-frame ·
    i32 frames a second · i32 denominator · u8 61 · 61 x f32

The 61 are the 52 shapes, then yaw, pitch and roll of the head, of the left and of the right eye.
Without a face the packet ends before the count.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vtdrive.vocab import SHAPES
from vtdrive.wire.face import Euler, PlainFace, checked

__all__ = ["ANGLES", "LiveLinkEncoder", "LiveLinkFrame", "Unit", "decode"]

Unit = Literal["radians", "half-turns"]
ANGLES: Final = tuple(
    f"{part}_{angle}"
    for part in ("head", "left_eye", "right_eye")
    for angle in ("yaw", "pitch", "roll")
)
_VERSION: Final = 6
_COUNT: Final = 61
_TIME: Final = struct.Struct(">ifii")
_FACE: Final = struct.Struct(f">B{_COUNT}f")
_PER_DEG: Final[Mapping[Unit, float]] = {"radians": math.pi / 180, "half-turns": 1 / 180}


class LiveLinkEncoder:
    """Encodes faces of one device for one subject; both names are settled here.

    `gains` multiply an angle of `ANGLES`, a negative one turns it round. Raises ValueError where a
    name is empty or longer than 255 bytes.
    """

    def __init__(
        self,
        *,
        device: str,
        subject: str,
        unit: Unit = "radians",
        gains: Mapping[str, float] | None = None,
        fps: int = 60,
    ) -> None:
        self._head = bytes([_VERSION]) + _text(device) + _text(subject)
        self._per_deg = [_PER_DEG[unit] * (gains or {}).get(name, 1.0) for name in ANGLES]
        self._fps = fps

    def encode(self, face: PlainFace, *, with_face: bool) -> bytes:
        """One packet; without `with_face` the short form that says that none is seen."""
        # Its own time of the frame: seconds and parts of a frame, as a film counts them.
        whole, part = divmod(face.t_ns * self._fps, 1_000_000_000)
        time = _TIME.pack(whole & 0x7FFFFFFF, part * 1e-9, self._fps, 1)
        if not with_face:
            return self._head + time
        degrees = [v for e in (face.head, *face.eyes) for v in _angles(e)]
        turned = (d * per + 0.0 for d, per in zip(degrees, self._per_deg, strict=True))
        return self._head + time + _FACE.pack(_COUNT, *face.shapes, *turned)


@dataclass(frozen=True, slots=True)
class LiveLinkFrame:
    """What a receiver makes of one packet."""

    device: str
    subject: str
    frame: int
    fps: int
    shapes: dict[str, float] | None
    """None where the sender sees no face."""
    angles: dict[str, float] | None
    """`ANGLES` by name, in the sender's unit."""


def decode(datagram: bytes) -> LiveLinkFrame:
    """Read one packet; raises ValueError where it makes no sense."""
    if datagram[:1] != bytes([_VERSION]):
        raise ValueError("not version 6 of Live Link Face")
    device, at = _read_text(datagram, 1)
    subject, at = _read_text(datagram, at)
    rest = datagram[at:]
    if len(rest) not in (_TIME.size, _TIME.size + _FACE.size):
        raise ValueError(f"{len(datagram)} bytes are not as long as their names say")
    frame, _, fps, _ = _TIME.unpack_from(rest)
    if len(rest) == _TIME.size:
        return LiveLinkFrame(device, subject, frame, fps, None, None)
    count, *values = _FACE.unpack_from(rest, _TIME.size)
    if count != _COUNT:
        raise ValueError(f"{count} values, not {_COUNT}")
    names = (*SHAPES, *ANGLES)
    named = {name: checked(v, name) for name, v in zip(names, values, strict=True)}
    return LiveLinkFrame(
        device,
        subject,
        frame,
        fps,
        {name: min(1.0, max(0.0, named[name])) for name in SHAPES},
        {name: named[name] for name in ANGLES},
    )


def _angles(euler: Euler) -> tuple[float, float, float]:
    return euler.yaw_deg, euler.pitch_deg, euler.roll_deg


def _text(name: str) -> bytes:
    raw = name.encode()
    if not 0 < len(raw) <= 255:
        raise ValueError(f"the name {name!r} is empty or too long")
    return struct.pack(">i", len(raw)) + raw


def _read_text(datagram: bytes, at: int) -> tuple[str, int]:
    start = at + 4
    length = int.from_bytes(datagram[at:start], "big", signed=True)
    if not (0 < length <= 255 and start + length <= len(datagram)):
        raise ValueError("a name that is longer than the packet")
    # UnicodeDecodeError is a ValueError.
    return datagram[start : start + length].decode(), start + length
