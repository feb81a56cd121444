"""Enter thresholds: the lowest at which eight in ten readings are right, where enough are there."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.emotion.thresholds import FLOOR, START, enter_table, module_text, with_enter
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

SAD = EMOTION_INDEX["sadness"]
Probs = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Label = np.ndarray[tuple[int], np.dtype[np.int64]]


def readings(sure: list[float], right: list[bool], k: int = SAD) -> tuple[Probs, Label]:
    """Faces that are all read as emotion `k`; the wrong ones are neutral."""
    probs = np.zeros((len(sure), len(EMOTIONS)))
    probs[:] = ((1 - np.array(sure)) / 7)[:, None]
    probs[:, k] = sure
    return probs, np.where(right, k, 0).astype(np.int64)


def twice(n: int) -> tuple[Label, Label]:
    return np.arange(n), np.arange(n)


def test_the_lowest_precise_threshold_is_found() -> None:
    """Right from 0.6 on, wrong below: 0.8 is reached where one in five is wrong."""
    sure = np.linspace(0.43, 0.95, 105)
    probs, label = readings(sure.tolist(), (sure >= 0.6).tolist())
    entry = enter_table(probs, label, fit=np.arange(105), judge=np.arange(105))["sadness"]
    on = sure >= entry.enter
    below = sure >= entry.enter - 0.01
    assert (label[on] == SAD).mean() >= 0.8 > (label[below] == SAD).mean()
    assert entry.precision == pytest.approx((label[on] == SAD).mean())
    assert entry.recall == 1.0
    assert entry.predictions == int(on.sum())
    assert entry.basis.startswith("lowest with precision")


def test_no_threshold_lies_below_the_floor() -> None:
    probs, label = readings([0.2 + 0.002 * i for i in range(300)], [True] * 300)
    fit, judge = twice(300)
    entry = enter_table(probs, label, fit=fit, judge=judge)["sadness"]
    assert entry.enter == FLOOR
    assert entry.basis.startswith("lowest allowed")


@pytest.mark.parametrize(
    ("count", "right", "why"),
    [(19, True, "only 19 predictions"), (20, False, "not reached"), (0, True, "only 0")],
)
def test_where_faces_cannot_tell_the_start_value_stays(count: int, right: bool, why: str) -> None:
    probs, label = readings([0.7] * count, [right] * count)
    fit, judge = twice(count)
    entry = enter_table(probs, label, fit=fit, judge=judge)["sadness"]
    assert entry.enter == START["sadness"]
    assert entry.basis.startswith("start value")
    assert why in entry.basis
    assert (entry.precision is None) == (count == 0)


def test_twenty_sure_ones_among_many_wrong_ones_are_enough() -> None:
    probs, label = readings([0.5] * 200 + [0.8] * 20, [False] * 200 + [True] * 20)
    fit, judge = twice(220)
    entry = enter_table(probs, label, fit=fit, judge=judge)["sadness"]
    assert 0.5 < entry.enter < 0.8
    assert entry.precision == pytest.approx(20 / 20)


def test_only_the_first_half_sets_and_only_the_second_reports() -> None:
    probs, label = readings([0.5] * 100 + [0.5] * 50, [True] * 100 + [False] * 50)
    entry = enter_table(probs, label, fit=np.arange(100), judge=np.arange(100, 150))["sadness"]
    assert entry.enter == FLOOR
    assert entry.precision == 0.0
    assert entry.recall is None


@given(seed=st.integers(0, 200))
def test_any_readings_make_a_table_that_a_config_takes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(8, 0.3), 200)
    label = np.where(rng.random(200) < 0.7, probs.argmax(1), rng.integers(0, 8, 200))
    table = enter_table(probs, label, fit=np.arange(100), judge=np.arange(100, 200))
    assert list(table) == list(EMOTIONS[1:])
    assert all(FLOOR <= entry.enter <= 0.9 for entry in table.values())
    made: dict[str, dict[str, float]] = {}
    exec(module_text(table), made)
    assert made["ENTER"] == {name: entry.enter for name, entry in table.items()}


@pytest.mark.parametrize("after", ["", "[recall]\nneutral = 0.9\n"])
def test_a_card_holds_one_table_however_often_it_is_written(after: str) -> None:
    probs, label = readings([0.7] * 30, [True] * 30)
    fit, judge = twice(30)
    table = enter_table(probs, label, fit=fit, judge=judge)
    card = 'kind = "emotion"\n\n[enter]\nsadness = 1\n\n' + after
    once = with_enter(card, table, reads="picture")
    assert with_enter(once, table, reads="picture") == once
    read = tomllib.loads(once)
    assert read["kind"] == "emotion"
    assert read["enter"]["reads"] == "picture"
    assert read["enter"]["sadness"]["enter"] == FLOOR
    assert read.get("recall") == (tomllib.loads(after)["recall"] if after else None)
