"""What every tracker owes the runtime, whatever finds the face."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from face_scenes import At, frame

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import ModelError, TrackerError
from vtdrive.trackers.base import Tracker
from vtdrive.trackers.facemesh import FaceMeshTracker
from vtdrive.trackers.landmarker import FaceLandmarkerTracker
from vtdrive.types import F32, VideoFrame

BUNDLE = Path(__file__).parents[3] / "shared/data/models/face_landmarker.task"
FACE = At(320, 180, 130)


def rest(landmarks_px: F32) -> F32:
    return np.zeros(52, np.float32)


def facemesh() -> Tracker:
    return FaceMeshTracker(TrackerConfig(), 63.0, rest)


def landmarker() -> Tracker:
    if not BUNDLE.is_file():
        pytest.skip("the data folder beside the checkout is absent")
    return FaceLandmarkerTracker(TrackerConfig(kind="landmarker", model=str(BUNDLE)), 63.0)


KINDS = [
    pytest.param(facemesh, id="facemesh"),
    pytest.param(landmarker, id="landmarker", marks=pytest.mark.shared),
]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[], Tracker]:
    made: Callable[[], Tracker] = request.param
    return made


@pytest.fixture
def tracker(make: Callable[[], Tracker]) -> Iterator[Tracker]:
    tracker = make()
    tracker.open()
    yield tracker
    tracker.close()


def test_it_is_a_tracker_with_a_name(make: Callable[[], Tracker]) -> None:
    tracker = make()
    assert isinstance(tracker, Tracker)
    assert tracker.name
    tracker.close()


def test_tracks_carry_the_number_and_the_time_of_their_frame(tracker: Tracker) -> None:
    for n, faces in enumerate([[FACE], [FACE], [], [FACE]]):
        given = frame(n, faces)
        track = tracker.track(given)
        assert (track.seq, track.t_ns) == (given.seq, given.t_ns)
        assert (track.face is None) == (not faces)


def test_a_face_is_complete_finite_in_range_and_read_only(tracker: Tracker) -> None:
    for n in range(2):
        face = tracker.track(frame(n, [FACE])).face
    assert face is not None
    assert face.landmarks_px.shape == (478, 3)
    assert face.shapes.shape == (52,)
    assert face.camera_from_head.shape == (4, 4)
    assert face.crop_px.shape == (4,)
    for array in (face.landmarks_px, face.shapes, face.camera_from_head, face.crop_px):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
        assert not array.flags.writeable
    assert face.shapes.min() >= 0
    assert face.shapes.max() <= 1
    assert 0 <= face.confidence <= 1
    rotation = face.camera_from_head[:3, :3]
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-4)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-4)
    # The middle of the picture, in front of the camera.
    assert face.camera_from_head[:2, 3] == pytest.approx([0, 0], abs=0.05)
    assert -1 < face.camera_from_head[2, 3] < -0.2


def test_two_tracks_share_no_memory(tracker: Tracker) -> None:
    first = tracker.track(frame(0, [FACE])).face
    assert first is not None
    before = first.landmarks_px.copy()
    tracker.track(frame(1, [At(400, 180, 130)]))
    assert np.array_equal(first.landmarks_px, before)


def test_frames_of_one_instant_and_times_that_jump_are_survived(tracker: Tracker) -> None:
    image = frame(0, [FACE]).image
    for n, t_ns in enumerate([10**9, 10**9, 10**9 + 1, 0, 10**12, 10**12 - 10**9]):
        assert tracker.track(VideoFrame(n, t_ns, image)).face is not None


def test_tiny_and_blank_pictures_show_no_face(tracker: Tracker) -> None:
    for n, size in enumerate([(0, 0), (1, 1), (1, 4000), (16, 16), (480, 640)]):
        image = np.full((*size, 3), 127, np.uint8)
        assert tracker.track(VideoFrame(n, n, image)).face is None


def test_a_picture_of_another_kind_is_a_tracker_error(tracker: Tracker) -> None:
    with pytest.raises(TrackerError):
        tracker.track(VideoFrame(0, 0, np.zeros((8, 8), np.uint8)))


def test_close_is_safe_without_open_and_after_a_failed_one(make: Callable[[], Tracker]) -> None:
    make().close()
    broken = FaceLandmarkerTracker(TrackerConfig(kind="landmarker", model="gone.task"), 63.0)
    with pytest.raises(ModelError):
        broken.open()
    broken.close()


def test_opening_writes_nothing_into_the_terminal(
    make: Callable[[], Tracker], capfd: pytest.CaptureFixture[str]
) -> None:
    tracker = make()
    tracker.open()
    tracker.track(frame(0, [FACE]))
    tracker.close()
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")


def test_closing_leaves_no_python_thread(make: Callable[[], Tracker]) -> None:
    before = threading.active_count()
    tracker = make()
    tracker.open()
    tracker.track(frame(0, [FACE]))
    tracker.close()
    gc.collect()
    assert threading.active_count() == before
