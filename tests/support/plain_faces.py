"""Plain faces for tests of what trackers say on the wire, and what may come back."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from vtdrive.spaces import quat_angle, quat_from_euler
from vtdrive.testing import shape_vector
from vtdrive.types import Incoming
from vtdrive.wire.face import PlainFace, plain_face

__all__ = ["face_of", "head_off", "mutated", "plain_faces", "sound"]


def face_of(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    at_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    gaze_deg: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0)),
    t_ns: int = 0,
    found: bool = True,
    **shapes: float,
) -> PlainFace:
    """A face at rest unless told otherwise."""
    yaw, pitch, roll = map(math.radians, (yaw_deg, pitch_deg, roll_deg))
    return plain_face(
        t_ns=t_ns,
        found=found,
        head_xyzw=quat_from_euler(yaw=yaw, pitch=pitch, roll=roll),
        head_m=at_m,
        gaze_rad=np.radians(gaze_deg),
        shapes=shape_vector(shapes),
    )


_angle = st.floats(-60, 60)
_look = st.tuples(st.floats(-40, 40), st.floats(-30, 30))
_metres = st.floats(-0.5, 0.5)


@st.composite
def plain_faces(draw: st.DrawFn) -> PlainFace:
    """Any face that a user can pull, with 52 independent shapes."""
    face = face_of(
        yaw_deg=draw(_angle),
        pitch_deg=draw(_angle),
        roll_deg=draw(_angle),
        at_m=draw(st.tuples(_metres, _metres, _metres)),
        gaze_deg=draw(st.tuples(_look, _look)),
        t_ns=draw(st.integers(0, 2**62)),
        found=draw(st.booleans()),
    )
    shapes = np.random.default_rng(draw(st.integers(0, 2**32))).random(52)
    return plain_face(
        t_ns=face.t_ns,
        found=face.found,
        head_xyzw=face.head_xyzw,
        head_m=face.head_m,
        gaze_rad=np.radians([(eye.yaw_deg, eye.pitch_deg) for eye in face.eyes]),
        shapes=shapes,
    )


@st.composite
def mutated(draw: st.DrawFn, packet: bytes) -> bytes:
    """`packet` with a few bytes changed, cut or doubled."""
    raw = bytearray(packet)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        match draw(st.sampled_from(("set", "cut", "insert", "double"))):
            case "set" if raw:
                raw[at] = draw(st.integers(0, 255))
            case "cut":
                del raw[at : at + draw(st.integers(1, 40))]
            case "insert":
                raw[at:at] = draw(st.binary(max_size=8))
            case _:
                raw[at:at] = raw[at : at + 40]
    return bytes(raw)


def sound(found: Incoming) -> None:
    """Asserts what every measurement promises."""
    assert found.shapes.shape == found.known.shape == (52,)
    assert np.isfinite(found.shapes).all()
    assert ((found.shapes >= 0) & (found.shapes <= 1)).all()
    assert (found.shapes[~found.known] == 0).all()
    if found.head_xyzw is not None:
        assert abs(float(np.linalg.norm(found.head_xyzw)) - 1) < 1e-5
    for array in (found.head_m, found.gaze_rad):
        assert array is None or np.isfinite(array).all()


def head_off(found: Incoming, face: PlainFace) -> float:
    """Degrees between the head that was sent and the one that came."""
    assert found.head_xyzw is not None
    return math.degrees(quat_angle(found.head_xyzw, face.head_xyzw))
