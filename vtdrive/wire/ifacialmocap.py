"""iFacialMocap: text, one datagram per frame.

    name-INT|…|=head#rx,ry,rz,px,py,pz|rightEye#x,y,z|leftEye#x,y,z|

Version 2 writes `&` between name and value. Values are hundredths, angles degrees in ARKit's
right-handed axes: x + looks down, y + turns to the subject's left, z + tilts the crown to the
subject's right; positions are metres, + to the subject's left, up, towards the camera.
"""

from __future__ import annotations

from typing import Final, Literal

from vtdrive.types import Incoming
from vtdrive.vocab import SHAPES
from vtdrive.wire.face import Euler, PlainFace, checked, heard

__all__ = ["HELLO", "IFacialMocapEncoder", "Version", "decode"]

Version = Literal["v1", "v2"]
_HELLO: Final = "iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
HELLO: Final[dict[Version, bytes]] = {
    "v1": _HELLO.encode(),
    "v2": f"{_HELLO}|sendDataVersion=v2".encode(),
}
"""What a receiver sends to the phone to make it send."""

_WHOLE: Final = frozenset({"mouthLeft", "mouthRight", "jawLeft", "jawRight"})
_LARGEST: Final = 16384
_NUDGE_DEG: Final = 1e-4


def _phone_name(name: str) -> str:
    if name in _WHOLE:
        return name
    for side, short in (("Left", "_L"), ("Right", "_R")):
        if name.endswith(side):
            return name.removesuffix(side) + short
    return name


_NAMES: Final = tuple(map(_phone_name, SHAPES))
_BY_NAME: Final = dict(zip((*_NAMES, *SHAPES), (*SHAPES, *SHAPES), strict=True))
"""Also spelled in full, as relatives of the app do."""


class IFacialMocapEncoder:
    """Encodes faces as the phone does.

    Receivers take two equal frames for lost tracking. So while a face is found no two in a row are
    equal: a head angle differs by 0.0001°, which nobody sees.
    """

    def __init__(self, version: Version = "v1") -> None:
        between = "-" if version == "v1" else "&"
        shapes = "".join(f"{name}{between}%d|" for name in _NAMES)
        self._format = (
            f"{shapes}=head#%.4f,%.4f,%.4f,%.5f,%.5f,%.5f|"
            "rightEye#%.4f,%.4f,%.4f|leftEye#%.4f,%.4f,%.4f|"
        )
        self._last = b""

    def encode(self, face: PlainFace) -> bytes:
        """One frame, about 1 kB of ASCII."""
        text = self._text(face, 0.0)
        if face.found and text == self._last:
            text = self._text(face, _NUDGE_DEG)
        self._last = text
        return text

    def _text(self, face: PlainFace, nudge_deg: float) -> bytes:
        head, (left, right) = face.head, face.eyes
        numbers = (
            *(-head.pitch_deg + nudge_deg, head.yaw_deg, head.roll_deg),
            *face.head_m,
            *(-right.pitch_deg, right.yaw_deg, 0.0),
            *(-left.pitch_deg, left.yaw_deg, 0.0),
        )
        shapes = (round(100.0 * v) for v in face.shapes)
        # + 0.0: never "-0", so that the same pose gives the same text.
        return (self._format % (*shapes, *(v + 0.0 for v in numbers))).encode()


def decode(datagram: bytes, *, t_ns: int) -> Incoming:
    """The measurement in one frame of either version; unknown names are skipped.

    Raises ValueError where it is no such frame.
    """
    if len(datagram) > _LARGEST:
        raise ValueError("too long for a frame of iFacialMocap")
    text = datagram.decode("ascii")
    # Some senders write "|=|head#": the "=" only says that shapes end here.
    before, equals, after = text.partition("=")
    if not equals or "=" in after:
        raise ValueError("no frame of iFacialMocap: it has not exactly one '='")
    named: dict[str, float] = {}
    for part in filter(None, before.split("|")):
        name, value = _named_value(part)
        if name in named:
            raise ValueError(f"{name[:40]!r} comes twice")
        named[name] = value
    shapes = {_BY_NAME[n]: value / 100.0 for n, value in named.items() if n in _BY_NAME}
    if not shapes:
        raise ValueError("no frame of iFacialMocap: it has no shape that we know")
    bones = _bones(after)
    head, eyes = bones.get("head"), None
    if "leftEye" in bones and "rightEye" in bones:
        eyes = _euler(bones["leftEye"]), _euler(bones["rightEye"])
    return heard(
        t_ns=t_ns,
        found=named.get("trackingStatus", 1.0) != 0.0,
        shapes=shapes,
        head=None if head is None else _euler(head),
        head_m=None if head is None else head[3:],
        eyes=eyes,
    )


def _named_value(part: str) -> tuple[str, float]:
    for between in "&-":
        name, found, value = part.partition(between)
        if found and name:
            return name, _number(value)
    raise ValueError(f"{part[:40]!r} is no name and value")


def _bones(after: str) -> dict[str, list[float]]:
    bones: dict[str, list[float]] = {}
    for part in filter(None, after.split("|")):
        name, mark, values = part.partition("#")
        if mark and name in ("head", "rightEye", "leftEye"):
            numbers = [_number(value) for value in values.split(",")]
            if len(numbers) != (6 if name == "head" else 3) or name in bones:
                raise ValueError(f"{name} has not the numbers it should have")
            bones[name] = numbers
    return bones


def _euler(values: list[float]) -> Euler:
    x, y, z = values[:3]
    return Euler(yaw_deg=y, pitch_deg=-x, roll_deg=z)


def _number(text: str) -> float:
    # float() also reads "1_000" and " 1": nobody sends that.
    if not text or not set(text) <= set("+-.0123456789eE"):
        raise ValueError(f"{text[:40]!r} is no number")
    return checked(float(text), text[:40])
