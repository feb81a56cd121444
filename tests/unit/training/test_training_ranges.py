"""Ranges of activations: counted in pieces as in one, and what each way makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_networks import pooled_network

from training.emotion.ranges import WAYS, Histogram, collect, entropy, minmax, percentile
from vtdrive.types import F32


def counted(*pieces: F32) -> Histogram:
    seen = Histogram()
    for piece in pieces:
        seen.add(piece)
    return seen


def normal(n: int, *, seed: int = 0) -> F32:
    return np.random.default_rng(seed).normal(size=n).astype(np.float32)


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=60), st.integers(1, 59))
def test_pieces_count_as_the_whole(values: list[float], cut: int) -> None:
    """Whatever comes first, also where the bins had to widen in between."""
    whole = np.array(values, np.float32)
    if not whole.any():
        return
    pieces = [piece for piece in (whole[:cut], whole[cut:]) if len(piece)]
    seen = counted(*pieces)
    # What comes before the first value other than 0 has no bin yet.
    assert len(whole) - sum(len(p) for p in pieces if not p.any()) <= seen.count.sum() <= len(whole)
    assert (seen.lo, seen.hi) == (min(0, whole.min()), max(0, whole.max()))
    assert seen.reach >= np.abs(whole).max()


def test_widened_bins_hold_the_same_counts() -> None:
    values = normal(20_000)
    small_first = counted(values * np.float32(0.01), values * 40)
    together = counted(np.concatenate([values * np.float32(0.01), values * 40]))
    assert small_first.reach == together.reach
    # A value on a bin's very edge may fall to either side.
    assert np.abs(small_first.count - together.count).sum() <= 20


def test_percentiles_are_numpys() -> None:
    values = normal(200_000)
    lo, hi = percentile(counted(values), kept=99.0)
    assert lo == pytest.approx(np.percentile(values, 0.5), abs=0.01)
    assert hi == pytest.approx(np.percentile(values, 99.5), abs=0.01)
    assert percentile(counted(values), kept=100.0) == pytest.approx(
        minmax(counted(values)), abs=0.01
    )


def test_a_rectified_tensor_keeps_its_zero() -> None:
    values = np.maximum(normal(50_000), 0)
    for way in WAYS.values():
        lo, hi = way(counted(values))
        assert lo == 0
        assert 1 < hi <= values.max()


def test_one_wild_value_costs_levels_only_where_nothing_is_clipped() -> None:
    values = normal(50_000)
    values[7] = 60
    seen = counted(values)
    assert minmax(seen)[1] == 60
    assert percentile(seen, kept=99.99)[1] < 6
    assert entropy(seen)[1] < 10


@pytest.mark.parametrize("way", WAYS)
def test_nothing_but_zeros_is_a_legal_tensor(way: str) -> None:
    assert WAYS[way](counted(np.zeros(9, np.float32))) == (0.0, 0.0)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        counted(np.array([1, np.nan], np.float32))


def test_every_tensor_is_seen_and_relus_bound_what_they_read(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    path.write_bytes(pooled_network())
    batches = [normal(2 * 256, seed=i).reshape(2, 1, 16, 16) for i in range(3)]
    seen = collect(path, batches)
    assert {"image", "felt", "kept", "mean", "embedding", "logits"} == set(seen)
    assert seen["image"].count.sum() == 3 * 2 * 256
    assert seen["felt"] is seen["kept"]
    assert seen["kept"].lo == 0
    assert seen["image"].hi == pytest.approx(max(float(b.max()) for b in batches))
