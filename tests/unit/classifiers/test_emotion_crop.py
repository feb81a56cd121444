"""The crop shows the same face however the head, the camera and the picture's edge lie."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vtdrive.classifiers.crop import aligned_crop, standardised, to_input, whole_crop
from vtdrive.types import F32, U8, Face, VideoFrame

Astronaut = tuple[VideoFrame, Face]


def crop(image: U8, points: F32, *, size_px: int = 48, margin: float = 1.1) -> U8:
    return aligned_crop(image, points, size_px=size_px, margin=margin, lift=0.05)


def gap(a: U8, b: U8) -> float:
    """Mean absolute difference in greys."""
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def moved(
    image: U8, points: F32, affine: npt.NDArray[np.float64], size: tuple[int, int]
) -> tuple[U8, F32]:
    """Picture (bigger than before, so that nothing is cut off) and landmarks under one map."""
    turned = cv2.warpAffine(image, affine, size, flags=cv2.INTER_CUBIC)
    xy = points[:, :2] @ affine[:, :2].T + affine[:, 2]
    return turned, xy.astype(np.float32)


def test_same_arguments_give_the_same_bytes(astronaut: Astronaut) -> None:
    frame, face = astronaut
    first = crop(frame.image, face.landmarks_px)
    assert first.shape == (48, 48)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, crop(frame.image, face.landmarks_px))


def test_the_face_fills_the_crop(astronaut: Astronaut) -> None:
    """By eye coordinates: level, left and right of the middle, above it."""
    frame, face = astronaut
    marked = np.zeros_like(frame.image)
    for corners in ((33, 133), (362, 263)):
        x, y = face.landmarks_px[list(corners), :2].mean(0)
        cv2.circle(marked, (round(x), round(y)), 5, (255, 255, 255), -1)
    found = crop(marked, face.landmarks_px).astype(float)
    rows, columns = np.mgrid[0:48, 0:48]
    eyes = []
    for half in (slice(0, 24), slice(24, 48)):
        weight = found[:, half] / found[:, half].sum()
        eyes.append(((columns[:, half] * weight).sum(), (rows[:, half] * weight).sum()))
    (left_x, left_y), (right_x, right_y) = eyes
    assert left_y == pytest.approx(right_y, abs=0.7)
    assert 8 < left_x < 20 < 28 < right_x < 40
    assert 12 < left_y < 24


@pytest.mark.parametrize("degrees", [-75, -20, 13, 40, 90, 180])
def test_roll_changes_next_to_nothing(astronaut: Astronaut, degrees: float) -> None:
    frame, face = astronaut
    upright = crop(frame.image, face.landmarks_px)
    affine = cv2.getRotationMatrix2D((256, 256), degrees, 1.0)
    affine[:, 2] += 128
    turned = crop(*moved(frame.image, face.landmarks_px, affine, (768, 768)))
    assert gap(upright, turned) < 2.0
    assert gap(upright, np.rot90(upright)) > 20.0


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 4.3])
def test_size_in_the_picture_changes_little(astronaut: Astronaut, scale: float) -> None:
    frame, face = astronaut
    affine = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5]])
    size = (round(512 * scale), round(512 * scale))
    resized, points = moved(frame.image, face.landmarks_px, affine, size)
    assert gap(crop(frame.image, face.landmarks_px), crop(resized, points)) < 4.0


def test_a_mirrored_face_gives_the_mirrored_crop(astronaut: Astronaut) -> None:
    frame, face = astronaut
    flipped = np.ascontiguousarray(frame.image[:, ::-1])
    points = face.landmarks_px.copy()
    points[:, 0] = frame.image.shape[1] - 1 - points[:, 0]
    # In a mirror the subject's right eye is where the left one was.
    points[[33, 133, 362, 263]] = points[[263, 362, 133, 33]]
    np.testing.assert_allclose(
        crop(flipped, points).astype(float),
        crop(frame.image, face.landmarks_px)[:, ::-1].astype(float),
        atol=2,
    )


@pytest.mark.parametrize("size_px", [1, 33, 48, 64, 224])
def test_a_ramp_survives_where_it_should(size_px: int) -> None:
    """An even slope of greys, so any shift by half a pixel or uneven averaging would show."""
    ramp = np.broadcast_to(np.arange(0, 250, dtype=np.uint8)[None, :, None], (250, 250, 3)).copy()
    points = np.full((478, 3), 125, np.float32)
    points[:2, :2] = [[75, 75], [174, 174]]
    points[[33, 133], 0], points[[362, 263], 0] = 100, 150
    got = aligned_crop(ramp, points, size_px=size_px, margin=1.0)
    at = 124.5 + (np.arange(size_px) - (size_px - 1) / 2) * (99 / size_px)
    np.testing.assert_allclose(got, np.broadcast_to(at, got.shape), atol=1.01)


def test_area_is_averaged_when_shrinking() -> None:
    """Single-pixel stripes come out even, where sampling points would give moiré."""
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    points = np.full((478, 3), 500, np.float32)
    points[:2, :2] = [[50, 50], [950, 950]]
    points[[33, 133], 0], points[[362, 263], 0] = 400, 600
    got = crop(stripes, points)
    assert 120 < got.mean() < 135
    assert got.std() < 6


@pytest.mark.parametrize("dx", [-90, -150, 0, 200, 330])
@pytest.mark.parametrize("dy", [-60, 0, 400])
def test_outside_the_picture_its_border_repeats(astronaut: Astronaut, dx: int, dy: int) -> None:
    """The same as cropping from a picture that was really made bigger by its border."""
    frame, face = astronaut
    cut = frame.image[60:260, 150:300]
    padded = cv2.copyMakeBorder(cut, 500, 500, 500, 500, cv2.BORDER_REPLICATE)
    points = face.landmarks_px[:, :2] - (150, 60) + (dx, dy)
    got = crop(np.ascontiguousarray(cut), points.astype(np.float32))
    assert gap(got, crop(padded, (points + 500).astype(np.float32))) < 1.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (3, 2), (700, 1)])
def test_tiny_pictures_are_legal(astronaut: Astronaut, shape: tuple[int, int]) -> None:
    _, face = astronaut
    grey = np.full((*shape, 3), 77, np.uint8)
    for scale in (0.01, 1.0, 20.0):
        assert (crop(grey, face.landmarks_px * np.float32(scale)) == 77).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_landmarks_that_are_not_finite_are_refused(astronaut: Astronaut, bad: float) -> None:
    frame, face = astronaut
    points = face.landmarks_px.copy()
    points[100, 1] = bad
    with pytest.raises(ValueError, match="not finite"):
        crop(frame.image, points)
    with pytest.raises(ValueError, match="one point"):
        crop(frame.image, np.ones((478, 3), np.float32))


def test_input_is_enlarged_and_normalised() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    got = to_input(faces, size_px=64, mean=0.508, std=0.255)
    assert got.shape == (3, 1, 64, 64)
    assert got.dtype == np.float32
    back = (got * 0.255 + 0.508) * 255
    assert back.min() >= -1e-3
    assert back.max() <= 255.001
    assert back.mean() == pytest.approx(faces.mean(), abs=0.5)
    np.testing.assert_array_equal(to_input(faces[1], size_px=64, mean=0.508, std=0.255)[0], got[1])


def test_input_of_the_same_size_is_only_normalised() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    got = to_input(ramp, size_px=16, mean=0.5, std=0.25)[0, 0]
    np.testing.assert_allclose(got, (ramp / 255 - 0.5) / 0.25, atol=1e-5)
    assert math.isclose(got[0, 0], -2.0, abs_tol=1e-5)


def test_a_colour_crop_shows_the_same_square(astronaut: Astronaut) -> None:
    """Grey of the colours is the grey crop, and each channel is where it was."""
    frame, face = astronaut
    grey = crop(frame.image, face.landmarks_px)
    rgb = aligned_crop(
        frame.image, face.landmarks_px, size_px=48, margin=1.1, lift=0.05, colour=True
    )
    assert rgb.shape == (48, 48, 3)
    np.testing.assert_allclose(rgb @ [0.299, 0.587, 0.114], grey, atol=1.5)
    assert rgb[..., 0].mean() > rgb[..., 2].mean() + 10, "skin is more red than blue"


@pytest.mark.parametrize("colour", [False, True])
def test_the_whole_picture_as_it_is(colour: bool) -> None:
    """A picture of the crop's own size loses next to nothing."""
    rows, columns = np.mgrid[0:48, 0:48]
    image = np.stack([rows * 4, columns * 4, rows * 2 + columns * 2], -1).astype(np.uint8)
    got = whole_crop(image, size_px=48, colour=colour)
    expected = image if colour else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    assert got.shape == expected.shape
    assert np.abs(got.astype(float) - expected).max() <= 3


