"""INT8 answers as fp32 does, its figures are of what they say, and the card carries them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest
from training_networks import pooled_network

from training.emotion import card
from training.emotion.data import Split
from training.emotion.network import Network, Preparation, interleaved_ms
from training.emotion.prior import chosen_shift, dealt_prior, shift
from training.emotion.quantize import calibrated, compare, quantize
from training.emotion.ranges import WAYS, collect
from vtdrive.assets import load_card
from vtdrive.classifiers.crop import standardised
from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.eval.emotion_scores import per_class
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTIONS


def greys(n: int, *, seed: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (n, 12, 12), np.uint8)


def faces(label: list[int]) -> Split:
    return Split(
        images=np.zeros((len(label), 12, 12), np.uint8),
        target=np.eye(8, dtype=np.float32)[label],
        decided=np.ones(len(label), np.bool_),
    )


def read_with(label: list[int], *, wrong: dict[int, int]) -> F32:
    """Logits that name each label, but at some places another."""
    found = [wrong.get(i, k) for i, k in enumerate(label)]
    return np.eye(8, dtype=np.float32)[found] * 5


PREPARE = Preparation(input_px=16, scaling="face")


@pytest.mark.parametrize("how", WAYS)
def test_int8_is_close_to_fp32_and_leaves_the_head_alone(tmp_path: Path, how: str) -> None:
    full, small = tmp_path / "full.onnx", tmp_path / "small.onnx"
    full.write_bytes(pooled_network())
    seen = collect(full, (PREPARE(greys(8, seed=i)) for i in range(4)))
    quantize(full, small, seen, how=how)
    crops = greys(40, seed=99)
    wanted, got = (Network(path, PREPARE).logits(crops) for path in (full, small))
    assert np.sqrt(((wanted - got) ** 2).mean()) < 0.05 * wanted.std()
    assert not np.array_equal(wanted, got), "nothing was quantized"
    kept = {t.name: t.data_type for t in onnx.load(small).graph.initializer}
    assert kept["head.weight"] == onnx.TensorProto.FLOAT
    assert onnx.TensorProto.INT8 in kept.values()


def test_preparation_does_what_run_time_does() -> None:
    crop = greys(2, seed=5)
    same_size = Preparation(input_px=12, scaling="face")(crop)
    np.testing.assert_allclose(same_size[:, 0], standardised(crop), atol=1e-5)
    fixed = Preparation(input_px=12, scaling="fixed", mean=0.5, std=0.25)(crop)
    np.testing.assert_allclose(fixed[:, 0], (crop / 255 - 0.5) / 0.25, atol=1e-5)


def test_both_networks_are_timed(tmp_path: Path) -> None:
    path = tmp_path / "full.onnx"
    path.write_bytes(pooled_network())
    taken = interleaved_ms(int8=path, fp32=path, prepare=PREPARE)
    assert taken["int8_ms"] == pytest.approx(taken["fp32_ms"], rel=0.5)


def test_agreement_counts_equal_top_labels_right_or_wrong() -> None:
    label = [0, 1, 2, 3]
    int8, fp32 = read_with(label, wrong={0: 4}), read_with(label, wrong={0: 4, 1: 5})
    found = compare(int8, fp32, faces(label))
    assert found["same_top_label"] == 0.75
    assert (found["accuracy"], found["accuracy_fp32"]) == (0.75, 0.5)


def test_temperature_comes_from_one_half_and_is_judged_on_the_other() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 8, 4000)
    sure = np.eye(8, dtype=np.float32)[np.where(rng.random(4000) < 0.75, label, (label + 1) % 8)]
    overconfident = sure * 9
    found = calibrated(overconfident, faces(label.tolist()), seed=0, elsewhere=None)
    assert found["temperature"] > 2
    assert found["ece"] < 0.03 < found["ece_uncalibrated"]
    # Faces from elsewhere that are read without fault ask for no caution, and get none.
    perfect = faces([1] * 50)
    found = calibrated(
        overconfident,
        faces(label.tolist()),
        seed=0,
        elsewhere=(read_with([1] * 50, wrong={}), perfect),
    )
    assert found["temperature"] < 1
    assert found["ece"] > 0.2


def test_a_shift_undoes_a_prior_and_keeps_the_mean() -> None:
    prior = dealt_prior(np.eye(8, dtype=np.float32)[[0] * 93 + list(range(1, 8))])
    assert prior[0] == pytest.approx(0.93)
    rng = np.random.default_rng(1)
    label = np.repeat(np.arange(8), 40)
    fair = np.eye(8)[label] * 2 + rng.normal(size=(320, 8)) * 0.3
    biased = (fair + np.log(prior)).astype(np.float32)
    np.testing.assert_allclose(shift(biased, prior, tau=1).mean(), biased.mean(), atol=1e-4)
    tau, rows = chosen_shift(biased, faces(label.tolist()), prior)
    assert tau == max(row["tau"] for row in rows)
    tau, _ = chosen_shift(fair.astype(np.float32), faces(label.tolist()), prior)
    assert tau == 0, "what needs no shift gets none"


@pytest.mark.parametrize("scaling", ["face", "fixed"])
def test_the_card_is_one_that_run_time_reads(tmp_path: Path, scaling: str) -> None:
    label = [0, 0, 1, 2, 3, 4, 5, 6]
    text = card.write(
        sha256="0" * 64,
        crop_px=48,
        prepare=Preparation(input_px=64, scaling=scaling),
        temperature=0.7,
        temperature_from="valid",
        quantization={"format": "INT8", "ranges": "minmax", "calibration_faces": 2000},
        agreement={"minmax": 0.99, "percentile-99.99": 0.98},
        training={"started_from": "x", "epochs": 3},
        scores={"accuracy": 0.87654},
        recall=per_class(read_with(label, wrong={0: 3}), faces(label)),
    )
    facts = tomllib.loads(text)
    assert facts["scores"]["accuracy"] == 0.8765
    assert facts["recall"]["neutral"]["share"] == 0.5
    assert facts["recall"]["neutral"]["n"] == 2
    assert facts["recall_argmax_all"]["contempt"] == {"n": 0}
    assert facts["quantization"]["same_top_label"]["percentile-99.99"] == 0.98
    path = tmp_path / "model.onnx"
    path.write_bytes(b"")
    path.with_suffix(".toml").write_text(text, encoding="utf-8")
    read = EmotionCard.read(load_card(path))
    assert (read.labels, read.crop_px, read.input_px) == (EMOTIONS, 48, 64)
    assert (read.scaling, read.temperature) == (scaling, 0.7)
