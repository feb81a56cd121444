"""What every classifier owes its caller: the promises of `vtdrive.classifiers.base`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vtdrive.classifiers.base import Classifier
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.types import Face, VideoFrame

CLASSIFIERS: list[Callable[[], Classifier]] = [OnnxEmotion]


@pytest.fixture(params=CLASSIFIERS)
def classifier(request: pytest.FixtureRequest) -> Iterator[Classifier]:
    made: Classifier = request.param()
    made.open()
    yield made
    made.close()


def frame(seed: int, *, t_ns: int = 0, size: tuple[int, int] = (240, 320)) -> VideoFrame:
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    image.setflags(write=False)
    return VideoFrame(seq=seed, t_ns=t_ns, image=image)


def face(seed: int, *, at: tuple[float, float] = (160, 120), reach_px: float = 50) -> Face:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-reach_px, reach_px, (478, 3)).astype(np.float32)
    points[[33, 133, 362, 263], :2] = [[-30, -10], [-12, -10], [12, -10], [30, -10]]
    points[:, :2] += at
    points.setflags(write=False)
    return Face(
        landmarks_px=points,
        shapes=np.zeros(52, np.float32),
        camera_from_head=np.eye(4, dtype=np.float32),
        crop_px=np.array([0, 0, 320, 240], np.float32),
        confidence=1.0,
    )


@pytest.mark.parametrize("t_ns", [0, 1, 9_000_000_000_000_000_001])
def test_time_is_that_of_the_frame(classifier: Classifier, t_ns: int) -> None:
    assert classifier.classify(frame(0, t_ns=t_ns), face(0)).t_ns == t_ns


def test_probabilities_are_eight_and_sum_to_one(classifier: Classifier) -> None:
    for seed in range(5):
        probs = classifier.classify(frame(seed), face(seed)).probs
        assert probs.shape == (8,)
        assert probs.dtype == np.float32
        assert not probs.flags.writeable
        assert (probs >= 0).all()
        assert probs.sum() == pytest.approx(1, abs=1e-5)


def test_history_does_not_matter(classifier: Classifier) -> None:
    first = classifier.classify(frame(1), face(1)).probs.copy()
    classifier.classify(frame(2), face(2, at=(100, 90), reach_px=20))
    np.testing.assert_array_equal(classifier.classify(frame(1), face(1)).probs, first)


def test_results_outlive_the_next_call(classifier: Classifier) -> None:
    emotion = classifier.classify(frame(1), face(1))
    kept = emotion.probs.copy()
    classifier.classify(frame(2), face(2))
    np.testing.assert_array_equal(emotion.probs, kept)


@pytest.mark.parametrize("at", [(0, 0), (320, 240), (-200, 500), (5000, -5000)])
def test_a_face_beyond_the_edge_is_read(classifier: Classifier, at: tuple[float, float]) -> None:
    probs = classifier.classify(frame(3), face(3, at=at)).probs
    assert probs.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 640), (1080, 1920)])
def test_any_size_of_picture_is_legal(classifier: Classifier, size: tuple[int, int]) -> None:
    probs = classifier.classify(frame(4, size=size), face(4)).probs
    assert probs.sum() == pytest.approx(1, abs=1e-5)


def test_landmarks_not_finite_give_nan_and_no_exception(classifier: Classifier) -> None:
    broken = face(5)
    points = broken.landmarks_px.copy()
    points[:] = np.nan
    nowhere = Face(points, broken.shapes, broken.camera_from_head, broken.crop_px, 1.0)
    assert np.isnan(classifier.classify(frame(5), nowhere).probs).all()


@pytest.mark.parametrize("make", CLASSIFIERS)
def test_close_is_safe_without_open(make: Callable[[], Classifier]) -> None:
    make().close()


@pytest.mark.parametrize("make", CLASSIFIERS)
def test_two_at_once_agree(make: Callable[[], Classifier], classifier: Classifier) -> None:
    other = make()
    other.open()
    a, b = (c.classify(frame(6), face(6)).probs for c in (other, classifier))
    other.close()
    np.testing.assert_array_equal(a, b)
