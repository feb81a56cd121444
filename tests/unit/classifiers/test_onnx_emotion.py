"""The classifier reads faces as its network says, and refuses files that are not what they were."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emotion_networks import network, write

from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.errors import ModelError
from vtdrive.types import F32, Face, VideoFrame
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

Astronaut = tuple[VideoFrame, Face]

Make = Callable[..., OnnxEmotion]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A classifier on a model and a card written for the test."""

    def build(data: bytes | None = None, **facts: Any) -> OnnxEmotion:
        return OnnxEmotion(write(tmp_path, data, **facts))

    return build


def softmax(logits: list[float]) -> F32:
    raised = np.exp(np.array(logits, np.float32))
    return np.asarray(raised / raised.sum(), np.float32)


def test_the_astronaut_smiles(astronaut: Astronaut) -> None:
    frame, face = astronaut
    classifier = OnnxEmotion()
    classifier.open()
    emotion = classifier.classify(frame, face)
    logits, embedding = classifier.infer(classifier.crop(frame, face))
    np.testing.assert_array_equal(classifier.probabilities(logits), emotion.probs)
    classifier.close()
    assert emotion.t_ns == frame.t_ns
    assert emotion.probs.sum() == pytest.approx(1, abs=1e-5)
    assert EMOTIONS[int(emotion.probs.argmax())] == "happiness"
    assert emotion.probs[EMOTION_INDEX["happiness"]] > 0.8
    assert embedding.shape == (2048,)
    assert np.isfinite(embedding).all()


def test_mirrored_she_smiles_as_much(astronaut: Astronaut) -> None:
    frame, face = astronaut
    classifier = OnnxEmotion()
    classifier.open()
    crop = classifier.crop(frame, face)
    plain, mirrored = (
        classifier.probabilities(classifier.infer(c)[0]) for c in (crop, crop[:, ::-1])
    )
    classifier.close()
    np.testing.assert_allclose(plain, mirrored, atol=0.1)


def test_labels_are_matched_by_name(make: Make, astronaut: Astronaut) -> None:
    """Another order of outputs on the card; each name keeps its own logit."""
    shuffled = (*EMOTIONS[3:], *EMOTIONS[:3])
    values = [float(EMOTION_INDEX[name]) for name in shuffled]
    classifier = make(network(values), labels=shuffled)
    classifier.open()
    logits, _ = classifier.infer(np.zeros((12, 12), np.uint8))
    np.testing.assert_allclose(logits - logits[0], np.arange(8), atol=1e-5)
    probs = classifier.classify(*astronaut).probs
    classifier.close()
    np.testing.assert_allclose(probs, softmax([0, 1, 2, 3, 4, 5, 6, 7]), atol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_divides_the_logits(
    make: Make, astronaut: Astronaut, temperature: float
) -> None:
    logits = [3.0, 0, -1, 0, 2, 0, 0, 1]
    classifier = make(network(logits), temperature=temperature)
    classifier.open()
    probs = classifier.classify(*astronaut).probs
    classifier.close()
    np.testing.assert_allclose(probs, softmax([x / temperature for x in logits]), atol=1e-5)


def test_the_network_sees_the_normalised_crop(make: Make) -> None:
    classifier = make()
    classifier.open()
    for grey in (0, 100, 255):
        _, embedding = classifier.infer(np.full((12, 12), grey, np.uint8))
        assert embedding[0] == pytest.approx((grey / 255 - 0.5) / 0.25, abs=1e-4)
    classifier.close()


def test_huge_logits_do_not_overflow(make: Make, astronaut: Astronaut) -> None:
    classifier = make(network([5000.0, 0, 0, 0, 0, 0, 0, -5000.0]))
    classifier.open()
    np.testing.assert_array_equal(classifier.classify(*astronaut).probs, [1, 0, 0, 0, 0, 0, 0, 0])
    classifier.close()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_network_gone_wrong_reads_as_nan(make: Make, astronaut: Astronaut, bad: float) -> None:
    classifier = make(network([0.0, 0, 0, bad, 0, 0, 0, 0]))
    classifier.open()
    emotion = classifier.classify(*astronaut)
    classifier.close()
    assert np.isnan(emotion.probs).all()
    assert emotion.t_ns == astronaut[0].t_ns


def test_landmarks_gone_wrong_read_as_nan(make: Make, astronaut: Astronaut) -> None:
    frame, face = astronaut
    points = face.landmarks_px.copy()
    points[3] = np.nan
    classifier = make()
    classifier.open()
    emotion = classifier.classify(frame, replace(face, landmarks_px=points))
    assert np.isnan(emotion.probs).all()
    assert np.isfinite(classifier.classify(frame, face).probs).all(), "the next face is read again"
    classifier.close()


def refused(classifier: OnnxEmotion, match: str) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        classifier.open()
    assert caught.value.remedy
    classifier.close()


def test_a_missing_model_is_refused(make: Make) -> None:
    classifier = make()
    classifier.path.unlink()
    refused(classifier, "is missing")


def test_a_missing_card_is_refused(make: Make) -> None:
    classifier = make()
    classifier.path.with_suffix(".toml").unlink()
    refused(classifier, "has no card")


@pytest.mark.parametrize("at", [0, -1])
def test_an_altered_model_is_refused(make: Make, at: int) -> None:
    classifier = make()
    data = bytearray(classifier.path.read_bytes())
    data[at] ^= 1
    classifier.path.write_bytes(data)
    refused(classifier, "not the file its card describes")


@pytest.mark.parametrize("data", [b"", b"no network", network([0.0] * 8)[:200]])
def test_a_model_that_is_no_model_is_refused(make: Make, data: bytes) -> None:
    refused(make(data), "cannot be loaded")


@pytest.mark.parametrize("count", [7, 9])
def test_outputs_that_do_not_match_the_labels_are_refused(make: Make, count: int) -> None:
    refused(make(network([0.0] * count)), f"has {count} outputs, but its card names 8")


def test_nothing_heavy_is_imported_before_open() -> None:
    code = (
        "import sys; from vtdrive.classifiers.onnx_emotion import OnnxEmotion; OnnxEmotion();"
        "print([m for m in ('cv2', 'onnxruntime', 'mediapipe') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
