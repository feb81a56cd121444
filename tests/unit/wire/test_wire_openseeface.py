"""OpenSeeFace's packets: the pose as its own consumers undo it, points, features, and back."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_faces import face_of, head_off, mutated, plain_faces, sound

from vtdrive.core.face_model import POINTS_M
from vtdrive.spaces import quat_angle, quat_conj, quat_from_matrix, quat_mul, rotate
from vtdrive.testing import make_face, mirrored_face
from vtdrive.types import Face, Incoming, frozen
from vtdrive.vocab import SHAPE_INDEX, SHAPES
from vtdrive.wire import openseeface
from vtdrive.wire.face import PlainFace
from vtdrive.wire.face_points import mesh_points, resting_points
from vtdrive.wire.openseeface import PACKET_BYTES, OsfFrame, read


def encoded(face: PlainFace, t_s: float = 1.0) -> bytes:
    return openseeface.encode(face, resting_points(face), t_s=t_s)


def sent(face: PlainFace) -> OsfFrame:
    return read(encoded(face))


def heard(face: PlainFace) -> Incoming:
    found = openseeface.decode(encoded(face), t_ns=5)
    assert found is not None
    return found


def test_rest_is_where_openseeface_has_it() -> None:
    packet = encoded(face_of())
    assert len(packet) == PACKET_BYTES == 1785
    half = math.sqrt(0.5)
    assert struct.unpack_from("<4f", packet, 33) == pytest.approx((half, half, 0, 0), abs=1e-6)
    assert struct.unpack_from("<3f", packet, 49) == (180.0, 0.0, 90.0)
    assert struct.unpack_from("<3f", packet, 61) == (0.0, 0.0, -4.5)


@pytest.mark.parametrize(
    ("turn", "euler_deg"),
    [
        ({"pitch_deg": -10.0}, (-170.0, 0.0, 90.0)),
        ({"pitch_deg": 10.0}, (170.0, 0.0, 90.0)),
        ({"yaw_deg": 25.0}, (180.0, 25.0, 90.0)),
        ({"roll_deg": 15.0}, (180.0, 0.0, 105.0)),
    ],
)
def test_each_axis_alone(turn: dict[str, Any], euler_deg: tuple[float, ...]) -> None:
    assert sent(face_of(**turn)).euler_deg == pytest.approx(euler_deg, abs=1e-4)


def test_the_right_eye_comes_first() -> None:
    packet = encoded(face_of(eyeBlinkRight=1.0, eyeBlinkLeft=0.25))
    assert struct.unpack_from("<ff", packet, 20) == (0.0, 0.75)
    eye_l, eye_r = struct.unpack_from("<ff", packet, 1729)
    assert (eye_l, eye_r) == (-0.25, -1.0)


@given(plain_faces())
def test_unitys_consumer_gets_the_anatomical_rotation(face: PlainFace) -> None:
    """As OpenSeeIKTarget does it: q becomes (-y, -x, z, w), relative to its first one; the same
    head in Unity's left-handed space is (x, -y, -z, w)."""

    def turned(frame: OsfFrame) -> list[float]:
        x, y, z, w = frame.quaternion
        return [-y, -x, z, w]

    apart = quat_mul(turned(sent(face)), quat_conj(turned(sent(face_of()))))
    x, y, z, w = face.head_xyzw
    assert quat_angle(apart, [x, -y, -z, w]) < 1e-5


def test_the_quaternion_does_not_jump_as_the_head_turns() -> None:
    turns = [face_of(yaw_deg=a, pitch_deg=a / 2, roll_deg=-a / 3) for a in range(-60, 61, 2)]
    quats = np.array([sent(face).quaternion for face in turns])
    assert np.abs(np.diff(quats, axis=0)).max() < 0.05


def reprojected(frame: OsfFrame) -> npt.NDArray[np.float64]:
    """(66, 2) pixels where the points in space fall by the pose sent, as its solver fitted it:
    a picture on its side (row, column), 600 px to the unit plane."""
    points = np.array(frame.points_3d)[:66] * (1.0, -1.0, -1.0)
    turn = np.stack([rotate(frame.quaternion, axis) for axis in np.eye(3)], axis=1).T
    placed = points @ turn.T + frame.translation
    row, column = (placed[:, :2] / placed[:, 2:] * 600).T
    return np.stack([column + frame.size_px[0] / 2, row + frame.size_px[1] / 2], axis=1)


