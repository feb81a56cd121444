"""`vtdrive.spaces`: rotations, with one absolute test per sign."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.spaces import (
    IDENTITY,
    euler_from_quat,
    quat_angle,
    quat_conj,
    quat_from_euler,
    quat_from_matrix,
    quat_mul,
    quat_slerp,
    rotate,
)

LEFT, UP, OUT = np.eye(3)
turns = st.floats(-3.1, 3.1)
tilts = st.floats(-1.5, 1.5)
quats = st.builds(lambda y, p, r: quat_from_euler(yaw=y, pitch=p, roll=r), turns, tilts, turns)
vectors = st.tuples(*[st.floats(-10, 10)] * 3).map(np.array)
Array = npt.NDArray[Any]


def matrix_of(q: Array) -> Array:
    return np.stack([rotate(q, axis) for axis in np.eye(3)], axis=1)


def test_positive_yaw_looks_to_the_subjects_left() -> None:
    assert rotate(quat_from_euler(yaw=0.3, pitch=0, roll=0), OUT) @ LEFT > 0.2


def test_positive_pitch_looks_up() -> None:
    assert rotate(quat_from_euler(yaw=0, pitch=0.3, roll=0), OUT) @ UP > 0.2


def test_positive_roll_tilts_the_crown_to_the_subjects_right() -> None:
    assert rotate(quat_from_euler(yaw=0, pitch=0, roll=0.3), UP) @ LEFT < -0.2


@given(yaw=turns, pitch=tilts, roll=turns)
def test_euler_angles_survive_the_way_there_and_back(yaw: float, pitch: float, roll: float) -> None:
    got = euler_from_quat(quat_from_euler(yaw=yaw, pitch=pitch, roll=roll))
    np.testing.assert_allclose(got, (yaw, pitch, roll), atol=1e-6)


@given(q=quats)
def test_matrices_survive_the_way_there_and_back(q: Array) -> None:
    got = quat_from_matrix(matrix_of(q))
    assert got[3] >= 0
    np.testing.assert_allclose(got * np.sign(got @ q), q, atol=1e-6)


@pytest.mark.parametrize("axis", [LEFT, UP, OUT])
def test_half_turns_survive_as_matrices(axis: Array) -> None:
    """w is 0 there: the branch that divides by w would fail."""
    q = np.array([*axis, 0.0])
    np.testing.assert_allclose(quat_from_matrix(matrix_of(q)), q, atol=1e-9)


@given(a=quats, b=quats, v=vectors)
def test_a_product_rotates_by_the_second_first(a: Array, b: Array, v: Array) -> None:
    np.testing.assert_allclose(rotate(quat_mul(a, b), v), rotate(a, rotate(b, v)), atol=1e-6)


@given(q=quats, v=vectors)
def test_a_conjugate_undoes(q: Array, v: Array) -> None:
    np.testing.assert_allclose(rotate(quat_conj(q), rotate(q, v)), v, atol=1e-6)


@given(a=quats, b=quats, share=st.floats(0, 1))
def test_slerp_turns_by_its_share_of_the_angle(a: Array, b: Array, share: float) -> None:
    got = quat_slerp(a, b, share)
    assert np.linalg.norm(got) == pytest.approx(1)
    whole = quat_angle(a, b)
    if whole < math.pi - 0.05:  # beyond, the shorter arc is not unique
        assert quat_angle(a, got) == pytest.approx(share * whole, abs=1e-3)


def test_angles_know_small_turns_and_opposite_signs() -> None:
    q = quat_from_euler(yaw=1e-5, pitch=0, roll=0)
    assert quat_angle(IDENTITY, q) == pytest.approx(1e-5, rel=1e-3)
    assert quat_angle(IDENTITY, -IDENTITY) == 0.0


@given(q=quats)
def test_a_rotation_rounded_to_f32_is_no_angle_from_itself(q: Array) -> None:
    single = q.astype(np.float32)
    assert quat_angle(single, single) == 0.0
