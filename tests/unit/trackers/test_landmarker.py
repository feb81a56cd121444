"""The optional Face Landmarker: its clock, its errors, and (where the bundle lies) its face."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from face_scenes import At, frame, where
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import ModelError
from vtdrive.spaces import euler_from_quat, quat_from_matrix
from vtdrive.trackers.facemesh import FaceMeshTracker
from vtdrive.trackers.landmarker import FaceLandmarkerTracker, RisingMs
from vtdrive.vocab import SHAPE_INDEX, UNSUPPORTED_SHAPES

BUNDLE = Path(__file__).parents[4] / "shared/data/models/face_landmarker.task"
A = At(200, 180, 130)
HIDDEN = At(200, 180, 130, hidden=True)
LARGER = At(460, 180, 180, mirrored=True)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=50))
def test_milliseconds_always_rise(times_ns: list[int]) -> None:
    rising = RisingMs()
    out = [rising(t) for t in times_ns]
    assert out[0] == 0
    assert all(later > earlier for earlier, later in itertools.pairwise(out))


def test_steps_are_kept_and_equal_times_come_out_a_millisecond_apart() -> None:
    rising = RisingMs()
    ms = [5000, 5033, 5033, 5066, 5100]
    assert [rising(t * 1_000_000) for t in ms] == [0, 33, 34, 66, 100]


def test_a_clock_that_jumps_back_goes_on_with_true_steps() -> None:
    rising = RisingMs()
    assert [rising(t * 1_000_000) for t in (900, 933, 0, 33, 66)] == [0, 33, 34, 67, 100]


def test_no_model_says_what_to_download() -> None:
    tracker = FaceLandmarkerTracker(TrackerConfig(kind="landmarker"), 63.0)
    with pytest.raises(ModelError, match="no model file") as caught:
        tracker.open()
    assert "Face Landmarker" in caught.value.remedy
    tracker.close()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    config = TrackerConfig(kind="landmarker", model=str(tmp_path / "gone.task"))
    tracker = FaceLandmarkerTracker(config, 63.0)
    with pytest.raises(ModelError, match=r"gone\.task: No such file"):
        tracker.open()
    tracker.close()


@pytest.mark.parametrize("content", [b"", b"not a bundle at all" * 100])
def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "wrong.task"
    model.write_bytes(content)
    tracker = FaceLandmarkerTracker(TrackerConfig(kind="landmarker", model=str(model)), 63.0)
    with pytest.raises(ModelError, match=r"wrong\.task is no Face Landmarker bundle") as caught:
        tracker.open()
    assert "download" in caught.value.remedy
    tracker.close()


@pytest.fixture
def tracker() -> Iterator[FaceLandmarkerTracker]:
    if not BUNDLE.is_file():
        pytest.skip("the data folder beside the checkout is absent")
    tracker = FaceLandmarkerTracker(TrackerConfig(kind="landmarker", model=str(BUNDLE)), 63.0)
    tracker.open()
    yield tracker
    tracker.close()


@pytest.mark.shared
def test_its_face_agrees_with_the_bundled_tracker(tracker: FaceLandmarkerTracker) -> None:
    ours = FaceMeshTracker(TrackerConfig(), 63.0, lambda _: np.zeros(52, np.float32))
    ours.open()
    for n in range(3):
        theirs = tracker.track(frame(n, [A])).face
        other = ours.track(frame(n, [A])).face
    ours.close()
    assert theirs is not None
    assert other is not None
    assert np.abs(theirs.landmarks_px - other.landmarks_px)[:, :2].max() < 8
    turn = [
        np.degrees(euler_from_quat(quat_from_matrix(face.camera_from_head[:3, :3])))
        for face in (theirs, other)
    ]
    assert turn[0] == pytest.approx(turn[1], abs=5)
    assert theirs.camera_from_head[2, 3] == pytest.approx(other.camera_from_head[2, 3], rel=0.1)


@pytest.mark.shared
def test_shapes_come_by_name_and_what_it_cannot_see_is_zero(tracker: FaceLandmarkerTracker) -> None:
    for n in range(3):
        face = tracker.track(frame(n, [A])).face
    assert face is not None
    # She smiles.
    assert face.shapes[SHAPE_INDEX["mouthSmileLeft"]] > 0.5
    assert face.shapes[SHAPE_INDEX["mouthSmileRight"]] > 0.5
    assert face.shapes[SHAPE_INDEX["jawOpen"]] < 0.2
    assert all(face.shapes[SHAPE_INDEX[name]] == 0 for name in UNSUPPORTED_SHAPES)


@pytest.mark.shared
def test_a_larger_second_face_and_an_occlusion_steal_nothing(
    tracker: FaceLandmarkerTracker,
) -> None:
    script = [[A]] * 5 + [[A, LARGER]] * 20 + [[HIDDEN, LARGER]] * 10 + [[A, LARGER]] * 10
    shown = ""
    for n, faces in enumerate(script):
        face = tracker.track(frame(n, faces)).face
        shown += "-" if face is None else "A" if abs(where(face)[0] - A.x) < 40 else "B"
    assert "B" not in shown
    assert shown[:25] == "A" * 25
    assert shown[-8:] == "A" * 8


@pytest.mark.shared
def test_a_wider_lens_brings_the_face_nearer_and_nothing_else(
    tracker: FaceLandmarkerTracker,
) -> None:
    wide = FaceLandmarkerTracker(TrackerConfig(kind="landmarker", model=str(BUNDLE)), 90.0)
    wide.open()
    normal, near = tracker.track(frame(0, [A])).face, wide.track(frame(0, [A])).face
    wide.close()
    assert normal is not None
    assert near is not None
    ratio = near.camera_from_head[2, 3] / normal.camera_from_head[2, 3]
    assert ratio == pytest.approx(np.tan(np.radians(31.5)), rel=1e-3)
    assert near.camera_from_head[:2, 3] == pytest.approx(normal.camera_from_head[:2, 3], abs=1e-4)