@pytest.mark.parametrize("shape", [(100, 160), (160, 100)])
def test_the_whole_picture_lies_in_the_middle_and_its_border_repeats(
    shape: tuple[int, int],
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    padded = cv2.copyMakeBorder(
        image,
        *((30, 30, 0, 0) if shape[0] < shape[1] else (0, 0, 30, 30)),
        cv2.BORDER_REPLICATE,
    )
    assert gap(whole_crop(image, size_px=80), whole_crop(padded, size_px=80)) < 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (12, 12), (2000, 3), (1, 40_000)])
def test_whole_pictures_of_any_shape(shape: tuple[int, int]) -> None:
    assert (whole_crop(np.full((*shape, 3), 77, np.uint8), size_px=48) == 77).all()


def test_a_line_is_averaged_along_its_length() -> None:
    """Longer than OpenCV turns pictures, and far too narrow to be shrunk both ways."""
    ramp = np.linspace(0, 240, 40_000).astype(np.uint8)[:, None]
    image = np.repeat(ramp[..., None], 3, axis=2)
    expected = (np.arange(48) + 0.5) * 5
    tall = whole_crop(image, size_px=48).astype(float)
    np.testing.assert_allclose(tall, np.broadcast_to(expected[:, None], (48, 48)), atol=1.5)
    wide = whole_crop(image.transpose(1, 0, 2), size_px=48).astype(float)
    np.testing.assert_array_equal(wide, tall.T)


