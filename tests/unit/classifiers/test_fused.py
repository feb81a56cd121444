"""The picture's reading and the blendshapes', added up: where both, and where one is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from emotion_networks import network, write

from vtdrive.assets import data_dir, load_card
from vtdrive.classifiers.fused import FusedEmotion, Weights, find_weights, fuse
from vtdrive.classifiers.labels import IMPOSSIBLE
from vtdrive.classifiers.make import make_classifier
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.classifiers.shape_emotion import SHAPES_MODEL, ShapeEmotion
from vtdrive.classifiers.softmax import softmax
from vtdrive.config.emotion import EmotionConfig
from vtdrive.errors import ModelError
from vtdrive.testing import make_face
from vtdrive.types import F32, Face, VideoFrame

MODELS = data_dir("models")
PICTURE = VideoFrame(0, 5, np.full((240, 320, 3), 90, np.uint8))
HALF = {"picture": 0.5, "shapes": 0.25}


def with_shapes(shapes: F32) -> Face:
    face = make_face()
    return Face(face.landmarks_px, shapes, face.camera_from_head, face.crop_px, 1.0)


MOVED = with_shapes(np.random.default_rng(0).uniform(0, 1, 52).astype(np.float32))
UNMOVED = with_shapes(np.zeros(52, np.float32))
BROKEN = with_shapes(np.full(52, np.nan, np.float32))


def opened(folder: Path, head: Path | None = None, **facts: object) -> FusedEmotion:
    """A small picture network with the shipped head."""
    logits = np.linspace(-2, 2, 8).tolist()
    made = FusedEmotion(OnnxEmotion(write(folder, network(logits), **facts)), ShapeEmotion(head))
    made.open()
    return made


def test_logits_are_added_with_their_weights(tmp_path: Path) -> None:
    fused = opened(tmp_path, fusion=HALF, temperature=0.7)
    picture = fused.picture.infer(fused.picture.crop(PICTURE, MOVED))[0]
    shapes = fused.shapes.infer(MOVED.shapes)
    emotion = fused.classify(PICTURE, MOVED)
    np.testing.assert_allclose(emotion.probs, softmax(0.5 * picture + 0.25 * shapes), atol=1e-6)
    np.testing.assert_array_equal(softmax(fused.logits(picture, MOVED.shapes)), emotion.probs)
    assert fused.notes == ()
    fused.close()


def test_many_faces_at_once_each_as_alone(tmp_path: Path) -> None:
    fused = opened(tmp_path, fusion=HALF, temperature=0.7)
    rng = np.random.default_rng(3)
    pictures = rng.normal(size=(4, 8)).astype(np.float32)
    shapes = np.stack([MOVED.shapes, UNMOVED.shapes, BROKEN.shapes, MOVED.shapes[::-1]])
    rows = fused.logits(pictures, shapes)
    for row, picture, shape in zip(rows, pictures, shapes, strict=True):
        np.testing.assert_allclose(fused.logits(picture, shape), row, atol=1e-5)
    np.testing.assert_allclose(rows[1:3], pictures[1:3] / np.float32(0.7), rtol=1e-6)
    assert fused.logits(pictures[:0], shapes[:0]).shape == (0, 8)
    fused.close()


def test_a_face_without_shapes_is_read_from_the_picture_and_that_is_said_once(
    tmp_path: Path,
) -> None:
    fused = opened(tmp_path, fusion=HALF, temperature=0.7)
    alone = fused.picture.classify(PICTURE, MOVED).probs
    np.testing.assert_allclose(fused.classify(PICTURE, BROKEN).probs, alone, atol=1e-6)
    assert list(fused.notes) == []  # one bad frame is nothing to tell
    for _ in range(3):
        np.testing.assert_allclose(fused.classify(PICTURE, UNMOVED).probs, alone, atol=1e-6)
    assert len(fused.notes) == 1
    assert "no blendshapes" in fused.notes[0]
    assert np.abs(fused.classify(PICTURE, MOVED).probs - alone).max() > 0.01
    fused.close()


@pytest.mark.parametrize("spoil", ["gone", "altered", "unfitted"])
def test_without_the_second_reading_the_picture_is_read_and_that_is_said(
    tmp_path: Path, spoil: str
) -> None:
    for suffix in (".onnx", ".toml"):
        shutil.copy(MODELS / Path(SHAPES_MODEL).with_suffix(suffix), tmp_path)
    head = tmp_path / SHAPES_MODEL
    if spoil == "gone":
        head.unlink()
    elif spoil == "altered":
        head.write_bytes(head.read_bytes() + b"\0")
    fused = opened(tmp_path, head, **({} if spoil == "unfitted" else {"fusion": HALF}))
    assert len(fused.notes) == 1
    assert fused.notes[0].startswith("emotion is read from the picture alone: ")
    plain = fused.picture.classify(PICTURE, MOVED).probs
    np.testing.assert_allclose(fused.classify(PICTURE, MOVED).probs, plain, atol=1e-6)
    fused.classify(PICTURE, UNMOVED)
    assert len(fused.notes) == 1
    fused.close()


def test_weights_do_not_outlive_the_model_they_were_fitted_for(tmp_path: Path) -> None:
    shapes = load_card(MODELS / SHAPES_MODEL)
    shipped = load_card(MODELS / SHIPPED_MODEL)
    assert find_weights(shipped, shapes) is not None
    path = write(tmp_path, network()).rename(tmp_path / SHIPPED_MODEL)
    (tmp_path / "tiny.toml").rename(path.with_suffix(".toml"))
    assert find_weights(load_card(path), shapes) is None


def test_what_ships_is_fused_and_the_weights_are_sensible() -> None:
    fused = make_classifier(EmotionConfig())
    assert isinstance(fused, FusedEmotion)
    fused.open()
    assert fused.notes == ()
    assert fused.weights is not None
    assert fused.weights.picture > fused.weights.shapes > 0
    fused.close()


@pytest.mark.parametrize(
    "table",
    [{"picture": 0.5}, {"picture": 0, "shapes": 1}, {"picture": 1, "shapes": -1},
     {"picture": True, "shapes": 1}, {"picture": 1, "shapes": "much"}, 3],
)  # fmt: skip
def test_weights_that_make_no_sense_are_refused(tmp_path: Path, table: object) -> None:
    card = load_card(write(tmp_path, network(), fusion=table))
    with pytest.raises(ModelError, match=r"tiny.toml: \[fusion\]"):
        find_weights(card, load_card(MODELS / SHAPES_MODEL))


def test_what_the_picture_model_cannot_name_stays_impossible() -> None:
    picture = np.array([1, 2, IMPOSSIBLE, 0, 0, 0, 0, IMPOSSIBLE], np.float32)
    shapes = np.array([0, 0, 50, 0, 0, 0, 0, 50], np.float32)
    probs = softmax(fuse(picture, shapes, Weights(picture=0.01, shapes=1.0)))
    assert probs[[2, 7]].tolist() == [0, 0]
    assert probs.sum() == pytest.approx(1)


def test_nan_in_the_picture_is_never_covered_up(tmp_path: Path) -> None:
    fused = opened(tmp_path, fusion=HALF)
    bad = np.array([np.nan, *[0.0] * 7], np.float32)
    for face in (MOVED, UNMOVED):
        assert np.isnan(softmax(fused.logits(bad, face.shapes))).all()
    fused.close()


def test_the_config_chooses() -> None:
    assert make_classifier(EmotionConfig(enabled=False)) is None
    assert isinstance(make_classifier(EmotionConfig(reads="picture")), OnnxEmotion)
    assert isinstance(make_classifier(EmotionConfig(reads="both")), FusedEmotion)
    assert isinstance(make_classifier(EmotionConfig(reads="shapes")), ShapeEmotion)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("emotion-resnet50-int", "did you mean 'emotion-resnet50-int8'"),
        ("mine", "path of a file that ends in .onnx"),
        ("", "path of a file that ends in .onnx"),
    ],
)
def test_a_name_of_no_model_is_not_looked_for_as_a_file(model: str, said: str) -> None:
    with pytest.raises(ModelError, match=r"\[emotion\] model: ") as caught:
        make_classifier(EmotionConfig(model=model))
    assert said in str(caught.value)


@pytest.mark.parametrize("model", ["my models/mine.onnx", "MINE.ONNX", "~/mine.onnx"])
def test_paths_are_taken_as_written(model: str) -> None:
    made = make_classifier(EmotionConfig(model=model, reads="picture"))
    assert isinstance(made, OnnxEmotion)
    assert made.path == Path(model).expanduser()


def test_shapes_alone_need_no_picture_model(tmp_path: Path) -> None:
    made = make_classifier(EmotionConfig(reads="shapes", model=str(tmp_path / "none.onnx")))
    assert made is not None
    made.open()
    assert made.classify(PICTURE, MOVED).probs.sum() == pytest.approx(1, abs=1e-5)
    made.close()
