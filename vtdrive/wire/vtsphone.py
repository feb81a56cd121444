"""VTube Studio on an iPhone, "3rd party PC clients": JSON both ways. MeowFace speaks it too.

Rotation holds yaw, pitch and roll in x, y and z: degrees, + to the subject's left, down, crown to
the subject's right. Position is centimetres, + to the subject's *right*, up, towards the camera.
EyeLeft and EyeRight are pitch (+ down) and yaw (+ to the subject's left) in x and y.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from vtdrive.types import Incoming
from vtdrive.vocab import SHAPE_INDEX, SHAPES, pascal
from vtdrive.wire.face import Euler, PlainFace, checked, gaze_from_look, heard
from vtdrive.wire.jsontext import JsonTemplate, Slot

__all__ = [
    "Gaze",
    "Keys",
    "PhoneEncoder",
    "Request",
    "decode",
    "decode_request",
    "encode_request",
]

Keys = Literal["pascal", "camel"]
Gaze = Literal["auto", "angles", "shapes"]
_REQUEST: Final = "iOSTrackingDataRequest"
_LONGEST_REQUEST: Final = 4096
_LONGEST_FRAME: Final = 65536
_MOST_PORTS: Final = 32
_SHORTEST_S, _LONGEST_S, _USUAL_S = 0.5, 10.0, 1.0
_MOST_SHAPES: Final = 256


@dataclass(frozen=True, slots=True)
class Request:
    """A program asks the phone to send."""

    seconds: float
    """For how long, 0.5 to 10."""
    ports: tuple[int, ...]
    """Where it listens, at the address that the request came from."""
    sent_by: str


def encode_request(*, seconds: float, port: int, sent_by: str) -> bytes:
    """Ask a phone to send to `port` for so long."""
    request = {"messageType": _REQUEST, "time": seconds, "sentBy": sent_by, "ports": [port]}
    return json.dumps(request, separators=(",", ":")).encode()


def decode_request(datagram: bytes) -> Request:
    """What a program asks for; `sendForSeconds` is the old name of `time`.

    Durations out of range are clipped, a missing one is 1 s. Raises ValueError where it is no
    request, or names no port, or more than 32.
    """
    request = _object(datagram, _LONGEST_REQUEST)
    if request.get("messageType") != _REQUEST:
        raise ValueError(f"the messageType is not {_REQUEST}")
    seconds = request.get("time", request.get("sendForSeconds"))
    seconds = _USUAL_S if seconds is None else _number(seconds, "time")
    ports = request.get("ports")
    if not isinstance(ports, list) or not 1 <= len(ports) <= _MOST_PORTS:
        raise ValueError(f"ports is no list of 1 to {_MOST_PORTS}")
    if any(type(port) is not int or not 1 <= port <= 65535 for port in ports):
        raise ValueError("a port is no number from 1 to 65535")
    sent_by = request.get("sentBy")
    return Request(
        seconds=min(_LONGEST_S, max(_SHORTEST_S, seconds)),
        ports=tuple(dict.fromkeys(ports)),
        sent_by=sent_by[:64] if isinstance(sent_by, str) else "",
    )


class PhoneEncoder:
    """Encodes faces as the phone does. No two frames are equal: their times always rise."""

    def __init__(self, keys: Keys = "pascal") -> None:
        turn = {"x": Slot.SHORT, "y": Slot.SHORT, "z": Slot.SHORT}
        spell = pascal if keys == "pascal" else str
        self._template = JsonTemplate(
            {
                "Timestamp": Slot.INT,
                "Hotkey": -1,
                "FaceFound": Slot.TEXT,
                "Rotation": turn,
                "Position": turn,
                "EyeLeft": turn,
                "EyeRight": turn,
                "BlendShapes": [{"k": spell(name), "v": Slot.SHORT} for name in SHAPES],
            }
        )
        self._last_ms = -1

    def encode(self, face: PlainFace) -> bytes:
        """One frame, about 2.5 kB."""
        self._last_ms = max(self._last_ms + 1, face.t_ns // 1_000_000)
        head, (left, right) = face.head, face.eyes
        x, y, z = (100.0 * v for v in face.head_m)
        numbers = (
            *(head.yaw_deg, -head.pitch_deg, head.roll_deg),
            *(-x, y, z),
            *(-left.pitch_deg, left.yaw_deg, 0.0),
            *(-right.pitch_deg, right.yaw_deg, 0.0),
        )
        # + 0.0: never "-0", so that the same pose gives the same text.
        values = (*(v + 0.0 for v in numbers), *face.shapes)
        found = "true" if face.found else "false"
        return self._template.fill((self._last_ms, found, *values)).encode()


def decode(datagram: bytes, *, t_ns: int, gaze: Gaze = "auto") -> Incoming:
    """The measurement in one frame of VTube Studio's phone app or of MeowFace.

    Keys may begin with a capital or not. `gaze`: from the angles of the eyes, or from the eyeLook…
    shapes; `auto` trusts the angles, except those of MeowFace, whose readers disagree about their
    sign. Raises ValueError where it is no such frame.
    """
    frame = {_camel(key): value for key, value in _object(datagram, _LONGEST_FRAME).items()}
    found = frame.get("faceFound", True)
    if not isinstance(found, bool):
        raise ValueError("FaceFound is neither true nor false")
    # Without a face there may be nothing else.
    entries = frame.get("blendShapes", None if found else [])
    if not isinstance(entries, list) or len(entries) > _MOST_SHAPES:
        raise ValueError("no frame of a phone: BlendShapes is no list")
    shapes = _shapes(entries)
    head = _vector(frame, "rotation")
    place = _vector(frame, "position")
    by_look = gaze == "shapes" or (gaze == "auto" and "headLeft" in shapes)
    return heard(
        t_ns=t_ns,
        found=found,
        shapes={name: value for name, value in shapes.items() if name in SHAPE_INDEX},
        head=None if head is None else Euler(head[0], -head[1], head[2]),
        head_m=None if place is None else (-place[0] / 100, place[1] / 100, place[2] / 100),
        eyes=gaze_from_look(shapes) if by_look else _eyes(frame),
    )


def _shapes(entries: list[Any]) -> dict[str, float]:
    shapes: dict[str, float] = {}
    for entry in entries:
        if not (isinstance(entry, dict) and isinstance(entry.get("k"), str)):
            raise ValueError("an entry of BlendShapes has no key k")
        name = _camel(entry["k"])
        if name in shapes:
            raise ValueError(f"{name[:40]!r} comes twice")
        shapes[name] = _number(entry.get("v"), name[:40])
    # MeowFace has one for each side.
    inner = [shapes[n] for n in ("browInnerUpLeft", "browInnerUpRight") if n in shapes]
    if inner and "browInnerUp" not in shapes:
        shapes["browInnerUp"] = sum(inner) / len(inner)
    return shapes


def _eyes(frame: Mapping[str, Any]) -> tuple[Euler, Euler] | None:
    left, right = _vector(frame, "eyeLeft"), _vector(frame, "eyeRight")
    if left is None or right is None:
        return None
    return Euler(left[1], -left[0], 0.0), Euler(right[1], -right[0], 0.0)


def _vector(frame: Mapping[str, Any], key: str) -> tuple[float, float, float] | None:
    value = frame.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no vector")
    x, y, z = (_number(value.get(axis), f"{key}.{axis}") for axis in "xyz")
    return x, y, z


def _camel(key: str) -> str:
    return key[:1].lower() + key[1:]


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{what} is no number")
    try:
        return checked(value, what)
    except OverflowError:
        raise ValueError(f"{what} is too large") from None


def _object(datagram: bytes, longest: int) -> dict[str, Any]:
    if len(datagram) > longest:
        raise ValueError(f"longer than {longest} bytes")
    try:
        # Bytes that are no UTF-8 and text that is no JSON both raise kinds of ValueError.
        found = json.loads(datagram)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found
