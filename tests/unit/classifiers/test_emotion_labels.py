"""Other people's labels become the eight, and probabilities keep adding up to one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emotion_networks import network, write

from vtdrive.classifiers.labels import IMPOSSIBLE, Labels
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.types import F32
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

CROP = np.zeros((12, 12), np.uint8)


def softmax(logits: Sequence[float]) -> F32:
    raised = np.exp(np.array(logits, np.float64))
    return np.asarray(raised / raised.sum(), np.float32)


def read(folder: Path, logits: Sequence[float], **facts: Any) -> dict[str, float]:
    """What a network that says this is taken to mean, by emotion."""
    classifier = OnnxEmotion(write(folder, network(logits), **facts))
    classifier.open()
    probs = classifier.probabilities(classifier.infer(CROP)[0])
    classifier.close()
    return dict(zip(EMOTIONS, probs.tolist(), strict=True))


def test_seven_labels_by_other_names(tmp_path: Path) -> None:
    """Another data set's order and words; contempt is not among them."""
    labels = ["Angry", "Disgusted", "Fearful", "Happy", "Sad", "Surprised", "Neutral"]
    logits = [0.3, -1.0, 0.5, 2.0, 1.0, -0.4, 0.1]
    probs = read(tmp_path, logits, labels=labels)
    expected = dict(zip(labels, softmax(logits), strict=True))
    assert probs["contempt"] == 0
    for label, emotion in (("Angry", "anger"), ("Happy", "happiness"), ("Neutral", "neutral")):
        assert probs[emotion] == pytest.approx(expected[label], abs=1e-6)
    assert sum(probs.values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_probabilities_of_one_emotion_add_up(tmp_path: Path, temperature: float) -> None:
    """Calibrated first, added then: the other way round gives another sum."""
    logits = [1.0, 2.0, -0.5, 0.7]
    probs = read(
        tmp_path,
        logits,
        labels=["smile", "laughing", "neutral", "bored"],
        map={"bored": "neutral"},
        temperature=temperature,
    )
    each = softmax([logit / temperature for logit in logits])
    assert probs["happiness"] == pytest.approx(each[0] + each[1], abs=1e-6)
    assert probs["neutral"] == pytest.approx(each[2] + each[3], abs=1e-6)
    assert sum(probs.values()) == pytest.approx(1, abs=1e-6)


def test_a_label_left_out_gives_its_share_to_the_rest(tmp_path: Path) -> None:
    probs = read(tmp_path, [1.0, 2.0, 9.0], labels=["happy", "sad", "no face"], map={"no face": ""})
    expected = softmax([1.0, 2.0])
    assert probs["happiness"] == pytest.approx(expected[0], abs=1e-6)
    assert probs["sadness"] == pytest.approx(expected[1], abs=1e-6)
    assert sum(probs.values()) == pytest.approx(1, abs=1e-6)


def test_the_map_is_stronger_than_the_alias(tmp_path: Path) -> None:
    probs = read(tmp_path, [3.0, 0.0], labels=["joy", "calm"], map={"joy": "Surprised"})
    assert probs["surprise"] > 0.9
    assert probs["happiness"] == 0


def test_order_of_the_eight_is_by_name() -> None:
    labels = Labels(EMOTIONS[::-1], EMOTIONS[::-1])
    row = np.arange(8, dtype=np.float32)[None]
    np.testing.assert_array_equal(labels.eight(row, temperature=1), row[:, ::-1])


def test_emotions_without_a_label_stay_impossible_whatever_is_subtracted() -> None:
    """A resting face's logits are taken away from later ones; infinities would become NaN."""
    labels = Labels(["neutral", "happy"], ["neutral", "happiness"])
    logits = labels.eight(np.array([[1.0, 2.0], [3.0, 0.0]], np.float32), temperature=2.0)
    assert (logits[:, 2:] == IMPOSSIBLE).all()
    np.testing.assert_array_equal(logits[:, :2], [[1, 2], [3, 0]])
    assert np.isfinite(logits[1] - logits[0]).all()


def test_a_network_that_is_sure_beyond_numbers() -> None:
    """Minus infinity is a probability of 0; only plus infinity and NaN are no answer."""
    labels = Labels(["happy", "joy", "sad"], ["happiness", "happiness", "sadness"])
    row = np.array([[-np.inf, 1.0, 0.0], [-np.inf, -np.inf, 0.0]], np.float32)
    logits = labels.eight(row, temperature=1.0)
    assert logits[0, EMOTION_INDEX["happiness"]] == 1
    assert logits[1, EMOTION_INDEX["happiness"]] < -1e5
    for bad in (np.nan, np.inf):
        broken = labels.eight(np.array([[bad, 1.0, 0.0]], np.float32), temperature=1.0)
        assert not np.isfinite(broken[0, EMOTION_INDEX["happiness"]])
