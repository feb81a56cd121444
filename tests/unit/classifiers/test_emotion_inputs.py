"""Networks are fed as their cards say: size, colour, layout, scaling, how many at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emotion_networks import network, write

from training.emotion.network import Preparation
from vtdrive.classifiers.crop import standardised, to_input
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.types import F32, U8, Face, VideoFrame

Astronaut = tuple[VideoFrame, Face]


def opened(folder: Path, data: bytes | None = None, **facts: Any) -> OnnxEmotion:
    classifier = OnnxEmotion(write(folder, data, **facts))
    classifier.open()
    return classifier


def picture(seed: int = 0, *shape: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, shape or (12, 12, 3), np.uint8)


def given(classifier: OnnxEmotion, crop: U8) -> F32:
    """(C, 16, 16): what the network was given, which the small ones hand back."""
    return classifier.infer(crop)[1].reshape(-1, 16, 16)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_colour_comes_in_the_networks_order(tmp_path: Path, channels: str, layout: str) -> None:
    mean, std = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    classifier = opened(
        tmp_path,
        network(planes=3, layout=layout),
        input={"channels": channels, "layout": layout, "mean": mean, "std": std},
    )
    crop = picture()
    seen = given(classifier, crop)
    classifier.close()
    for at, name in enumerate(channels):
        plane = crop[..., "rgb".index(name)]
        expected = to_input(plane, size_px=16, mean=mean[at], std=std[at])[0, 0]
        np.testing.assert_allclose(seen[at], expected, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_grey_is_repeated_where_the_network_wants_three(tmp_path: Path, layout: str) -> None:
    mean = [0.4, 0.5, 0.6]
    classifier = opened(
        tmp_path, network(planes=3, layout=layout), input={"layout": layout, "mean": mean}
    )
    crop = picture()[..., 0]
    seen = given(classifier, crop)
    classifier.close()
    for plane, level in zip(seen, mean, strict=True):
        expected = to_input(crop, size_px=16, mean=level, std=0.25)[0, 0]
        np.testing.assert_allclose(plane, expected, atol=1e-5)


@pytest.mark.parametrize("channels", ["grey", "rgb"])
def test_scaling_by_the_face_happens_before_it_is_enlarged(tmp_path: Path, channels: str) -> None:
    classifier = opened(
        tmp_path,
        network(planes=1 if channels == "grey" else 3),
        input={"channels": channels, "scaling": "face", "mean": None, "std": None},
    )
    crop = picture()[..., 0] if channels == "grey" else picture()
    seen = given(classifier, crop)
    darker = given(classifier, (crop * 0.5 + 40).astype(np.uint8))
    classifier.close()
    scaled = standardised(crop[None])
    planes = scaled[..., None] if channels == "grey" else scaled
    expected = to_input(planes, size_px=16, mean=0.0, std=1 / 255)[0]
    np.testing.assert_allclose(seen, expected, atol=1e-4)
    assert 0.5 < seen.std() < 1.5
    # Whole greys round; beyond that another light makes no difference.
    np.testing.assert_allclose(seen, darker, atol=0.05)


def test_a_face_keeps_its_hue_when_scaled() -> None:
    red = np.zeros((2, 32, 32, 3), np.uint8)
    red[..., 0], red[:, :, 8:] = 200, picture(1, 2, 32, 24, 3)
    out = standardised(red)
    assert out.shape == red.shape
    np.testing.assert_array_equal(standardised(red[1:]), out[1:])
    assert (out[:, :, :8, 0] > out[:, :, :8, 1] + 1).all()


@pytest.mark.parametrize("size", ["side", 16])
def test_free_dimensions_fit_any_card(tmp_path: Path, size: int | str) -> None:
    classifier = opened(tmp_path, network(planes="C", input_px=size), input={"channels": "rgb"})
    assert given(classifier, picture()).shape == (3, 16, 16)
    classifier.close()


@pytest.mark.parametrize("batch", ["N", 1, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 9, 70])
def test_many_faces_are_read_as_each_by_itself(
    tmp_path: Path, batch: int | str, count: int
) -> None:
    classifier = opened(tmp_path, network(batch=batch, looks=True))
    crops = picture(2, count, 12, 12)
    logits, embedding = classifier.infer_many(crops)
    assert logits.shape == (count, 8)
    assert embedding.shape == (count, 256)
    for crop, row, seen in zip(crops, logits, embedding, strict=True):
        alone = classifier.infer(crop)
        np.testing.assert_allclose(row, alone[0], atol=1e-5)
        np.testing.assert_allclose(seen, alone[1], atol=1e-5)
    classifier.close()
    assert count < 2 or not np.allclose(logits[0], logits[1]), "they must differ to prove anything"


def test_probabilities_come_back_as_they_were(tmp_path: Path) -> None:
    logits = [0.1, 2.0, -30.0, 1.0, 0.0, -1.0, -200.0, 0.5]
    classifier = opened(
        tmp_path,
        network(logits, softmax=True, outputs=("scores",)),
        outputs={"probabilities": "scores"},
    )
    said, embedding = classifier.infer(picture()[..., 0])
    probs = classifier.probabilities(said)
    classifier.close()
    raised = np.exp(np.array(logits))
    np.testing.assert_allclose(probs, raised / raised.sum(), atol=1e-6)
    assert np.isfinite(said).all(), "also where a probability is 0"
    assert embedding.shape == (0,)


def test_outputs_go_by_the_names_of_the_card(tmp_path: Path) -> None:
    data = network([3.0] + [0.0] * 7, outputs=("one", "two"))
    plain = opened(tmp_path, data, outputs={"logits": "one"})
    assert plain.infer(picture()[..., 0])[1].shape == (0,)
    plain.close()
    named = opened(tmp_path, data, outputs={"logits": "one", "embedding": "two"})
    logits, embedding = named.infer(picture()[..., 0])
    named.close()
    assert logits[0] == pytest.approx(3)
    assert embedding.shape == (256,)


def test_crops_are_of_the_kind_that_the_card_wants(tmp_path: Path, astronaut: Astronaut) -> None:
    frame, face = astronaut
    grey = opened(tmp_path)
    flat = grey.crop(frame, face), grey.crop_picture(frame.image, None)
    grey.close()
    colour = opened(tmp_path, network(planes=3), input={"channels": "rgb"})
    full = colour.crop(frame, face), colour.crop_picture(frame.image, None)
    with pytest.raises(ValueError, match="not finite"):
        colour.crop_picture(frame.image, np.full((478, 3), np.nan, np.float32))
    assert colour.classify(frame, face).probs.sum() == pytest.approx(1, abs=1e-5)
    colour.close()
    for one, three in zip(flat, full, strict=True):
        assert one.shape == (12, 12)
        assert three.shape == (12, 12, 3)
        np.testing.assert_allclose(three @ [0.299, 0.587, 0.114], one, atol=1.5)
    assert np.abs(flat[0].astype(int) - flat[1].astype(int)).mean() > 10


@pytest.mark.parametrize("scaling", ["face", "fixed"])
def test_run_time_prepares_faces_as_quantization_does(tmp_path: Path, scaling: str) -> None:
    facts = {"scaling": scaling, "size_px": 64}
    facts |= {"mean": None, "std": None} if scaling == "face" else {"mean": 0.508, "std": 0.255}
    data = network(input_px=64)
    classifier = opened(tmp_path, data, crop={"size_px": 48}, input=facts)
    crops = picture(3, 5, 48, 48)
    _, seen = classifier.infer_many(crops)
    classifier.close()
    wanted = Preparation(input_px=64, scaling=scaling)(crops)
    np.testing.assert_array_equal(seen, wanted.reshape(5, -1))
