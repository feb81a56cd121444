"""Live Link Face and opentrack: there and back, also through a decoder that is not ours."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_faces import face_of, mutated, plain_faces

from vtdrive.vocab import SHAPES, pascal
from vtdrive.wire import livelink, opentrack
from vtdrive.wire.face import PlainFace, plain_face
from vtdrive.wire.livelink import ANGLES, LiveLinkEncoder

DEVICE = "12345678-1234-1234-1234-123456789ABC"
FACE = face_of(
    yaw_deg=20, pitch_deg=10, roll_deg=5, gaze_deg=((8, 4), (10, -4)), t_ns=1_500_000_000,
    eyeBlinkLeft=1.0, jawLeft=0.25, tongueOut=0.5,
)  # fmt: skip


def encoder(unit: livelink.Unit = "radians") -> LiveLinkEncoder:
    return LiveLinkEncoder(device=DEVICE, subject="Mia", unit=unit)


@given(plain_faces(), st.sampled_from(["radians", "half-turns"]))
def test_a_live_link_face_comes_back(face: PlainFace, unit: livelink.Unit) -> None:
    frame = livelink.decode(encoder(unit).encode(face, with_face=True))
    assert (frame.device, frame.subject, frame.fps) == (DEVICE, "Mia", 60)
    assert frame.shapes is not None
    assert frame.angles is not None
    assert list(frame.shapes.values()) == pytest.approx(face.shapes, abs=1e-6)
    per_deg = math.pi / 180 if unit == "radians" else 1 / 180
    for part, euler in zip(("head", "left_eye", "right_eye"), (face.head, *face.eyes), strict=True):
        assert frame.angles[f"{part}_yaw"] == pytest.approx(euler.yaw_deg * per_deg, abs=1e-6)
        assert frame.angles[f"{part}_pitch"] == pytest.approx(euler.pitch_deg * per_deg, abs=1e-6)
        assert frame.angles[f"{part}_roll"] == pytest.approx(euler.roll_deg * per_deg, abs=1e-6)


def test_pylivelinkface_reads_it() -> None:
    from pylivelinkface import FaceBlendShape, PyLiveLinkFace

    found, frame = PyLiveLinkFace.decode(encoder().encode(FACE, with_face=True))
    assert found
    assert frame.name == "Mia"
    assert frame.uuid == f"${DEVICE}"
    for name, value in zip(SHAPES, FACE.shapes, strict=True):
        assert frame.get_blendshape(FaceBlendShape[pascal(name)]) == pytest.approx(value), name
    for theirs, degrees in (("HeadYaw", 20), ("HeadPitch", 10), ("HeadRoll", 5),
                            ("LeftEyeYaw", 8), ("LeftEyePitch", 4), ("RightEyeYaw", 10),
                            ("RightEyePitch", -4), ("RightEyeRoll", 0)):  # fmt: skip
        got = frame.get_blendshape(FaceBlendShape[theirs])
        assert got == pytest.approx(math.radians(degrees), abs=1e-6), theirs
    found, _ = PyLiveLinkFace.decode(encoder().encode(FACE, with_face=False))
    assert not found


def test_our_decoder_reads_pylivelinkface() -> None:
    from pylivelinkface import FaceBlendShape, PyLiveLinkFace

    theirs = PyLiveLinkFace(name="Bo", uuid=DEVICE)
    theirs.set_blendshape(FaceBlendShape.JawLeft, 0.25, no_filter=True)
    theirs.set_blendshape(FaceBlendShape.HeadYaw, -0.5, no_filter=True)
    packet = bytearray(theirs.encode())
    # It writes the version as a little-endian word, which eats the first bytes of a length.
    assert packet[:5] == b"\x06\0\0\0$"
    frame = livelink.decode(bytes(packet))
    assert (frame.device, frame.subject) == (DEVICE, "Bo")
    assert frame.shapes is not None
    assert frame.angles is not None
    assert frame.shapes["jawLeft"] == 0.25
    assert frame.angles["head_yaw"] == -0.5


def test_the_length_is_what_the_parts_say() -> None:
    packet = encoder().encode(FACE, with_face=True)
    assert len(packet) == 1 + 4 + 36 + 4 + 3 + 16 + 1 + 61 * 4
    assert packet[:5] == b"\x06\0\0\0\x24"
    assert packet[64] == 61
    short = encoder().encode(FACE, with_face=False)
    assert packet.startswith(short)
    assert len(short) == 64


def test_a_name_beyond_ascii_is_counted_in_bytes() -> None:
    packet = LiveLinkEncoder(device="d", subject="Zoë").encode(FACE, with_face=True)
    assert livelink.decode(packet).subject == "Zoë"


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_name_that_cannot_be_sent_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="empty or too long"):
        LiveLinkEncoder(device=DEVICE, subject=name)


def test_gains_and_the_running_frame() -> None:
    gains = {"head_yaw": -1.0, "left_eye_pitch": 0.5}
    turned = LiveLinkEncoder(device=DEVICE, subject="Mia", gains=gains)
    frame = livelink.decode(turned.encode(FACE, with_face=True))
    assert frame.angles is not None
    assert frame.angles["head_yaw"] == pytest.approx(-math.radians(20))
    assert frame.angles["left_eye_pitch"] == pytest.approx(math.radians(2))
    assert frame.angles["head_pitch"] == pytest.approx(math.radians(10))
    assert frame.frame == 90
    assert len(ANGLES) == 9


VALID = encoder().encode(FACE, with_face=True)
UGLY = [
    b"", b"\x06", b"\x05" + VALID[1:], VALID[:-1], VALID + b"\0", VALID[:65],
    VALID[:64] + b"\x3c" + VALID[65:], VALID[:65] + struct.pack(">f", math.nan) + VALID[69:],
    b"\x06\0\0\0\0" + VALID[5:], b"\x06\xff\xff\xff\xff" + VALID[5:], b"\x06\x7f\xff\xff\xff",
    b"\x06\0\0\0\x02\xff\xfe" + VALID[41:], VALID[:41] + b"\0\0\x01\0" + VALID[45:],
]  # fmt: skip


@pytest.mark.parametrize("datagram", UGLY)
def test_ugly_live_link_packets_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        livelink.decode(datagram)


@given(st.one_of(st.binary(max_size=400), mutated(VALID)))
def test_the_live_link_decoder_raises_nothing_but_value_errors(datagram: bytes) -> None:
    try:
        frame = livelink.decode(datagram)
    except ValueError:
        return
    assert (frame.shapes is None) == (frame.angles is None)
    if frame.shapes is not None and frame.angles is not None:
        assert all(0 <= v <= 1 for v in frame.shapes.values())
        assert all(math.isfinite(v) for v in frame.angles.values())


@given(plain_faces(), st.sets(st.sampled_from(opentrack.AXES)))
def test_an_opentrack_pose_comes_back(face: PlainFace, invert: set[str]) -> None:
    datagram = opentrack.encode(face, invert=invert)
    assert len(datagram) == 48
    pose = opentrack.decode(datagram)
    x, y, z = face.head_m
    wanted = {
        "x": -100 * x, "y": 100 * y, "z": -100 * z,
        "yaw": -face.head.yaw_deg, "pitch": face.head.pitch_deg, "roll": face.head.roll_deg,
    }  # fmt: skip
    for axis, value in wanted.items():
        assert pose[axis] == pytest.approx(-value if axis in invert else value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_leaves(value: float) -> None:
    face = plain_face(
        t_ns=0,
        found=True,
        head_xyzw=[value, 0, 0, 1],
        head_m=[value, 0.1, value],
        gaze_rad=[[value, 0.1], [0.1, value]],
        shapes=[value] * 52,
    )
    assert face.head.yaw_deg == 0.0
    pose = opentrack.decode(opentrack.encode(face))
    assert pose == {"x": 0.0, "y": 10.0, "z": 0.0, "yaw": 0.0, "pitch": 0.0, "roll": 0.0}
    frame = livelink.decode(encoder().encode(face, with_face=True))
    assert frame.shapes is not None
    assert set(frame.shapes.values()) == {0.0}


@pytest.mark.parametrize(
    "datagram", [b"", bytes(47), bytes(49), struct.pack("<6d", 0, 0, math.nan, 0, 0, 0)]
)
def test_ugly_opentrack_packets_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        opentrack.decode(datagram)
