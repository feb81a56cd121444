"""The mesh of a picture standing alone: alone in it, at a known place, small, huge, cut off."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import skimage.data

from vtdrive.trackers.detector import Candidate
from vtdrive.trackers.lock import Spot
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8

RIGHT_EYE, LEFT_EYE = (203.2, 101.3), (246.9, 102.9)
"""Irises in the astronaut's portrait, pixels."""
IRISES = (468, 473)
THERE = Candidate(Spot(222, 122, 110), 0.0)


@pytest.fixture(scope="module")
def mesh() -> Iterator[StillMesh]:
    made = StillMesh()
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def astronaut() -> U8:
    image: U8 = skimage.data.astronaut()
    return image


def irises(points: F32 | None) -> F32:
    assert points is not None
    assert points.shape == (478, 3)
    return points[IRISES, :2]


def test_the_largest_face_is_measured(mesh: StillMesh, astronaut: U8) -> None:
    np.testing.assert_allclose(irises(mesh(astronaut)), (RIGHT_EYE, LEFT_EYE), atol=3)


@pytest.mark.parametrize("side", [48, 90])
def test_a_small_picture_cut_closely_is_measured(mesh: StillMesh, astronaut: U8, side: int) -> None:
    cut = astronaut[55:195, 152:292]
    small = cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA)
    eyes = (irises(mesh(small)) + 0.5) * 140 / side - 0.5 + np.array([152, 55])
    np.testing.assert_allclose(eyes, (RIGHT_EYE, LEFT_EYE), atol=5)


def test_no_face_is_none(mesh: StillMesh) -> None:
    assert mesh(np.full((100, 100, 3), 128, np.uint8)) is None
    assert mesh(np.zeros((1, 1, 3), np.uint8)) is None


@pytest.mark.parametrize(
    "there",
    [
        THERE,
        Candidate(Spot(230, 130, 80), 0.0),
        Candidate(Spot(216, 112, 150), 0.1),
    ],
)
def test_near_a_rough_place_the_face_is_measured_exactly(
    mesh: StillMesh, astronaut: U8, there: Candidate
) -> None:
    near = mesh.measure_near(astronaut, there)
    np.testing.assert_allclose(irises(near), (RIGHT_EYE, LEFT_EYE), atol=2.5)


@pytest.mark.parametrize("scale", [0.3, 1.7, 9.0])
def test_the_scale_of_the_picture_does_not_matter(
    mesh: StillMesh, astronaut: U8, scale: float
) -> None:
    """9.0 shows the face larger than the patch that is looked at."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=how)
    spot = THERE.spot
    there = Candidate(Spot(spot.x * scale, spot.y * scale, spot.size * scale), 0.0)
    points = mesh.measure_near(image, there)
    whole = mesh.measure_near(astronaut, THERE)
    assert points is not None
    assert whole is not None
    np.testing.assert_allclose(
        (points[:, :2] + 0.5) / scale - 0.5, whole[:, :2], atol=max(2.5, 1 / scale)
    )
    depth, flat = np.ptp(points[:, 2]) / scale, np.ptp(whole[:, 2])
    assert depth == pytest.approx(flat, rel=0.15)


def test_a_tilted_face_is_measured_with_its_tilt(mesh: StillMesh, astronaut: U8) -> None:
    turn = cv2.getRotationMatrix2D((222, 122), -50, 1.0)
    turned = cv2.warpAffine(astronaut, turn, astronaut.shape[1::-1])
    eyes = irises(mesh.measure_near(turned, Candidate(THERE.spot, np.radians(50))))
    wanted = np.array([(*RIGHT_EYE, 1), (*LEFT_EYE, 1)]) @ turn.T
    np.testing.assert_allclose(eyes, wanted, atol=3)


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_a_face_at_the_edge_keeps_its_place(mesh: StillMesh, astronaut: U8, edge: str) -> None:
    """The picture ends just beside the face: what lies beyond is filled up, nothing is shifted."""
    x0, x1 = (178 if edge == "left" else 0), (272 if edge == "right" else 512)
    y0, y1 = (66 if edge == "top" else 0), (182 if edge == "bottom" else 512)
    cut = np.ascontiguousarray(astronaut[y0:y1, x0:x1])
    there = Candidate(Spot(THERE.spot.x - x0, THERE.spot.y - y0, THERE.spot.size), 0.0)
    eyes = irises(mesh.measure_near(cut, there)) + np.array([x0, y0])
    np.testing.assert_allclose(eyes, (RIGHT_EYE, LEFT_EYE), atol=3)


def test_a_place_without_a_face_or_beyond_the_picture_is_none(
    mesh: StillMesh, astronaut: U8
) -> None:
    assert mesh.measure_near(astronaut, Candidate(Spot(60, 440, 80), 0.0)) is None
    assert mesh.measure_near(astronaut, Candidate(Spot(-3, -3, 20), 0.0)) is None
    assert mesh.measure_near(astronaut, Candidate(Spot(3000, 3000, 50), 0.0)) is None
    assert mesh.measure_near(astronaut[:2, :3], Candidate(Spot(1, 1, 4000), 0.0)) is None


def test_the_picture_is_left_unchanged(mesh: StillMesh, astronaut: U8) -> None:
    before = astronaut.copy()
    mesh(astronaut)
    mesh.measure_near(astronaut, THERE)
    np.testing.assert_array_equal(astronaut, before)


def test_in_a_picture_that_is_too_long_no_face_is_looked_for(mesh: StillMesh) -> None:
    """mediapipe would end the whole program."""
    line = np.zeros((1, 40_000, 3), np.uint8)
    assert mesh(line) is None
    assert mesh.faces(line) == []
    assert mesh.measure(line, THERE) is None
