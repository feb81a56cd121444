"""The emotion model in `models/` is what its card and its page say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import vtdrive
from training.emotion.data import CROP_PX, INPUT_PX, MEAN, STD, load
from vtdrive.assets import data_dir, load_card
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.trackers.still import StillMesh
from vtdrive.vocab import EMOTIONS

MODEL = data_dir("models") / SHIPPED_MODEL
FERPLUS = Path(vtdrive.__file__).parent.parent.parent / "shared" / "data" / "ferplus"


def test_weights_are_int8_and_cannot_overflow_sixteen_bits() -> None:
    """Two products of u8 and a weight must fit 16 bits on processors without VNNI."""
    model = onnx.load(MODEL)
    kernels = [
        numpy_helper.to_array(t)
        for t in model.graph.initializer
        if t.data_type == onnx.TensorProto.INT8 and len(t.dims) == 4
    ]
    assert len(kernels) == sum(node.op_type == "Conv" for node in model.graph.node) == 53
    assert all(2 * 255 * int(np.abs(k.astype(int)).max()) < 2**15 for k in kernels)


def test_file_is_small_and_its_interface_is_named() -> None:
    assert MODEL.stat().st_size <= 26_000_000
    graph = onnx.load(MODEL).graph
    assert [i.name for i in graph.input] == ["image"]
    assert [o.name for o in graph.output] == ["logits", "embedding"]
    assert [d.dim_value for d in graph.output[1].type.tensor_type.shape.dim][1:] == [2048]


def test_card_matches_the_training_code() -> None:
    classifier = OnnxEmotion()
    classifier.open()
    card = classifier.card
    classifier.close()
    assert card.labels == card.label_map.meanings == EMOTIONS
    assert (card.crop_px, card.input_px) == (CROP_PX, INPUT_PX)
    if card.scaling == "fixed":
        assert (card.mean, card.std) == ((MEAN,), (STD,))


@pytest.mark.shared
@pytest.mark.skipif(not FERPLUS.is_dir(), reason="the FER+ data is not beside the checkout")
def test_labelled_faces_are_read_as_well_as_the_card_says() -> None:
    """A sample of validation faces, each by itself, the way of `vtdrive eval emotion`."""
    valid = load(FERPLUS, "valid")
    sample = np.random.default_rng(1).permutation(np.flatnonzero(valid.decided))[:400]
    classifier, mesh = OnnxEmotion(), StillMesh()
    classifier.open()
    mesh.open()
    rows = []
    for i in sample:
        picture = np.repeat(valid.images[i][:, :, None], 3, 2)
        crop = classifier.crop_picture(picture, mesh(picture))
        rows.append(classifier.probabilities(classifier.infer(crop)[0]))
    probs = np.array(rows)
    mesh.close()
    classifier.close()
    right = probs.argmax(1) == valid.label[sample]
    claimed = float(load_card(MODEL).facts["scores"]["accuracy"])
    # Three standard errors of a share of 400.
    assert right.mean() == pytest.approx(claimed, abs=0.054)
    assert probs.max(1).mean() == pytest.approx(right.mean(), abs=0.05), "as sure as it is right"
