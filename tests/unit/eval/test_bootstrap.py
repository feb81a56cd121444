"""The paired bootstrap of worst over best, against what can be worked out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vtdrive.eval.bootstrap import worst_to_best


def hits(*rates: float, faces: int = 2000, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Nested: a face hit under a low rate is hit under every higher one, as pairs nearly are."""
    hard = np.random.default_rng(seed).permutation(faces) / faces
    out: npt.NDArray[np.bool_] = hard[:, None] < np.array(rates)
    return out


def test_the_ratio_is_that_of_the_rates() -> None:
    found = worst_to_best(hits(0.02, 0.05, 0.03))
    assert found.ratio == pytest.approx(2.5)
    assert (found.worst, found.best) == (1, 0)
    lo, hi = found.interval95
    assert lo is not None
    assert hi is not None
    assert lo < 2.5 < hi


def test_equal_conditions_have_a_ratio_of_one_and_no_spread() -> None:
    found = worst_to_best(hits(0.04, 0.04, 0.04))
    assert found.ratio == 1.0
    assert found.interval95 == (1.0, 1.0)
    assert (found.worst, found.best) == (0, 0)


def test_faces_are_drawn_with_all_their_conditions() -> None:
    # The same faces hit twice: paired, nothing is uncertain; drawn apart, it would be.
    paired = worst_to_best(hits(0.04, 0.041))
    apart = np.stack([hits(0.04, seed=1)[:, 0], hits(0.041, seed=2)[:, 0]], 1)
    unpaired = worst_to_best(apart)
    assert paired.interval95[1] is not None
    assert unpaired.interval95[1] is not None
    assert paired.interval95[1] < 1.1 < unpaired.interval95[1]


def test_the_interval_of_a_pair_is_the_textbooks() -> None:
    # log of a ratio of independent shares: variance 1/a - 1/n + 1/b - 1/n.
    n, a, b = 4000, 200, 400
    apart = np.zeros((n, 2), bool)
    apart[:b, 0] = True
    apart[n - a :, 1] = True
    found = worst_to_best(apart, resamples=4000).interval95_same_columns
    half = 1.96 * np.sqrt(1 / a + 1 / b)
    assert found[0] == pytest.approx(2 * np.exp(-half), rel=0.04)
    assert found[1] == pytest.approx(2 * np.exp(half), rel=0.04)


def test_having_looked_for_the_worst_is_paid_for() -> None:
    rng = np.random.default_rng(0)
    found = worst_to_best(rng.random((1500, 7)) < 0.05)
    anew, same = found.interval95[1], found.interval95_same_columns[1]
    assert anew is not None
    assert same is not None
    assert anew > same
    assert found.interval95[0] is not None
    assert found.interval95[0] >= 1


@pytest.mark.parametrize("faces", [1, 50])
def test_no_hit_at_all_is_a_ratio_of_one(faces: int) -> None:
    found = worst_to_best(np.zeros((faces, 3), bool))
    assert found.ratio == 1.0
    assert found.interval95 == (1.0, 1.0)


def test_a_best_rate_of_none_has_no_ratio() -> None:
    rare = np.zeros((40, 2), bool)
    rare[0, 0] = True
    found = worst_to_best(rare)
    assert found.ratio is None
    assert found.interval95 == (1.0, None)


def test_the_seed_decides() -> None:
    some = hits(0.02, 0.03)
    assert worst_to_best(some, resamples=99) == worst_to_best(some, resamples=99)
    assert worst_to_best(some, seed=1).interval95 != worst_to_best(some, seed=2).interval95


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,)])
def test_nothing_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="needs faces and conditions"):
        worst_to_best(np.zeros(shape, bool))
