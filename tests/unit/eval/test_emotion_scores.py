"""The figures about readings of labelled faces, against values made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vtdrive.eval.emotion_labels import Labels
from vtdrive.eval.emotion_scores import (
    accuracy,
    calibration_error,
    confusion,
    fit_temperature,
    halves,
    macro_f1,
    per_class,
    rare_recall,
    recalls,
    softmax,
    wilson,
)
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS


def faces(labels: list[int], *, decided: list[bool] | None = None) -> Labels:
    which = np.array([True] * len(labels) if decided is None else decided, np.bool_)
    return Labels(np.eye(8, dtype=np.float32)[labels], decided=which, strict=which)


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


def test_nobody_has_no_score_rather_than_a_false_one() -> None:
    nobody = faces([])
    empty = np.zeros((0, 8), np.float32)
    for value in (
        accuracy(empty, nobody),
        macro_f1(empty, nobody),
        rare_recall(empty, nobody),
        calibration_error(empty, nobody.label),
    ):
        assert math.isnan(value)
    assert {row["recall"] for row in per_class(empty, nobody).values()} == {None}


def test_macro_f1_leaves_out_what_nobody_showed_and_nothing_read() -> None:
    assert macro_f1(logits([0, 1]), faces([0, 1])) == pytest.approx(1)
    # Sadness was read once where nobody showed it: that costs.
    assert macro_f1(logits([0, 1, 3]), faces([0, 1, 1])) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_rows_of_the_confusion_are_what_people_saw() -> None:
    table = confusion(np.array([1, 1, 0]), np.array([1, 0, 0]))
    assert table.sum() == 3
    assert (table[0, 0], table[0, 1], table[1, 1]) == (1, 1, 1)


def test_wilson_agrees_with_a_worked_example() -> None:
    # 7 of 24: by hand, centre .2917 + .0800 over 1.1601, reach .1995 over the same.
    low, high = wilson(7, 24) or (0, 0)
    assert low == pytest.approx(0.1491, abs=2e-4)
    assert high == pytest.approx(0.4917, abs=2e-4)
    assert wilson(0, 0) is None
    assert (wilson(0, 13) or [1])[0] == 0.0
    assert (wilson(13, 13) or [0, 0])[1] == 1.0


def test_a_class_is_told_under_both_protocols() -> None:
    split = faces([6, 6, 6, 0], decided=[True, False, False, True])
    row = per_class(logits([6, 6, 0, 6]), split)["fear"]
    assert (row["recall"], row["n"]) == (1.0, 1)
    assert (row["recall_argmax_all"], row["n_argmax_all"]) == (pytest.approx(2 / 3), 3)
    assert row["precision"] == 0.5
    assert row["f1"] == pytest.approx(2 / 3)
    assert row["recall_interval"] == wilson(1, 1)


def test_rare_recall_weighs_the_three_alike() -> None:
    at = {name: EMOTIONS.index(name) for name in EMOTIONS}
    label = [at["contempt"], at["disgust"], at["disgust"], at["fear"], at["anger"]]
    read = [at["contempt"], at["disgust"], at["anger"], at["sadness"], at["neutral"]]
    undecided = faces(label, decided=[False] * 5)
    assert rare_recall(logits(read), undecided) == pytest.approx((1 + 0.5 + 0) / 3)
