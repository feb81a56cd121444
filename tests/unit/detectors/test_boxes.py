"""Arithmetic on boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.detectors.boxes import move_edges, square, strongest, touches
from vtdrive.types import F32

BOX = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 40), st.integers(1, 40)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def boxes(*rows: tuple[float, float, float, float]) -> F32:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_of_two_alike_the_better_stays() -> None:
    pair = boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60))
    kept = strongest(pair, np.array([0.8, 0.9, 0.7], np.float32), overlap=0.5)
    assert kept.tolist() == [1, 2]


def test_a_box_within_a_box_goes_only_where_the_smaller_counts() -> None:
    pair = boxes((0, 0, 40, 40), (10, 10, 20, 20))
    scores = np.array([0.9, 0.8], np.float32)
    assert strongest(pair, scores, overlap=0.5).tolist() == [0, 1]
    assert strongest(pair, scores, overlap=0.5, of="smaller").tolist() == [0]


def test_equal_scores_keep_their_order_and_none_is_none() -> None:
    apart = boxes((0, 0, 1, 1), (5, 5, 6, 6), (9, 9, 10, 10))
    assert strongest(apart, np.ones(3, np.float32), overlap=0.5).tolist() == [0, 1, 2]
    assert strongest(boxes(), np.empty(0, np.float32), overlap=0.5).tolist() == []


@given(st.lists(BOX, min_size=1, max_size=12), st.sampled_from([0.2, 0.5, 0.7]))
def test_the_kept_do_not_overlap_and_each_dropped_one_has_a_better(
    rows: list[tuple[int, int, int, int]], overlap: float
) -> None:
    found = boxes(*rows)
    scores = np.linspace(0.3, 0.9, len(rows)).astype(np.float32)
    kept = strongest(found, scores, overlap=overlap).tolist()

    def share(a: F32, b: F32) -> float:
        size = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
        common = float(size.prod())
        return common / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - common)

    for i in range(len(rows)):
        worst = max((share(found[i], found[k]) for k in kept if scores[k] > scores[i]), default=0.0)
        if i in kept:
            assert worst <= overlap + 1e-6
        else:
            assert worst > overlap - 1e-6


def test_edges_move_by_shares_of_width_and_height() -> None:
    moved = move_edges(boxes((10, 20, 20, 40)), boxes((0.1, -0.1, 0.2, 0.5)))
    np.testing.assert_allclose(moved, [[11, 18, 22, 50]])


def test_squares_keep_centre_and_longer_side() -> None:
    np.testing.assert_allclose(square(boxes((10, 20, 20, 40), (0, 0, 6, 2))),
                               [[5, 20, 25, 40], [0, -2, 6, 4]])  # fmt: skip
    assert square(boxes()).shape == (0, 4)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((-5, -5, 1, 1), True),
        ((-5, -5, 0, 0), False),
        ((9, 4, 20, 20), True),
        ((10, 0, 12, 3), False),
    ],
)
def test_touching(box: tuple[float, float, float, float], inside: bool) -> None:
    assert touches(boxes(box)[0], width=10, height=5) is inside
