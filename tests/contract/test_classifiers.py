"""What every classifier owes its caller: the promises of `vtdrive.classifiers.base`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emotion_networks import network, write

from vtdrive.classifiers.base import Classifier
from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.errors import ModelError
from vtdrive.types import Face, VideoFrame

Make = Callable[[Path], Classifier]

_SEVEN = ["Angry", "Disgust", "Scared", "Happy", "Sad", "Surprised", "Neutral"]
_FACE = {"scaling": "face", "mean": None, "std": None}
_COLOUR = {"channels": "rgb", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def of(provider: str = "cpu", labels: list[str] | None = None, **model: Any) -> Make:
    """A small model with its own card; `model` is for `network`, `card` within it for `write`."""
    facts = model.pop("card", {}) | ({} if labels is None else {"labels": labels})

    def make(folder: Path) -> Classifier:
        logits = np.linspace(-1, 1, 8 if labels is None else len(labels)).tolist()
        data = network(logits, looks=True, **model)
        return OnnxEmotion(write(folder, data, **facts), provider=provider)

    return make


def fused(picture: Make, shapes: Callable[[Path], Path | None] = lambda _: None) -> Make:
    """A classifier of two: `picture` makes an OnnxEmotion, `shapes` names the other's model."""

    def make(folder: Path) -> Classifier:
        looking = picture(folder)
        assert isinstance(looking, OnnxEmotion)
        return FusedEmotion(looking, ShapeEmotion(shapes(folder)))

    return make


CLASSIFIERS: dict[str, Make] = {
    "shipped": lambda _: OnnxEmotion(),
    "grey": of(),
    "grey by the face": of(card={"input": _FACE}),
    "grey three times": of(planes=3, layout="nhwc", card={"input": {"layout": "nhwc"}}),
    "rgb of another size": of(planes=3, card={"crop": {"size_px": 40}, "input": _COLOUR}),
    "bgr by the face": of(planes=3, card={"input": {"channels": "bgr", **_FACE}}),
    "three labels": of(
        labels=["positive", "negative", "none"],
        card={"map": {"positive": "happy", "negative": "sad", "none": "neutral"}},
    ),
    "seven probabilities, one at once": of(
        labels=_SEVEN,
        softmax=True,
        outputs=("scores",),
        layout="nhwc",
        batch=1,
        card={"outputs": {"probabilities": "scores"}, "input": {"layout": "nhwc"}},
    ),
    "four at once": of(batch=4),
    "provider that is absent": of("coreml" if sys.platform != "darwin" else "directml"),
    "shapes": lambda _: ShapeEmotion(),
    "both": lambda _: FusedEmotion(OnnxEmotion(), ShapeEmotion()),
    "both, weights in the picture's card": fused(
        of(
            labels=["happy", "sad"],
            card={"fusion": {"picture": 0.5, "shapes": 0.5}},
        )
    ),
    "both, but nobody fitted how": fused(of()),
    "both, but the shapes' model is gone": fused(of(), lambda folder: folder / "gone.onnx"),
}


@pytest.fixture(params=list(CLASSIFIERS.values()), ids=list(CLASSIFIERS))
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


@pytest.fixture
def classifier(make: Make, tmp_path: Path) -> Iterator[Classifier]:
    made = make(tmp_path)
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
        shapes=rng.uniform(0, 1, 52).astype(np.float32),
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


def test_pictures_make_a_difference(classifier: Classifier) -> None:
    """Else everything above would hold for a classifier that never looks."""
    seen = [classifier.classify(frame(seed), face(seed, reach_px=9)).probs for seed in range(4)]
    assert max(float(np.abs(seen[0] - other).max()) for other in seen[1:]) > 1e-3


def test_frame_and_face_stay_as_they_were(classifier: Classifier) -> None:
    picture, found = frame(8), face(8)
    before = picture.image.copy(), found.landmarks_px.copy()
    classifier.classify(picture, found)
    np.testing.assert_array_equal(picture.image, before[0])
    np.testing.assert_array_equal(found.landmarks_px, before[1])


def test_notes_are_sentences_and_come_with_open(make: Make, tmp_path: Path) -> None:
    made = make(tmp_path)
    before = len(made.notes)
    assert before == 0
    made.open()
    notes = made.notes
    made.classify(frame(9), face(9))
    assert made.notes[: len(notes)] == notes
    made.close()
    assert all(note and "\n" not in note for note in notes)


def test_close_is_safe_without_open(make: Make, tmp_path: Path) -> None:
    make(tmp_path).close()


def test_close_is_safe_after_an_open_that_failed(make: Make, tmp_path: Path) -> None:
    made = make(tmp_path)
    for card in tmp_path.glob("*.toml"):
        card.unlink()
        with pytest.raises(ModelError):
            made.open()
    made.close()


def test_two_at_once_agree(make: Make, tmp_path: Path, classifier: Classifier) -> None:
    other = make(tmp_path)
    other.open()
    a, b = (c.classify(frame(6), face(6)).probs for c in (other, classifier))
    other.close()
    np.testing.assert_array_equal(a, b)
