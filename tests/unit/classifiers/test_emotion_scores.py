"""The label protocol and the figures that the model card quotes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from training.emotion.data import Split, load
from training.emotion.scores import (
    accuracy,
    calibration_error,
    fit_temperature,
    halves,
    macro_f1,
    recalls,
    softmax,
)
from vtdrive.types import F32


def votes(**given: int) -> list[int]:
    """Ten counts, from names to numbers."""
    names = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
             "unknown", "not_a_face")  # fmt: skip
    return [given.get(name, 0) for name in names]


def stored(folder: Path, rows: list[list[int]]) -> Split:
    images = np.arange(len(rows), dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    np.savez(folder / "valid.npz", images=images, votes=np.array(rows, np.uint8))
    return load(folder, "valid")


def faces(labels: list[int], *, decided: list[bool] | None = None) -> Split:
    return Split(
        images=np.zeros((len(labels), 48, 48), np.uint8),
        target=np.eye(8, dtype=np.float32)[labels],
        decided=np.array([True] * len(labels) if decided is None else decided),
    )


def test_single_votes_count_only_among_themselves(tmp_path: Path) -> None:
    split = stored(
        tmp_path,
        [
            votes(neutral=8, happiness=1, unknown=1),
            votes(neutral=1, happiness=1, surprise=1, sadness=1),
        ],
    )
    np.testing.assert_allclose(split.target[0], [1, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(split.target[1], [0.25] * 4 + [0] * 4)
    assert split.decided.tolist() == [True, False]


def test_faces_that_most_call_unknown_are_dropped(tmp_path: Path) -> None:
    split = stored(
        tmp_path,
        [
            votes(unknown=6, anger=4),
            votes(not_a_face=9, anger=1),
            votes(anger=6, unknown=4),
            votes(anger=4, fear=3, unknown=3),
        ],
    )
    assert split.images[:, 0, 0].tolist() == [2, 3], "the others stay in step with their pictures"
    np.testing.assert_allclose(split.target.sum(1), 1)
    np.testing.assert_allclose(split.target[1][[4, 6]], [4 / 7, 3 / 7])
    assert split.decided.tolist() == [True, False], "votes for unknown count against a majority"


def test_half_is_no_majority(tmp_path: Path) -> None:
    assert stored(tmp_path, [votes(fear=5, surprise=5)]).decided.tolist() == [False]


def logits(found: list[int], *, height: float = 5.0) -> F32:
    return (np.eye(8, dtype=np.float32)[found] * height).astype(np.float32)


def test_accuracy_counts_decided_faces_or_all() -> None:
    split = faces([0, 1, 2, 3], decided=[True, True, False, False])
    found = logits([0, 0, 2, 3])
    assert accuracy(found, split) == 0.5
    assert accuracy(found, split, decided_only=False) == 0.75


def test_recall_says_of_how_many() -> None:
    got = recalls(logits([1, 1, 0, 2]), faces([1, 1, 1, 2]))
    assert got["happiness"][0] == pytest.approx(2 / 3)
    assert got["happiness"][1] == 3
    assert got["surprise"] == (1.0, 1)
    assert got["contempt"][1] == 0
    assert math.isnan(got["contempt"][0])


def test_macro_f1_weighs_labels_alike() -> None:
    perfect = list(range(8))
    assert macro_f1(logits(perfect), faces(perfect)) == pytest.approx(1)
    # Two of eight labels confused with each other, one of them never found: 2/3 and 0.
    assert macro_f1(logits([0, 0, 2, 3, 4, 5, 6, 7]), faces(perfect)) == pytest.approx(
        (6 + 2 / 3) / 8
    )


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    probs = np.full((10, 8), 0.2 / 7)
    probs[:, 0] = 0.8
    assert calibration_error(probs, np.array([0] * 8 + [1] * 2)) == pytest.approx(0, abs=1e-9)
    assert calibration_error(probs, np.array([0] * 5 + [1] * 5)) == pytest.approx(0.3)
    certain = np.eye(8)[[0] * 4]
    assert calibration_error(certain, np.array([0] * 4)) == pytest.approx(0)


def test_the_fitted_temperature_is_the_one_that_was_applied() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(20_000, 8)).astype(np.float32) * 2
    cumulated = softmax(honest).cumsum(1)
    label = (cumulated > rng.random((len(honest), 1))).argmax(1)
    for applied in (0.5, 1.0, 2.5):
        assert fit_temperature(honest * np.float32(applied), label) == pytest.approx(
            applied, rel=0.04
        )


def test_halves_share_nothing_and_leave_out_the_undecided() -> None:
    split = faces([0] * 11, decided=[True] * 9 + [False] * 2)
    fit, judge = halves(split, seed=3)
    assert sorted([*fit, *judge]) == list(range(9))
    again, _ = halves(split, seed=3)
    np.testing.assert_array_equal(fit, again)