@pytest.mark.parametrize(
    ("turn", "at_m"),
    [
        ({"yaw_deg": 20.0}, (0.0, 0.0, 0.0)),
        ({"pitch_deg": 15.0}, (0.0, 0.0, 0.0)),
        ({"roll_deg": -20.0}, (0.0, 0.0, 0.0)),
        ({"yaw_deg": -15.0, "pitch_deg": 10.0, "roll_deg": 8.0}, (0.05, -0.03, 0.1)),
    ],
)
def test_pose_points_and_picture_belong_together(
    turn: dict[str, Any], at_m: tuple[float, float, float]
) -> None:
    face = face_of(at_m=at_m, **turn)
    frame = sent(face)
    seen = np.array(frame.points_px)[:66]
    off = np.linalg.norm(reprojected(frame) - seen, axis=1).mean()
    # Not exact: the solver's depth is mirrored, so its perspective is as well.
    assert off < 0.08 * np.ptp(seen, axis=0).max()
    # A pose that is wrong about any side or sign is far off.
    others = [face_of(at_m=at_m, **{k: -v for k, v in turn.items()})]
    others.append(face_of(**turn) if any(at_m) else others[0])
    for other in others:
        wrong = OsfFrame(**{
            **{name: getattr(frame, name) for name in OsfFrame.__slots__},
            "quaternion": sent(other).quaternion,
            "translation": sent(other).translation,
        })  # fmt: skip
        assert np.linalg.norm(reprojected(wrong) - seen, axis=1).mean() > 1.4 * off


@pytest.mark.parametrize(
    "turn",
    [{}, *({axis: a} for axis in ("yaw_deg", "pitch_deg", "roll_deg") for a in (-15.0, 15.0))],
)
def test_the_solver_that_openseeface_uses_finds_the_pose_that_is_sent(
    turn: dict[str, Any],
) -> None:
    """OpenCV's own fit of the points to the picture on its side, begun at OpenSeeFace's rest."""
    import cv2

    frame = sent(face_of(**turn))
    points = np.array(frame.points_3d)[:66] * (1.0, -1.0, -1.0)
    picture = np.array(frame.points_px)[:66, ::-1].copy()
    width, height = frame.size_px
    lens = np.array([[600, 0, height / 2], [0, 600, width / 2], [0, 0, 1.0]])
    rest, _ = cv2.Rodrigues(np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1.0]]))
    start = np.array([[0.0], [0.0], [-4.5]])
    found, turned, moved = cv2.solvePnP(
        points, picture, lens, None, rest, start, True, cv2.SOLVEPNP_ITERATIVE
    )
    assert found
    fitted = quat_from_matrix(cv2.Rodrigues(turned)[0].T)
    # Its depth is mirrored, which costs a few degrees; any wrong sign costs thirty.
    assert math.degrees(quat_angle(fitted, frame.quaternion)) < 5
    assert moved.ravel() == pytest.approx(frame.translation, abs=1.0)


@given(plain_faces())
def test_pose_gaze_and_lids_come_back(face: PlainFace) -> None:
    found = heard(face)
    sound(found)
    assert found.found
    assert head_off(found, face) < 0.01
    assert found.head_m == pytest.approx(face.head_m, abs=1e-5)
    looks = np.radians([(eye.yaw_deg, eye.pitch_deg) for eye in face.eyes])
    assert found.gaze_rad is not None
    assert found.gaze_rad == pytest.approx(looks, abs=1e-3)
    for side in ("Left", "Right"):
        at = SHAPE_INDEX[f"eyeBlink{side}"]
        assert found.shapes[at] == pytest.approx(face.shapes[at], abs=1e-6)


ALONE = ("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "browDownRight", "eyeWideLeft",
         "jawOpen", "mouthPucker")  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_a_shape_that_its_features_tell_comes_back(name: str) -> None:
    shapes: dict[str, Any] = {name: 0.6}
    found = heard(face_of(**shapes))
    assert found.known[SHAPE_INDEX[name]]
    assert found.shapes[SHAPE_INDEX[name]] == pytest.approx(0.6, abs=1e-6)
    others = np.delete(found.shapes, SHAPE_INDEX[name])
    assert others.max() < 1e-6


