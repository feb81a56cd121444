"""Emotion from blendshapes alone, and the model that ships for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import vtdrive
from training.emotion.data import load
from vtdrive.assets import data_dir
from vtdrive.classifiers.shape_emotion import SHAPES_MODEL, ShapeEmotion, given
from vtdrive.classifiers.softmax import softmax
from vtdrive.errors import ModelError
from vtdrive.testing import make_face
from vtdrive.trackers.shapes import ShapeNet
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, Face, VideoFrame
from vtdrive.vocab import EMOTION_INDEX, MIRROR_SHAPE, SHAPE_INDEX, SHAPES, UNSUPPORTED_SHAPES

SHIPPED = data_dir("models") / SHAPES_MODEL
FERPLUS = Path(vtdrive.__file__).parent.parent.parent / "shared" / "data" / "ferplus"
PICTURE = VideoFrame(3, 7, np.zeros((4, 4, 3), np.uint8))


@pytest.fixture(scope="module")
def reader() -> Iterator[ShapeEmotion]:
    made = ShapeEmotion()
    made.open()
    yield made
    made.close()


def moved(**shapes: float) -> F32:
    """A resting face, and what moves in it; a name without side moves both."""
    out = np.full(len(SHAPES), 0.02, np.float32)
    for name, value in shapes.items():
        for one in (name, f"{name}Left", f"{name}Right"):
            if one in SHAPE_INDEX:
                out[SHAPE_INDEX[one]] = value
    return out


@pytest.mark.parametrize(
    ("shapes", "emotion"),
    [
        (moved(), "neutral"),
        (moved(mouthSmile=0.9, mouthUpperUp=0.4, cheekSquint=0.2), "happiness"),
        (moved(jawOpen=0.6, browInnerUp=0.9, browOuterUp=0.8, eyeWide=0.6), "surprise"),
    ],
)
def test_clear_expressions_are_named(reader: ShapeEmotion, shapes: F32, emotion: str) -> None:
    assert reader.infer(shapes).argmax() == EMOTION_INDEX[emotion]


def test_the_mirror_image_reads_exactly_the_same(reader: ShapeEmotion) -> None:
    faces = np.random.default_rng(0).uniform(0, 1, (200, 52)).astype(np.float32)
    turned = faces[:, list(MIRROR_SHAPE)]
    assert not np.array_equal(faces, turned)
    np.testing.assert_array_equal(reader.infer_many(faces), reader.infer_many(turned))


def test_gaze_and_unmeasured_shapes_change_nothing(reader: ShapeEmotion) -> None:
    unseen = [
        i
        for i, name in enumerate(SHAPES)
        if name.startswith("eyeLook") or name in UNSUPPORTED_SHAPES
    ]
    assert len(unseen) == 11
    rng = np.random.default_rng(1)
    for _ in range(20):
        face = rng.uniform(0, 1, 52).astype(np.float32)
        other = face.copy()
        other[unseen] = rng.uniform(0, 1, len(unseen))
        np.testing.assert_array_equal(reader.infer(face), reader.infer(other))


def test_a_one_sided_mouth_is_told_from_an_even_one(reader: ShapeEmotion) -> None:
    even, uneven = moved(mouthSmile=0.4), moved(mouthSmileLeft=0.8)
    contempt = EMOTION_INDEX["contempt"]
    assert softmax(reader.infer(uneven))[contempt] > 2 * softmax(reader.infer(even))[contempt]


def test_many_at_once_read_as_each_alone(reader: ShapeEmotion) -> None:
    faces = np.random.default_rng(2).uniform(0, 1, (9, 52)).astype(np.float32)
    alone = np.array([reader.infer(face) for face in faces])
    np.testing.assert_allclose(reader.infer_many(faces), alone, atol=1e-5)


def test_shapes_that_were_not_measured_give_nan(reader: ShapeEmotion) -> None:
    faces = np.stack([moved(), np.zeros(52, np.float32), moved(jawOpen=np.nan)])
    assert np.isnan(reader.infer_many(faces)).all(1).tolist() == [False, True, True]
    assert [given(face) for face in faces] == [True, False, False]


def with_shapes(shapes: F32) -> Face:
    face = make_face()
    return Face(face.landmarks_px, shapes, face.camera_from_head, face.crop_px, 1.0)


def test_nan_is_data_but_a_tracker_without_shapes_is_an_error(reader: ShapeEmotion) -> None:
    broken = with_shapes(np.full(52, np.nan, np.float32))
    assert np.isnan(reader.classify(PICTURE, broken).probs).all()
    with pytest.raises(ModelError, match="gives no blendshapes") as caught:
        reader.classify(PICTURE, with_shapes(np.zeros(52, np.float32)))
    assert "reads" in caught.value.remedy


def test_softmax_knows_the_impossible() -> None:
    probs = softmax(np.array([[0.0, -np.inf, 0.0], [np.nan, 1.0, 2.0]], np.float32))
    np.testing.assert_allclose(probs[0], [0.5, 0, 0.5])
    assert np.isnan(probs[1]).all()


@pytest.mark.parametrize(
    ("find", "put", "match"),
    [
        ('kind = "emotion-shapes"', 'kind = "emotion"', "kind 'emotion'"),
        ('"jawOpen"', '"jawShut"', "52 shapes"),
        ('"fear", ', "", "8 labels"),
        ("temperature = ", "temperature = -", "above 0"),
        ("temperature = ", "warmth = ", "found None"),
        ('sha256 = "', 'sha256 = "0', "not the file"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(
    tmp_path: Path, find: str, put: str, match: str
) -> None:
    shutil.copy(SHIPPED, tmp_path)
    text = SHIPPED.with_suffix(".toml").read_text(encoding="utf-8")
    assert find in text
    path = tmp_path / SHAPES_MODEL
    path.with_suffix(".toml").write_text(text.replace(find, put, 1), encoding="utf-8")
    classifier = ShapeEmotion(path)
    with pytest.raises(ModelError, match=match):
        classifier.open()
    classifier.close()


@pytest.mark.shared
@pytest.mark.skipif(not FERPLUS.is_dir(), reason="the FER+ data is not beside the checkout")
def test_labelled_faces_are_read_as_well_as_the_card_says(reader: ShapeEmotion) -> None:
    """A sample of validation faces, from the picture on."""
    valid = load(FERPLUS, "valid")
    sample = np.random.default_rng(1).permutation(np.flatnonzero(valid.decided))[:200]
    mesh, net = StillMesh(), ShapeNet()
    mesh.open()
    net.open()
    right = []
    for i in sample:
        points = mesh(cv2.cvtColor(valid.images[i], cv2.COLOR_GRAY2RGB))
        if points is not None:
            right.append(reader.infer(net(points)).argmax() == valid.label[i])
    mesh.close()
    claimed = float(reader.card.facts["scores"]["accuracy"])
    assert len(right) > 180
    # Three standard errors of a share of 200.
    assert np.mean(right) == pytest.approx(claimed, abs=0.094)
