"""The label protocol: which faces are judged, and what they are said to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.emotion.data import load
from vtdrive.eval.emotion_labels import VOTE_COLUMNS, Labels, labels_of, one_label_each
from vtdrive.types import F32


def votes(**given: int) -> list[int]:
    """Ten counts, from names to numbers."""
    assert given.keys() <= {name.replace(" ", "_") for name in VOTE_COLUMNS}
    return [given.get(name.replace(" ", "_"), 0) for name in VOTE_COLUMNS]


def judged(*rows: list[int]) -> Labels:
    return labels_of(np.array(rows, np.uint8))[1]


def test_single_votes_count_only_among_themselves() -> None:
    labels = judged(
        votes(neutral=8, happiness=1, unknown=1),
        votes(neutral=1, happiness=1, surprise=1, sadness=1),
    )
    np.testing.assert_allclose(labels.target[0], [1, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(labels.target[1], [0.25] * 4 + [0] * 4)
    assert labels.decided.tolist() == [True, False]


def test_faces_that_most_call_unknown_are_dropped() -> None:
    rows = [
        votes(unknown=6, anger=4),
        votes(not_a_face=9, anger=1),
        votes(anger=6, unknown=4),
        votes(anger=4, fear=3, unknown=3),
        votes(),
    ]
    kept, labels = labels_of(np.array(rows, np.uint8))
    assert kept.tolist() == [2, 3]
    np.testing.assert_allclose(labels.target.sum(1), 1)
    np.testing.assert_allclose(labels.target[1][[4, 6]], [4 / 7, 3 / 7])
    assert labels.decided.tolist() == [True, False], "votes for unknown count against a majority"


def test_half_is_no_majority() -> None:
    assert judged(votes(fear=5, surprise=5)).decided.tolist() == [False]


def test_single_votes_count_for_a_strict_majority() -> None:
    labels = judged(
        votes(fear=5, surprise=1, anger=1, sadness=1, disgust=1, neutral=1),
        votes(fear=6, surprise=1, anger=1, sadness=1, disgust=1),
    )
    assert labels.decided.tolist() == [True, True]
    assert labels.strict.tolist() == [False, True]


def test_a_strict_majority_is_one_by_the_majority_rule() -> None:
    rng = np.random.default_rng(0)
    cast = rng.multinomial(10, [0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.02, 0.05, 0.03], 4000)
    _, labels = labels_of(cast)
    assert labels.strict.sum() > 50
    assert not (labels.strict & ~labels.decided).any()


def test_the_first_of_equals_is_the_label() -> None:
    assert judged(votes(contempt=5, anger=5)).label.tolist() == [4]


def test_eight_columns_are_ten_without_the_last_two() -> None:
    rows = np.array([votes(anger=6, fear=3), votes(neutral=2, sadness=2)], np.uint8)
    narrow, wide = labels_of(rows[:, :8])[1], labels_of(rows)[1]
    np.testing.assert_array_equal(narrow.target, wide.target)
    assert narrow.decided.tolist() == wide.decided.tolist()


def test_one_label_each_is_undisputed() -> None:
    labels = one_label_each(np.array([3, 7]))
    assert labels.label.tolist() == [3, 7]
    assert labels.decided.all()
    assert labels.strict.all()
    assert labels.some(np.array([1])).label.tolist() == [7]


def test_training_keeps_pictures_in_step_with_their_labels(tmp_path: Path) -> None:
    rows = np.array([votes(unknown=9), votes(fear=9), votes(anger=9)], np.uint8)
    images = np.arange(3, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    np.savez(tmp_path / "valid.npz", images=images, votes=rows)
    split = load(tmp_path, "valid")
    assert split.images[:, 0, 0].tolist() == [1, 2]
    assert split.label.tolist() == [6, 4]


@pytest.mark.shared
def test_the_counts_of_the_validation_split(shared_data: Path) -> None:
    """Those that the literature's protocols give on these faces."""
    with np.load(shared_data / "ferplus" / "valid.npz") as stored:
        kept, labels = labels_of(stored["votes"])
    assert (len(kept), int(labels.decided.sum()), int(labels.strict.sum())) == (3553, 3199, 2862)
    totals: F32 = labels.target.sum(1)
    np.testing.assert_allclose(totals, 1, rtol=1e-6)