def test_raised_brows_come_back() -> None:
    found = heard(face_of(browInnerUp=0.6, browOuterUp=0.6))
    for name in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"):
        assert found.shapes[SHAPE_INDEX[name]] == pytest.approx(0.6, abs=1e-6)


def test_what_its_features_do_not_tell_is_not_known() -> None:
    known = {SHAPES[i] for i in np.flatnonzero(heard(face_of()).known)}
    assert known == {
        "eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft", "eyeWideRight", "jawOpen", "mouthPucker",
        "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "browInnerUp",
        "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight",
    }  # fmt: skip


def test_features_have_openseefaces_signs() -> None:
    up = sent(face_of(browInnerUp=0.5, browOuterUp=0.5)).features
    assert up["eyebrow_updown_l"] == up["eyebrow_updown_r"] == 0.5
    assert sent(face_of(browInnerUp=0.8)).features["eyebrow_steepness_l"] > 0.5
    angry = sent(face_of(browDownLeft=0.8)).features
    assert angry["eyebrow_steepness_l"] < -0.5
    assert angry["eyebrow_steepness_r"] == 0.0
    smile = sent(face_of(mouthSmile=0.7)).features
    assert smile["mouth_corner_updown_l"] < -0.6, "+ is down"
    assert smile["mouth_corner_inout_r"] > 0.6
    assert smile["mouth_wide"] > 0.6
    assert sent(face_of(mouthPucker=0.7)).features["mouth_wide"] < -0.6
    assert sent(face_of(jawOpen=0.7, mouthClose=0.7)).features["mouth_open"] == 0.0
    assert all(
        -1 <= v <= 1 for v in sent(face_of(eyeWide=1, browDown=1, jawOpen=1)).features.values()
    )


def test_mesh_points_do_not_depend_on_where_the_head_looks() -> None:
    face = face_of()
    straight = mesh_points(make_face(), face, mirror=False)
    turned = mesh_points(make_face(yaw_deg=30, pitch_deg=-20, roll_deg=10), face, mirror=False)
    assert straight is not None
    assert turned is not None
    assert turned.space_m == pytest.approx(straight.space_m, abs=1e-6)
    assert np.abs(straight.space_m[:66] - resting_points(face).space_m[:66]).max() < 0.02
    assert np.abs(turned.picture_px - straight.picture_px).max() > 10


def test_points_lie_on_their_own_side() -> None:
    points = mesh_points(make_face(), face_of(), mirror=False)
    assert points is not None
    x = points.space_m[:, 0]
    for right, left in ((0, 16), (17, 26), (36, 45), (31, 35), (58, 62), (66, 67), (68, 69)):
        assert x[right] < 0 < x[left], "+X is the subject's left"
        if left < 68:
            assert points.picture_px[right, 0] < points.picture_px[left, 0]
    y = points.space_m[:, 1]
    assert y[8] < y[50] < y[30] < y[27] < y[19], "chin, lip, nose, its root, brow"
    assert points.space_m[30].tolist() == [0, 0, 0]


def test_mirrored_points_are_those_of_the_mirror_image() -> None:
    tracked = make_face(yaw_deg=20, roll_deg=5, shut=(1.0, 0.0))
    image = mirrored_face(tracked)
    eyes = [36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 66, 67]
    mirrored = mesh_points(tracked, face_of(), mirror=True)
    seen = mesh_points(image, face_of(), mirror=False)
    assert mirrored is not None
    assert seen is not None
    # `mirrored_face` exchanges the points of the eyes only, and counts a pixel more.
    apart = mirrored.picture_px[eyes] - seen.picture_px[eyes]
    assert np.abs(apart - (-1.0, 0.0)).max() < 0.5
    gap = mirrored.picture_px[[41, 46], 1] - mirrored.picture_px[[37, 44], 1]
    assert gap[0] < 0.3 * gap[1], "the left eye's wink is now the right one's"


