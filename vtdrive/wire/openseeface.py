"""OpenSeeFace: 1785 bytes for each face, little-endian, pose and features of its own kind.

OpenSeeFace's solver settles on the mirrored-depth pose, in axes of a picture that lies on its side.
With R the rotation of the head in our space it sends R' = A · R · D, as the quaternion of its
transpose, and the position as (up, to the subject's right, away) in units of about 15 cm.
Points in space are the head's own axes turned round, from the tip of the nose.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.spaces import quat_from_matrix
from vtdrive.types import Incoming, all_finite
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire.face import Euler, PlainFace, checked, heard

__all__ = [
    "FEATURES",
    "NEUTRAL_DISTANCE_M",
    "PACKET_BYTES",
    "UNIT_M",
    "FacePoints",
    "OsfFrame",
    "decode",
    "encode",
    "matrix",
    "read",
]

F64 = npt.NDArray[np.float64]

UNIT_M: Final = 0.15
"""OpenSeeFace's unit of length, as near as its face model tells."""
NEUTRAL_DISTANCE_M: Final = 0.675
"""How far from the camera the neutral head is said to be: z = -4.5."""
FEATURES: Final = (
    "eye_l",
    "eye_r",
    "eyebrow_steepness_l",
    "eyebrow_updown_l",
    "eyebrow_quirk_l",
    "eyebrow_steepness_r",
    "eyebrow_updown_r",
    "eyebrow_quirk_r",
    "mouth_corner_updown_l",
    "mouth_corner_inout_l",
    "mouth_corner_updown_r",
    "mouth_corner_inout_r",
    "mouth_open",
    "mouth_wide",
)
"""About -1 to 1 around the resting face: eye open +, brow up +, its inner end up (steepness) +,
corner *down* +, corner outwards +."""
_PACKET: Final = struct.Struct("<di 2f 2f Bf 4f 3f 3f 68f 136f 210f 14f")
# The same in three: numpy writes many floats faster than struct does.
_HEAD, _FLOATS, _TAIL = (
    struct.Struct("<di 2f 2f Bf 4f 3f 3f"),
    68 + 136 + 210,
    struct.Struct("<14f"),
)
PACKET_BYTES: Final = _PACKET.size

_A: Final[F64] = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
_D: Final[F64] = np.diag([-1.0, 1.0, 1.0])
_FIT_ERROR: Final = 10.0
_I: Final = SHAPE_INDEX


@dataclass(frozen=True, slots=True, eq=False)
class FacePoints:
    """Where the points of a face are, the subject's right side first, as OpenSeeFace counts them.

    66 of the iBUG set (its mouth without the outer corners), right and left pupil; in space also
    the middle of the right and of the left eyeball.
    """

    size_px: tuple[float, float]
    """Width and height of the picture."""
    picture_px: npt.NDArray[np.float64]
    """(68, 2) x right, y down."""
    space_m: npt.NDArray[np.float64]
    """(70, 3) in the head's axes, from the tip of the nose."""
    confidence: float


def encode(face: PlainFace, points: FacePoints, *, t_s: float) -> bytes:
    """One packet. `t_s` must rise from packet to packet; what is not finite is sent as 0."""
    r = matrix(face.head_xyzw)
    # A · R · D, written out.
    turned = [
        [-r[1][0], r[1][1], r[1][2]],
        [r[0][0], -r[0][1], -r[0][2]],
        [r[2][0], -r[2][1], -r[2][2]],
    ]
    x, y, z = face.head_m
    open_right, open_left = (1.0 - face.shapes[_I[f"eyeBlink{s}"]] for s in ("Right", "Left"))
    floats = np.empty(_FLOATS, np.dtype("<f4"))
    floats[:68] = points.confidence
    floats[68:204] = points.picture_px.reshape(-1)
    np.multiply(points.space_m.reshape(-1), -1.0 / UNIT_M, out=floats[204:], casting="same_kind")
    if not all_finite(floats):
        floats[~np.isfinite(floats)] = 0.0
    head = _HEAD.pack(
        *(t_s, 0, *points.size_px),
        *(open_right, open_left, 1, _FIT_ERROR),
        *_near_neutral(quat_from_matrix([*zip(*turned, strict=True)]).tolist()),
        *_euler_deg(turned),
        *(y / UNIT_M, 0.0 - x / UNIT_M, (z - NEUTRAL_DISTANCE_M) / UNIT_M),
    )
    return b"".join((head, floats.tobytes(), _TAIL.pack(*_features(face.shapes))))


