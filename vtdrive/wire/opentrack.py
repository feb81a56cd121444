"""opentrack's "UDP over network": six little-endian doubles, centimetres and degrees.

x, y, z, yaw, pitch, roll. opentrack has no name for the side that is positive; here x is + to the
user's right, y up, z away from the screen, yaw + to the right, pitch + up, roll + to the right
shoulder, as trackers that feed it tend to have it. Each axis can be turned round.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import Final

from vtdrive.wire.face import PlainFace, checked

__all__ = ["AXES", "decode", "encode"]

AXES: Final = ("x", "y", "z", "yaw", "pitch", "roll")
_PACKET: Final = struct.Struct("<6d")


def encode(face: PlainFace, *, invert: Collection[str] = ()) -> bytes:
    """48 bytes; `invert` names the axes to turn round."""
    x, y, z = (100.0 * v for v in face.head_m)
    head = face.head
    values = (-x, y, -z, -head.yaw_deg, head.pitch_deg, head.roll_deg)
    # Never -0.0: the same pose gives the same bytes.
    return _PACKET.pack(
        *((-v if axis in invert else v) + 0.0 for axis, v in zip(AXES, values, strict=True))
    )


def decode(datagram: bytes) -> dict[str, float]:
    """The six numbers by name, as sent; raises ValueError where they are none."""
    if len(datagram) != _PACKET.size:
        raise ValueError(f"{len(datagram)} bytes are no six doubles")
    numbers = zip(AXES, _PACKET.unpack(datagram), strict=True)
    return {axis: checked(value, axis) for axis, value in numbers}