@pytest.mark.parametrize("mirror", [False, True])
def test_the_picture_holds_the_face(mirror: bool) -> None:
    small = mesh_points(make_face(), face_of(), mirror=mirror)
    assert small is not None
    assert small.size_px == (640.0, 480.0)
    base = make_face()
    moved = Face(
        landmarks_px=frozen(base.landmarks_px + np.array([900, 300, 0], np.float32)),
        shapes=base.shapes,
        camera_from_head=base.camera_from_head,
        crop_px=base.crop_px,
        confidence=0.9,
    )
    wide = mesh_points(moved, face_of(), mirror=mirror)
    assert wide is not None
    assert wide.size_px == (1920.0, 1080.0)
    assert wide.confidence == 0.9
    assert ((wide.picture_px >= 0) & (wide.picture_px < wide.size_px)).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_broken_landmarks_are_not_used(value: float) -> None:
    base = make_face()
    points = base.landmarks_px.copy()
    points[33, 0], points[263, 0] = value, -value
    broken = Face(frozen(points), base.shapes, base.camera_from_head, base.crop_px, 1.0)
    assert mesh_points(broken, face_of(), mirror=False) is None
    flat = Face(
        frozen(base.landmarks_px * 0), base.shapes, base.camera_from_head, base.crop_px, 1.0
    )
    assert mesh_points(flat, face_of(), mirror=False) is None


def test_points_that_are_no_numbers_are_sent_as_0() -> None:
    points = resting_points(face_of())
    points.picture_px[3, 0], points.picture_px[3, 1] = math.inf, -math.inf
    points.space_m[5] = math.nan
    frame = read(openseeface.encode(face_of(), points, t_s=1.0))
    assert frame.points_px[3] == (0.0, 0.0)
    assert frame.points_3d[5] == (0.0, 0.0, 0.0)
    assert frame.points_3d[6] != (0.0, 0.0, 0.0)


def test_the_mean_face_has_the_vertices() -> None:
    assert resting_points(face_of()).space_m[45] == pytest.approx(
        (POINTS_M[263] - POINTS_M[1]).astype(float), abs=1e-6
    )


def test_of_several_faces_the_one_numbered_0_counts() -> None:
    first = bytearray(encoded(face_of(yaw_deg=-30)))
    first[8] = 1
    second = encoded(face_of(yaw_deg=30))
    found = openseeface.decode(bytes(first) + second, t_ns=0)
    assert found is not None
    assert head_off(found, face_of(yaw_deg=30)) < 0.01
    assert openseeface.decode(bytes(first), t_ns=0) is None


def test_a_face_without_a_fit_is_not_found() -> None:
    packet = bytearray(encoded(face_of(eyeBlinkLeft=0.5)))
    packet[28] = 0
    # OpenSeeFace sends zeros then.
    packet[33:73] = bytes(40)
    found = openseeface.decode(bytes(packet), t_ns=0)
    assert found is not None
    assert not found.found
    assert found.head_xyzw is None
    assert found.gaze_rad is None


def test_points_that_are_all_alike_tell_no_gaze() -> None:
    packet = bytearray(encoded(face_of()))
    packet[889:1729] = bytes(840)
    found = openseeface.decode(bytes(packet), t_ns=0)
    assert found is not None
    assert found.gaze_rad is None


def with_float(at: int, value: float) -> bytes:
    packet = bytearray(encoded(face_of()))
    struct.pack_into("<f", packet, at, value)
    return bytes(packet)


UGLY = [
    b"", b"x", bytes(1784), bytes(1786), bytes(1785 * 2 - 1),
    with_float(33, math.nan), with_float(37, math.inf), with_float(61, math.nan),
    with_float(69, 1e30), with_float(24, math.nan), with_float(1729, -math.inf),
    with_float(889 + 12 * 66, math.nan), with_float(33, 1e20),
    # Fitted, but the quaternion is all zeros.
    encoded(face_of())[:33] + bytes(16) + encoded(face_of())[49:],
]  # fmt: skip


@pytest.mark.parametrize("datagram", UGLY)
def test_ugly_packets_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        openseeface.decode(datagram, t_ns=0)


@given(
    st.one_of(
        st.binary(max_size=100),
        mutated(encoded(face_of(yaw_deg=10))),
        st.binary(min_size=1785, max_size=1785),
        st.tuples(st.integers(0, 445), st.floats(width=32)).map(
            lambda change: with_float(4 * change[0] + (1 if change[0] > 6 else 0), change[1])
        ),
    )
)
def test_the_decoder_raises_nothing_but_value_errors(datagram: bytes) -> None:
    try:
        found = openseeface.decode(datagram, t_ns=0)
    except ValueError:
        return
    if found is not None:
        sound(found)
