"""Head pose: exact on its own face, right in its signs, calm under expressions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.face_model import POINTS_M, STEADINESS
from vtdrive.core.pose import head_pose, rigid_from_matrix
from vtdrive.spaces import euler_from_quat, quat_from_euler, quat_from_matrix
from vtdrive.types import F32

WIDTH, HEIGHT, FOV_DEG = 640, 360, 63.0
FOCAL_PX = HEIGHT / 2 / math.tan(math.radians(FOV_DEG) / 2)
NOSE_TIP, CHIN, LIPS = 1, 152, (0, 11, 12, 13, 14, 15, 16, 17, 61, 291)
F64 = npt.NDArray[np.float64]


def matrix(yaw_deg: float = 0, pitch_deg: float = 0, roll_deg: float = 0) -> F64:
    x, y, z, w = quat_from_euler(
        yaw=math.radians(yaw_deg), pitch=math.radians(pitch_deg), roll=math.radians(roll_deg)
    )
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def picture(rotation: F64, position_m: tuple[float, float, float], face: F32 = POINTS_M) -> F32:
    """The mesh that a pinhole camera and a perfect network would give, irises included."""
    points = face @ rotation.T + position_m
    depth = -points[:, 2]
    mean = STEADINESS @ depth
    mesh = np.stack(
        [
            WIDTH / 2 + FOCAL_PX * points[:, 0] / depth,
            HEIGHT / 2 - FOCAL_PX * points[:, 1] / depth,
            FOCAL_PX * (depth / mean - 1),
        ],
        axis=1,
    )
    full: F32 = np.concatenate([mesh, np.zeros((10, 3))]).astype(np.float32)
    return full


def solve(mesh: F32) -> F32:
    return head_pose(mesh, width=WIDTH, height=HEIGHT, vertical_fov_deg=FOV_DEG)


def angles_deg(pose: npt.ArrayLike) -> tuple[float, float, float]:
    yaw, pitch, roll = euler_from_quat(quat_from_matrix(np.asarray(pose)[:3, :3]))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


@given(
    yaw=st.floats(-60, 60),
    pitch=st.floats(-40, 40),
    roll=st.floats(-60, 60),
    x=st.floats(-0.15, 0.15),
    y=st.floats(-0.1, 0.1),
    z=st.floats(-1.5, -0.3),
)
def test_a_projected_face_comes_back_where_it_was(
    yaw: float, pitch: float, roll: float, x: float, y: float, z: float
) -> None:
    pose = solve(picture(matrix(yaw, pitch, roll), (x, y, z)))
    assert angles_deg(pose) == pytest.approx((yaw, pitch, roll), abs=0.05)
    assert pose[:3, 3] == pytest.approx((x, y, z), abs=1e-3)
    assert pose[3].tolist() == [0, 0, 0, 1]
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1, abs=1e-4)


def test_a_frontal_face_is_unturned() -> None:
    assert angles_deg(solve(picture(np.eye(3), (0, 0, -0.6)))) == pytest.approx((0, 0, 0), abs=0.01)


def test_a_nose_that_moves_to_the_right_of_the_picture_turns_to_the_subjects_left() -> None:
    mesh = picture(matrix(yaw_deg=20), (0, 0, -0.6))
    assert mesh[NOSE_TIP, 0] > mesh[:468, 0].mean()
    assert angles_deg(solve(mesh))[0] == pytest.approx(20, abs=0.05)


def test_looking_up_is_positive_pitch() -> None:
    mesh = picture(matrix(pitch_deg=15), (0, 0, -0.6))
    assert mesh[NOSE_TIP, 1] < picture(np.eye(3), (0, 0, -0.6))[NOSE_TIP, 1]
    assert angles_deg(solve(mesh))[1] == pytest.approx(15, abs=0.05)


def test_half_the_size_is_twice_the_distance() -> None:
    near, far = (solve(picture(np.eye(3), (0, 0, z)))[2, 3] for z in (-0.5, -1.0))
    assert far == pytest.approx(2 * near, rel=1e-3)


def test_a_wider_lens_brings_the_same_face_nearer_and_leaves_it_turned_alike() -> None:
    mesh = picture(matrix(yaw_deg=10), (0.05, 0, -0.6))
    wide = head_pose(mesh, width=WIDTH, height=HEIGHT, vertical_fov_deg=90.0)
    assert wide[2, 3] == pytest.approx(-0.6 * math.tan(math.radians(31.5)), rel=0.05)
    assert wide[0, 3] == pytest.approx(0.05, rel=0.05)


def test_an_open_jaw_hardly_turns_the_head() -> None:
    face = POINTS_M.copy()
    jaw = (face[:, 1] < -0.045) & (face[:, 2] > 0)
    face[jaw, 1] -= 0.015
    face[list(LIPS), 2] += 0.005
    assert max(map(abs, angles_deg(solve(picture(np.eye(3), (0, 0, -0.6), face))))) < 1.5


def test_a_mirrored_mesh_still_gives_a_proper_rotation() -> None:
    mesh = picture(np.eye(3), (0, 0, -0.6))
    mesh[:, 2] = -mesh[:, 2]
    assert np.linalg.det(solve(mesh)[:3, :3]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_points_that_are_not_finite_are_refused(bad: float) -> None:
    mesh = picture(np.eye(3), (0, 0, -0.6))
    mesh[CHIN, 1] = bad
    with pytest.raises(ValueError, match="finite"), np.errstate(invalid="ignore"):
        solve(mesh)


def test_points_in_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="span"):
        solve(np.full((478, 3), 7, np.float32))


def test_scale_is_taken_out_of_a_matrix_and_centimetres_become_metres() -> None:
    given = np.eye(4)
    given[:3, :3] = matrix(20, -10, 5) * 1.7
    given[:3, 3] = (1, -2, -60)
    pose = rigid_from_matrix(given, metres_per_unit=0.01)
    assert angles_deg(pose) == pytest.approx((20, -10, 5), abs=1e-3)
    assert pose[:3, 3] == pytest.approx((0.01, -0.02, -0.6))


@pytest.mark.parametrize(
    "matrix_like", [np.full((4, 4), np.nan), np.eye(3), np.diag([1.0, 1.0, -1.0, 1.0])]
)
def test_what_is_no_pose_is_refused(matrix_like: F64) -> None:
    with pytest.raises(ValueError, match="not a"):
        rigid_from_matrix(matrix_like, metres_per_unit=0.01)


@pytest.mark.shared
def test_poses_agree_with_another_solver_on_real_clips() -> None:
    path = Path(__file__).parents[4] / "shared/data/blendshapes/pairs_video.npz"
    if not path.is_file():
        pytest.skip("the data folder beside the checkout is absent")
    data = np.load(path)
    size, clip = data["clip_width_height_fps"], data["clip"]
    meshes, theirs = data["landmarks_px"], data["camera_from_face_cm"]
    every = range(0, len(clip), 5)
    ours = np.stack(
        [
            head_pose(
                meshes[i],
                width=int(size[clip[i], 0]),
                height=int(size[clip[i], 1]),
                vertical_fov_deg=63.0,
            )
            for i in every
        ]
    )
    theirs, clip = theirs[::5], clip[::5]
    distance = np.abs(ours[:, 2, 3] * 100 / theirs[:, 2, 3] - 1)
    for c in np.unique(clip):
        here = clip == c
        assert np.median(distance[here]) < 0.05
        error = ours[here, :3, :3].transpose(0, 2, 1) @ theirs[here, :3, :3]
        u, _, vt = np.linalg.svd(error.mean(axis=0))
        error = error @ (u @ vt).T
        cosine = (np.trace(error, axis1=1, axis2=2) - 1) / 2
        assert np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1))) < 3
