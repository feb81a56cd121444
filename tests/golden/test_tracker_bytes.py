"""What phones and trackers send, written out by hand from their formats. Our decoders are not used.

The face: head turned 90° to the subject's left, 25 cm to the left and 50 cm up, left eye shut, jaw
half open, both eyes 16° to the left and the left one 8° up.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
from plain_faces import face_of

from vtdrive.types import Incoming
from vtdrive.vocab import SHAPES
from vtdrive.wire import ifacialmocap, livelink, openseeface, opentrack, vtsphone
from vtdrive.wire.openseeface import FacePoints

FACE = face_of(
    yaw_deg=90, at_m=(0.25, 0.5, 0.0), gaze_deg=((16, 8), (16, 0)), t_ns=2_500_000_000,
    eyeBlinkLeft=1.0, jawOpen=0.5,
)  # fmt: skip

ORDER = (
    "EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft"
    " EyeWideLeft EyeBlinkRight EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight"
    " EyeSquintRight EyeWideRight JawForward JawLeft JawRight JawOpen MouthClose MouthFunnel"
    " MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight MouthFrownLeft"
    " MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight"
    " MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft"
    " MouthPressRight MouthLowerDownLeft MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight"
    " BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight CheekPuff"
    " CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut"
)
PASCAL = ORDER.split()
LEFT = [0, 0.5**0.5, 0, 0.5**0.5]
"""A quarter turn to the subject's left."""
VALUES = {"EyeBlinkLeft": "1", "JawOpen": "0.5"}


def test_a_frame_of_vtube_studios_phone() -> None:
    shapes = ",".join(f'{{"k":"{name}","v":{VALUES.get(name, "0")}}}' for name in PASCAL)
    assert vtsphone.PhoneEncoder().encode(FACE).decode() == (
        '{"Timestamp":2500,"Hotkey":-1,"FaceFound":true,'
        '"Rotation":{"x":90,"y":0,"z":0},"Position":{"x":-25,"y":50,"z":0},'
        '"EyeLeft":{"x":-8,"y":16,"z":0},"EyeRight":{"x":0,"y":16,"z":0},'
        f'"BlendShapes":[{shapes}]}}'
    )


def test_a_request_to_vtube_studios_phone() -> None:
    assert vtsphone.encode_request(seconds=5.0, port=4711, sent_by="vtdrive") == (
        b'{"messageType":"iOSTrackingDataRequest","time":5.0,"sentBy":"vtdrive","ports":[4711]}'
    )


@pytest.mark.parametrize(("version", "between"), [("v1", "-"), ("v2", "&")])
def test_a_frame_of_ifacialmocap(version: ifacialmocap.Version, between: str) -> None:
    names = [name[0].lower() + name[1:] for name in PASCAL]
    whole = {"mouthLeft", "mouthRight", "jawLeft", "jawRight"}
    names = [
        name if name in whole else name.replace("Left", "_L").replace("Right", "_R")
        for name in names
    ]
    values = {"eyeBlink_L": 100, "jawOpen": 50}
    shapes = "".join(f"{name}{between}{values.get(name, 0)}|" for name in names)
    assert ifacialmocap.IFacialMocapEncoder(version).encode(FACE).decode() == (
        shapes + "=head#0.0000,90.0000,0.0000,0.25000,0.50000,0.00000|"
        "rightEye#0.0000,16.0000,0.0000|leftEye#-8.0000,16.0000,0.0000|"
    )


def test_the_greeting_of_ifacialmocap() -> None:
    hello = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
    assert ifacialmocap.HELLO["v1"] == hello
    assert ifacialmocap.HELLO["v2"] == hello + b"|sendDataVersion=v2"


def test_a_packet_of_live_link_face() -> None:
    encoder = livelink.LiveLinkEncoder(
        device="12345678-1234-1234-1234-123456789ABC", subject="Mia", unit="half-turns"
    )
    head = (
        b"\x06\0\0\0\x24"
        b"12345678-1234-1234-1234-123456789ABC"
        b"\0\0\0\x03Mia"
        # frame 150 of 60 a second, whole
        b"\0\0\0\x96\0\0\0\0\0\0\0\x3c\0\0\0\x01"
    )
    zero = b"\0\0\0\0"
    shapes = [zero] * 52
    shapes[0], shapes[17] = b"\x3f\x80\0\0", b"\x3f\0\0\0"
    angles = [zero] * 9
    angles[0] = b"\x3f\0\0\0"  # half of a half-turn
    angles[3] = angles[6] = struct.pack(">f", 16 / 180)
    angles[4] = struct.pack(">f", 8 / 180)
    packet = encoder.encode(FACE, with_face=True)
    assert packet[: len(head) + 1] == head + b"\x3d"
    body = packet[len(head) + 1 :]
    assert body[: 4 * 52] == b"".join(shapes)
    got, want = struct.unpack(">9f", body[208:]), struct.unpack(">9f", b"".join(angles))
    assert got == pytest.approx(want, abs=1e-7)
    assert encoder.encode(FACE, with_face=False) == head