@dataclass(frozen=True, slots=True)
class OsfFrame:
    """One packet as it was sent."""

    t_s: float
    face_id: int
    size_px: tuple[float, float]
    open_right: float
    open_left: float
    fitted: bool
    """Whether the pose was found."""
    fit_error: float
    quaternion: tuple[float, ...]
    euler_deg: tuple[float, ...]
    translation: tuple[float, ...]
    confidence: tuple[float, ...]
    points_px: tuple[tuple[float, ...], ...]
    points_3d: tuple[tuple[float, ...], ...]
    features: dict[str, float]


def read(packet: bytes) -> OsfFrame:
    """The fields of one face; raises ValueError where they are not 1785 bytes."""
    if len(packet) != PACKET_BYTES:
        raise ValueError(f"{len(packet)} bytes, not {PACKET_BYTES}")
    t_s, face_id, width, height, right, left, fitted, error, *v = _PACKET.unpack(packet)
    return OsfFrame(
        t_s=t_s,
        face_id=face_id,
        size_px=(width, height),
        open_right=right,
        open_left=left,
        fitted=fitted != 0,
        fit_error=error,
        quaternion=tuple(v[:4]),
        euler_deg=tuple(v[4:7]),
        translation=tuple(v[7:10]),
        confidence=tuple(v[10:78]),
        points_px=_grouped(v[78:214], 2),
        points_3d=_grouped(v[214:424], 3),
        features=dict(zip(FEATURES, v[424:], strict=True)),
    )


def decode(datagram: bytes, *, t_ns: int) -> Incoming | None:
    """The measurement of the face 0, or None where others only are in the datagram.

    The position is counted from `NEUTRAL_DISTANCE_M`. A face whose pose was not fitted is not
    `found`. Raises ValueError where it is no such datagram, or numbers that count are none.
    """
    if not datagram or len(datagram) % PACKET_BYTES:
        raise ValueError(f"{len(datagram)} bytes are no whole number of faces")
    for at in range(0, len(datagram), PACKET_BYTES):
        # The id alone, first: a crowd of faces must cost little.
        if datagram[at + 8 : at + 12] == b"\0\0\0\0":
            return _measured(read(datagram[at : at + PACKET_BYTES]), t_ns)
    return None


def _measured(frame: OsfFrame, t_ns: int) -> Incoming:
    up, right, away = (checked(v, "the translation") for v in frame.translation)
    x, y, z, w = (checked(v, "the quaternion") for v in frame.quaternion)
    head = None
    if frame.fitted:
        if not 0.5 < math.hypot(x, y, z, w) < 2.0:
            raise ValueError("the quaternion is no rotation")
        turned = np.array(matrix((x, y, z, w))).T
        head = quat_from_matrix(_A.T @ turned @ _D)
    return heard(
        t_ns=t_ns,
        found=frame.fitted,
        shapes=_shapes(frame),
        head=head,
        head_m=(-right * UNIT_M, up * UNIT_M, away * UNIT_M + NEUTRAL_DISTANCE_M)
        if frame.fitted
        else None,
        eyes=_gaze(frame) if frame.fitted else None,
    )