def test_channels_are_prepared_each_by_its_own_numbers() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), np.uint8)
    mean, std = (0.1, 0.5, 0.9), (0.2, 1.0, 3.0)
    got = to_input(faces, size_px=32, mean=mean, std=std)
    assert got.shape == (2, 3, 32, 32)
    for channel in range(3):
        alone = to_input(faces[..., channel], size_px=32, mean=mean[channel], std=std[channel])
        np.testing.assert_allclose(got[:, channel], alone[:, 0], atol=1e-6)


@pytest.mark.parametrize(("gain", "offset"), [(0.4, 0), (0.6, 90), (0.25, 10)])
def test_standardised_faces_do_not_tell_the_light(
    astronaut: Astronaut, gain: float, offset: float
) -> None:
    frame, face = astronaut
    bright = crop(frame.image, face.landmarks_px)
    dim = np.round(bright * gain + offset).astype(np.uint8)
    first, second = standardised(np.stack([bright, dim]))
    assert float(np.abs(first - second).mean()) < 0.03
    assert float(np.abs(standardised(bright)[0] - first).max()) == 0
    inside = first[12:40, 16:32]
    assert abs(float(inside.mean())) < 0.5


def test_a_flat_face_is_not_blown_up() -> None:
    flat = np.full((48, 48), 90, np.uint8)
    assert (standardised(flat) == 0).all()
    noisy = (flat + np.random.default_rng(0).integers(0, 2, flat.shape)).astype(np.uint8)
    assert float(np.abs(standardised(noisy)).max()) < 0.3