def test_a_packet_of_openseeface() -> None:
    points = FacePoints(
        size_px=(640.0, 480.0),
        picture_px=np.arange(136.0).reshape(68, 2),
        space_m=np.arange(210.0).reshape(70, 3) * 0.15,
        confidence=0.5,
    )
    face = face_of(at_m=(0.15, 0.3, 0.075), eyeBlinkLeft=1.0, eyeBlinkRight=0.25, jawOpen=0.5)
    features = [0.0] * 14
    features[0], features[1], features[12] = -1.0, -0.25, 0.5
    half = 0.5**0.5
    want = b"".join(
        [
            struct.pack("<d", 2.5),
            struct.pack("<i", 0),
            struct.pack("<ff", 640, 480),
            struct.pack("<ff", 0.75, 0.0),  # right, left
            b"\x01",
            struct.pack("<f", 10),
            struct.pack("<4f", half, half, 0, 0),
            struct.pack("<3f", 180, 0, 90),
            struct.pack("<3f", 2.0, -1.0, -4.0),  # up, to the right, away
            struct.pack("<68f", *[0.5] * 68),
            struct.pack("<136f", *range(136)),
            struct.pack("<210f", *(-float(v) for v in range(210))),
            struct.pack("<14f", *features),
        ]
    )
    packet = openseeface.encode(face, points, t_s=2.5)
    assert len(packet) == len(want) == 1785
    assert struct.unpack_from("<10f", packet, 33) == pytest.approx(
        struct.unpack_from("<10f", want, 33), abs=1e-6
    )
    assert packet[:33] == want[:33]
    assert packet[73:889] == want[73:889]
    assert struct.unpack_from("<210f", packet, 889) == pytest.approx(
        struct.unpack_from("<210f", want, 889)
    )
    assert packet[1729:] == want[1729:]


def test_a_datagram_for_opentrack() -> None:
    got = struct.unpack("<6d", opentrack.encode(FACE))
    assert got == pytest.approx((-25.0, 50.0, 0.0, -90.0, 0.0, 0.0), abs=1e-9)
    still = face_of(at_m=(0.25, 0.5, -1.0))
    assert opentrack.encode(still) == bytes.fromhex(
        "00000000000039c000000000000049400000000000005940" + "00" * 24
    )


def heard_as(found: Incoming | None) -> dict[str, float]:
    assert found is not None
    return {SHAPES[i]: float(found.shapes[i]) for i in np.flatnonzero(found.shapes)}


def test_frames_written_by_hand_are_heard() -> None:
    phone = b'{"FaceFound":true,"BlendShapes":[{"k":"EyeBlinkLeft","v":1},{"k":"JawOpen","v":0.5}]}'
    assert heard_as(vtsphone.decode(phone, t_ns=0)) == {"eyeBlinkLeft": 1.0, "jawOpen": 0.5}
    turned = (
        b'{"BlendShapes":[],"Rotation":{"x":90,"y":0,"z":0},"Position":{"x":-25,"y":50,"z":5},'
        b'"EyeLeft":{"x":-8,"y":16,"z":0},"EyeRight":{"x":0,"y":-16,"z":0}}'
    )
    found = vtsphone.decode(turned, t_ns=0)
    assert found.head_xyzw == pytest.approx(LEFT)
    assert found.head_m == pytest.approx([0.25, 0.5, 0.05])
    assert found.gaze_rad is not None
    assert np.degrees(found.gaze_rad) == pytest.approx(np.array([[16, 8], [-16, 0]]), abs=1e-4)
    text = b"eyeBlink_L&100|jawOpen-50|=head#0,90,0,0,0,0|rightEye#0,0,0|leftEye#0,0,0|"
    found = ifacialmocap.decode(text, t_ns=0)
    assert heard_as(found) == {"eyeBlinkLeft": 1.0, "jawOpen": 0.5}
    assert found.head_xyzw == pytest.approx(LEFT)
    packet = bytearray(1785)
    struct.pack_into("<ff", packet, 20, 1.0, 0.0)
    packet[28] = 1
    struct.pack_into("<4f", packet, 33, 0.5**0.5, 0.5**0.5, 0, 0)
    struct.pack_into("<f", packet, 1729 + 4 * 12, 0.5)
    straight = openseeface.decode(bytes(packet), t_ns=0)
    assert heard_as(straight) == {"eyeBlinkLeft": 1.0, "jawOpen": 0.5}
    assert straight is not None
    assert straight.head_xyzw == pytest.approx([0, 0, 0, 1], abs=1e-6)
    # A · R · D for a quarter turn to the left, transposed, by hand.
    struct.pack_into("<4f", packet, 33, -0.5, -0.5, 0.5, 0.5)
    left = openseeface.decode(bytes(packet), t_ns=0)
    assert left is not None
    assert left.head_xyzw == pytest.approx(LEFT, abs=1e-6)
