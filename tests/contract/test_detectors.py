"""What every face detector must do, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from benchmarks.detectors import Placed, collage, matched, portrait
from vtdrive.detectors.base import FaceDetector, FoundFace
from vtdrive.detectors.make import DETECTORS, make_detector
from vtdrive.types import U8


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Iterator[FaceDetector]:
    made = make_detector(request.param)
    assert made.name == request.param
    assert isinstance(made, FaceDetector)
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def in_collage(detector: FaceDetector) -> list[FoundFace]:
    return detector.detect(collage()[0])


def roll_deg(face: FoundFace) -> float:
    (x0, y0), (x1, y1) = face.eyes_px
    return math.degrees(math.atan2(y1 - y0, x1 - x0))


def test_it_finds_the_astronaut_and_nobody_else(detector: FaceDetector) -> None:
    image, placed = portrait()
    found = detector.detect(image)
    assert matched([face.box_px for face in found], placed) == (1, 0)
    right, left = found[0].eyes_px
    # Where the irises are in that picture, within a fifth of their distance.
    np.testing.assert_allclose(right, (203, 101), atol=9)
    np.testing.assert_allclose(left, (247, 103), atol=9)
    assert 0.6 < found[0].score <= 1


def test_it_finds_all_nine_of_the_collage(in_collage: list[FoundFace]) -> None:
    _, placed = collage()
    hits, wrong = matched([face.box_px for face in in_collage], placed)
    assert (len(placed), hits) == (9, 9)
    assert wrong <= 1
    scores = [face.score for face in in_collage]
    assert scores == sorted(scores, reverse=True)


def test_eyes_tell_which_way_a_face_is_tilted(in_collage: list[FoundFace]) -> None:
    """The tilts of the two larger rows; on the smallest faces a pixel is five degrees."""
    _, placed = collage()
    for place in placed[:6]:
        near = min(in_collage, key=lambda face: away(face, place))
        # Her head is not quite level, nor are the detectors' points exact.
        assert roll_deg(near) == pytest.approx(place.roll_deg, abs=14)


def away(face: FoundFace, place: Placed) -> float:
    x, y = (face.box_px[:2] + face.box_px[2:]) / 2
    return math.hypot(x - place.x, y - place.y)


def test_the_same_picture_gives_the_same_faces(detector: FaceDetector) -> None:
    image, _ = portrait()
    before = image.copy()
    first = detector.detect(image)
    detector.detect(np.ascontiguousarray(image[:, ::-1]))
    second = detector.detect(image)
    np.testing.assert_array_equal(image, before)
    assert [face.score for face in first] == [face.score for face in second]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.box_px, b.box_px)
        np.testing.assert_array_equal(a.eyes_px, b.eyes_px)
        assert not a.box_px.flags.writeable


def test_a_mirrored_picture_gives_mirrored_boxes_and_eyes_in_their_order(
    detector: FaceDetector,
) -> None:
    image, _ = portrait()
    (one,) = detector.detect(image)
    (other,) = detector.detect(np.ascontiguousarray(image[:, ::-1]))
    left, top, right, bottom = other.box_px
    np.testing.assert_allclose((511 - right, top, 511 - left, bottom), one.box_px, atol=8)
    # The subject's right eye is the left one of any picture.
    assert other.eyes_px[0, 0] < other.eyes_px[1, 0]


def test_a_face_that_fills_the_picture_is_found(detector: FaceDetector) -> None:
    image, _ = portrait()
    close = cv2.resize(image[60:185, 162:287], (64, 64), interpolation=cv2.INTER_AREA)
    found = detector.detect(close)
    assert matched([face.box_px for face in found], [Placed(32, 32, 59, 0.0)]) == (1, 0)


def test_a_huge_picture_is_no_slower_than_its_contents_ask(detector: FaceDetector) -> None:
    """8000 x 6000: the face is found in place, as in the small one."""
    image, _ = portrait()
    huge = cv2.resize(image, (8000, 6000), interpolation=cv2.INTER_LINEAR)
    found = detector.detect(huge)
    x, y = 8000 / 512, 6000 / 512
    (face,) = (one for one in found if one.score == max(other.score for other in found))
    box = face.box_px / (x, y, x, y)
    assert matched([box], [Placed(225, 122, 115, 0.0)]) == (1, 0)


@pytest.mark.parametrize("shape", [(1, 1), (12, 12), (1, 3000), (3000, 1), (5, 400), (40, 2000)])
def test_pictures_too_small_for_a_face_have_none(
    detector: FaceDetector, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(1)
    image: U8 = rng.integers(0, 255, (*shape, 3)).astype(np.uint8)
    assert detector.detect(image) == []


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_wall_has_no_face(detector: FaceDetector, grey: int) -> None:
    assert detector.detect(np.full((300, 400, 3), grey, np.uint8)) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_min_score_sorts_out(name: str) -> None:
    image, _ = portrait()
    strict = make_detector(name, min_score=0.99999)
    try:
        strict.open()
        assert strict.detect(image) == []
    finally:
        strict.close()


@pytest.mark.parametrize("name", DETECTORS)
def test_close_is_allowed_without_open(name: str) -> None:
    make_detector(name).close()
