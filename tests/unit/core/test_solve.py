"""`core.solve`: what goes into a made face comes out; what is not a number stays visible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.core.solve import EYES, RAW, solve, solved_from
from vtdrive.testing import make_face, mirrored_face
from vtdrive.types import frozen

angles = st.floats(-40, 40)


@given(yaw=angles, pitch=angles, roll=angles, look=st.tuples(angles, angles, angles, angles))
def test_pose_and_gaze_come_back(
    yaw: float, pitch: float, roll: float, look: tuple[float, float, float, float]
) -> None:
    face = make_face(
        yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, gaze_deg=(look[:2], look[2:]), shut=(0.5, 0)
    )
    raw = solve(face).raw
    np.testing.assert_allclose(raw[52:55], (yaw, pitch, roll), atol=0.01)
    np.testing.assert_allclose(raw[58:62], look, atol=0.2)
    np.testing.assert_allclose(raw[62:64], (0.3 * 0.525, 0.3), atol=1e-3)


def test_looking_left_is_positive_yaw_in_both_eyes() -> None:
    """Absolute: the iris moves towards +x in the picture, which is the subject's left."""
    face = make_face()
    points = face.landmarks_px.copy()
    for eye in EYES:
        points[eye.iris, 0] += 3
        points[eye.iris, 1] -= 2  # y runs down in a picture: this is up
    raw = solve(replace(face, landmarks_px=points)).raw
    assert (raw[58:62] > 5).all()


def test_a_mirrored_face_is_solved_mirrored() -> None:
    face = make_face(yaw_deg=20, pitch_deg=-5, roll_deg=4, gaze_deg=((9, 2), (5, 1)), shut=(0.4, 0))
    straight, flipped = solve(face).raw, solve(mirrored_face(face)).raw
    np.testing.assert_allclose(flipped[52:55], straight[52:55] * [-1, 1, -1], atol=1e-3)
    np.testing.assert_allclose(
        flipped[58:62], -straight[[60, 61, 58, 59]] * [1, -1, 1, -1], atol=0.02
    )
    np.testing.assert_allclose(flipped[62:64], straight[[63, 62]], atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["iris", "outer", "inner", "upper", "lower"])
def test_a_broken_eye_is_not_a_number(bad: float, part: str) -> None:
    """A clamp that swallows NaN would turn a broken iris into a look of 64°."""
    face = make_face(yaw_deg=10, pitch_deg=5, roll_deg=3)  # no zeros, which make NaN of inf
    points = face.landmarks_px.copy()
    vertex = getattr(EYES[0], part)
    points[vertex if isinstance(vertex, int) else vertex[1]] = bad
    raw = solve(replace(face, landmarks_px=points)).raw
    mine = {"iris": ("gaze.left.yaw_deg", "gaze.left.pitch_deg")}
    lids = {"upper": ("lid.left",), "lower": ("lid.left",)}
    whole = (*mine["iris"], "lid.left")
    for name in (mine | lids).get(part, whole):
        assert not np.isfinite(raw[RAW[name]]), name
    assert np.isfinite(raw[RAW["gaze.right.yaw_deg"]])


def test_a_broken_pose_breaks_everything_that_hangs_on_it() -> None:
    pose = make_face().camera_from_head.copy()
    pose[0, 0] = np.nan
    solved = solve(replace(make_face(), camera_from_head=pose))
    assert np.isnan(solved.raw[52:]).all()
    assert np.isnan(solved.head_xyzw).all()


def test_eyes_without_width_are_not_numbers() -> None:
    solved = solve(replace(make_face(), landmarks_px=frozen(np.zeros((478, 3)))))
    assert np.isnan(solved.raw[58:64]).all()


def test_a_pose_can_be_rebuilt_from_recorded_signals() -> None:
    solved = solve(make_face(yaw_deg=20, pitch_deg=-12, roll_deg=7, at_m=(0.1, 0.0, -0.5)))
    again = solved_from(solved.raw)
    np.testing.assert_allclose(again.head_xyzw, solved.head_xyzw, atol=1e-6)
    np.testing.assert_array_equal(again.head_m, solved.head_m)
    assert len(solved.raw) == len(RAW_SIGNALS)
