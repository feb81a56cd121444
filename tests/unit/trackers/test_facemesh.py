"""The bundled tracker on real pictures, against mediapipe's own solution and against bad input."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import skimage.data
from face_scenes import FPS, At, frame, scene, where

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import TrackerError
from vtdrive.spaces import euler_from_quat, quat_from_matrix
from vtdrive.trackers.facemesh import FaceMeshTracker
from vtdrive.trackers.locked import spot_of
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.types import F32, U8, Face, VideoFrame

FACE = At(320, 180, 130)


def rest(landmarks_px: F32) -> F32:
    return np.zeros(52, np.float32)


@pytest.fixture
def tracker() -> Iterator[FaceMeshTracker]:
    tracker = FaceMeshTracker(TrackerConfig(), 63.0, rest)
    tracker.open()
    yield tracker
    tracker.close()


def see(tracker: FaceMeshTracker, n: int, *faces: At) -> Face | None:
    return tracker.track(frame(n, faces)).face


def seen(tracker: FaceMeshTracker, n: int, *faces: At) -> Face:
    face = see(tracker, n, *faces)
    assert face is not None
    return face


def test_landmarks_equal_those_of_the_solution_while_it_tracks(tracker: FaceMeshTracker) -> None:
    film = [frame(n, [At(300 + 4 * n, 180, 130 + n)]) for n in range(12)]
    (solution,) = import_mediapipe("mediapipe.python.solutions.face_mesh")
    theirs = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with solution.FaceMesh(max_num_faces=1, refine_landmarks=True) as mesh:
            for one in film:
                (found,) = mesh.process(one.image).multi_face_landmarks
                points = np.array([(p.x, p.y, p.z) for p in found.landmark], np.float32)
                theirs.append(points * np.array([640, 360, 640], np.float32))
    for n, (one, expected) in enumerate(zip(film, theirs, strict=True)):
        face = tracker.track(one).face
        assert face is not None
        # The first regions differ by rounding; from then on both follow their own landmarks.
        assert np.abs(face.landmarks_px - expected).max() < (1.0 if n < 3 else 0.2)


def test_a_face_has_the_shapes_units_and_frame_of_its_type(tracker: FaceMeshTracker) -> None:
    track = tracker.track(frame(7, [FACE]))
    face = track.face
    assert (track.seq, track.t_ns) == (7, 7 * 1_000_000_000 // FPS)
    assert face is not None
    assert face.landmarks_px.shape == (478, 3)
    assert face.shapes.shape == (52,)
    for array in (face.landmarks_px, face.shapes, face.camera_from_head, face.crop_px):
        assert array.dtype == np.float32
        assert not array.flags.writeable
    assert where(face) == pytest.approx((320, 180), abs=10)
    assert 0.9 < face.confidence <= 1
    x, y, width, height = face.crop_px
    assert x < 320 < x + width
    assert y < 180 < y + height
    yaw, pitch, roll = map(
        math.degrees, euler_from_quat(quat_from_matrix(face.camera_from_head[:3, :3]))
    )
    assert abs(yaw) < 15
    assert abs(pitch) < 15
    # The line of her eyes falls to the right of the picture: she tilts her head to her left.
    assert -15 < roll < 0
    assert face.camera_from_head[2, 3] == pytest.approx(-0.4, abs=0.1)


def test_a_face_on_the_right_of_the_picture_has_positive_x(tracker: FaceMeshTracker) -> None:
    assert seen(tracker, 0, At(500, 180, 100)).camera_from_head[0, 3] > 0.1


def test_shapes_come_from_the_injected_function_of_full_frame_pixels() -> None:
    given: list[F32] = []

    def half(landmarks_px: F32) -> F32:
        given.append(landmarks_px)
        return np.full(52, 0.5, np.float32)

    tracker = FaceMeshTracker(TrackerConfig(), 63.0, half)
    tracker.open()
    face = seen(tracker, 0, FACE)
    tracker.close()
    assert (face.shapes == 0.5).all()
    assert np.array_equal(given[-1], face.landmarks_px)


def test_shapes_that_are_not_finite_count_as_no_face_and_the_next_frame_is_good() -> None:
    answers = [np.full(52, np.nan, np.float32), np.zeros(52, np.float32)]
    tracker = FaceMeshTracker(TrackerConfig(), 63.0, lambda _: answers.pop(0))
    tracker.open()
    assert see(tracker, 0, FACE) is None
    assert see(tracker, 1, FACE) is not None
    tracker.close()


BROKEN: list[Callable[[F32], F32]] = [
    lambda mesh: mesh * np.float32(np.nan),
    lambda mesh: mesh * np.float32(np.inf),
    lambda mesh: mesh * np.float32(0),
    lambda mesh: mesh * np.float32(1e6),
    lambda mesh: mesh + np.float32(5000),
    lambda mesh: np.concatenate([mesh[:477], np.full((1, 3), np.nan, np.float32)]),
    lambda mesh: mesh * np.array([1, 1, 1e9], np.float32),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_absurd_landmarks_make_no_face(broken: Callable[[F32], F32]) -> None:
    mesh = np.random.default_rng(1).uniform(100, 200, (478, 3)).astype(np.float32)
    assert spot_of(mesh, width=640, height=360) is not None
    with np.errstate(invalid="ignore"):
        assert spot_of(broken(mesh), width=640, height=360) is None


def test_the_lock_survives_a_burst_of_nan(
    tracker: FaceMeshTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert see(tracker, 0, FACE) is not None
    measure = tracker._measure

    def nan(image: U8, roi: object) -> F32 | None:
        points = measure(image, roi)
        return None if points is None else points * np.float32(np.nan)

    monkeypatch.setattr(tracker, "_measure", nan)
    assert see(tracker, 1, FACE) is None
    monkeypatch.undo()
    assert see(tracker, 2, FACE) is not None


SIZES = [(1, 1), (1, 9), (15, 640), (16, 16), (16, 3000), (3000, 16), (2160, 3840)]


@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_any_size_are_survived(tracker: FaceMeshTracker, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    grey = np.full((*size, 3), 128, np.uint8)
    noise = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    for n, image in enumerate((grey, noise)):
        assert tracker.track(VideoFrame(n, n * 10**8, image)).face is None
    assert see(tracker, 3, FACE) is not None


def test_an_empty_picture_shows_no_face(tracker: FaceMeshTracker) -> None:
    assert tracker.track(VideoFrame(0, 0, np.zeros((0, 0, 3), np.uint8))).face is None


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
    ],
)
def test_what_is_no_rgb_picture_is_refused(tracker: FaceMeshTracker, image: U8) -> None:
    with pytest.raises(TrackerError, match="8-bit RGB"):
        tracker.track(VideoFrame(0, 0, image))


def test_a_picture_that_is_not_contiguous_is_read_all_the_same(tracker: FaceMeshTracker) -> None:
    wide = np.repeat(scene([FACE]), 2, axis=1)
    face = tracker.track(VideoFrame(0, 0, wide[:, ::2])).face
    assert face is not None
    assert where(face) == pytest.approx((320, 180), abs=10)


def test_the_frame_may_be_overwritten_after_the_call(tracker: FaceMeshTracker) -> None:
    image = scene([FACE])
    assert image.flags.writeable
    first = tracker.track(VideoFrame(0, 0, image)).face
    image[:] = 128
    second = tracker.track(VideoFrame(1, 10**8, image)).face
    assert first is not None
    assert second is None


def test_a_change_of_the_picture_size_starts_over(tracker: FaceMeshTracker) -> None:
    assert see(tracker, 0, FACE) is not None
    face = tracker.track(frame(1, [At(900, 300, 250)], width=1280, height=720)).face
    assert face is not None
    assert where(face) == pytest.approx((900, 300), abs=20)


def test_a_small_face_in_a_wide_picture_is_found_within_a_second(tracker: FaceMeshTracker) -> None:
    small = At(330, 600, 140)
    found = [
        tracker.track(frame(n, [small], width=1920, height=1080)).face is not None
        for n in range(30)  # frames of a camera at 30 fps
    ]
    assert any(found)
    assert all(found[found.index(True) :])


def test_the_uncut_portrait_is_found(tracker: FaceMeshTracker) -> None:
    image = np.ascontiguousarray(skimage.data.astronaut())
    assert tracker.track(VideoFrame(0, 0, image)).face is not None


def test_use_before_open_says_so() -> None:
    with pytest.raises(TrackerError, match="before open"):
        FaceMeshTracker(TrackerConfig(), 63.0, rest).track(frame(0, [FACE]))