def _shapes(frame: OsfFrame) -> dict[str, float]:
    f = {name: checked(value, name) for name, value in frame.features.items()}
    shapes = {
        "jawOpen": f["mouth_open"],
        "mouthPucker": -f["mouth_wide"],
        "browInnerUp": max(0.0, f["eyebrow_updown_l"]) / 2 + max(0.0, f["eyebrow_updown_r"]) / 2,
    }
    for side, of, lid in (("Left", "l", frame.open_left), ("Right", "r", frame.open_right)):
        brow, corner = f[f"eyebrow_updown_{of}"], f[f"mouth_corner_updown_{of}"]
        shapes |= {
            f"eyeBlink{side}": 1.0 - checked(lid, "an eye"),
            f"eyeWide{side}": f[f"eye_{of}"],
            f"browOuterUp{side}": brow,
            f"browDown{side}": -brow,
            f"mouthSmile{side}": -corner,
            f"mouthFrown{side}": corner,
        }
    return shapes


def _features(shapes: Sequence[float]) -> list[float]:
    s = {name: shapes[at] for name, at in _I.items()}
    out: dict[str, float] = {}
    for of, side in (("l", "Left"), ("r", "Right")):
        inner, outer = s["browInnerUp"], s[f"browOuterUp{side}"]
        down, smile = s[f"browDown{side}"], s[f"mouthSmile{side}"]
        out |= {
            f"eye_{of}": s[f"eyeWide{side}"] - s[f"eyeBlink{side}"],
            f"eyebrow_steepness_{of}": inner - outer - down,
            f"eyebrow_updown_{of}": (inner + outer) / 2 - down,
            f"eyebrow_quirk_{of}": outer - inner,
            f"mouth_corner_updown_{of}": s[f"mouthFrown{side}"] - smile,
            f"mouth_corner_inout_{of}": max(smile, s[f"mouthStretch{side}"]) - s["mouthPucker"],
        }
    wide = max((out["mouth_corner_inout_l"] + out["mouth_corner_inout_r"]) / 2, 0.0)
    out["mouth_open"] = max(0.0, s["jawOpen"] - s["mouthClose"])
    out["mouth_wide"] = wide - max(s["mouthPucker"], s["mouthFunnel"])
    return [min(1.0, max(-1.0, out[name])) for name in FEATURES]


def _gaze(frame: OsfFrame) -> tuple[Euler, Euler] | None:
    """From the middle of each eyeball through its pupil; None where the points are all alike."""
    eyes = []
    for pupil, ball in ((67, 69), (66, 68)):
        ends = zip(frame.points_3d[pupil], frame.points_3d[ball], strict=True)
        x, y, z = (-checked(p - b, "a point of an eye") for p, b in ends)
        length = math.hypot(x, y, z)
        if length < 1e-6:
            return None
        pitch = math.asin(max(-1.0, min(1.0, y / length)))
        eyes.append(Euler(math.degrees(math.atan2(x, z)), math.degrees(pitch), 0.0))
    return eyes[0], eyes[1]


def matrix(xyzw: Sequence[float]) -> list[list[float]]:
    """The rows of a rotation whose quaternion is near unit length."""
    size = math.hypot(*xyzw)
    x, y, z, w = (v / size for v in xyzw)
    # Written out: on so few numbers numpy costs five times as much.
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


def _near_neutral(xyzw: list[float]) -> list[float]:
    """Of the two that are one rotation, the one that does not jump as the head turns."""
    return xyzw if xyzw[0] + xyzw[1] >= 0 else [-v for v in xyzw]


def _euler_deg(m: list[list[float]]) -> tuple[float, float, float]:
    """Degrees of Rz(c) Ry(b) Rx(a), which are (180, 0, 90) at rest."""
    # + 0.0: never -0, of which atan2 makes -180.
    return (
        math.degrees(math.atan2(m[2][1] + 0.0, m[2][2])),
        math.degrees(math.asin(max(-1.0, min(1.0, 0.0 - m[2][0])))),
        math.degrees(math.atan2(m[1][0], m[0][0])),
    )


def _grouped(values: Sequence[float], size: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(values[i : i + size]) for i in range(0, len(values), size))
