"""The bundled mascot: its drawing is what the program draws, and its rig does what a face needs."""

from __future__ import annotations

import itertools

import pytest
from posed import ALIKE, Posed, area, assert_same_drawing

from avatars.drawing.mochi import drawn


@pytest.fixture(scope="module")
def mochi() -> Posed:
    return Posed("mochi")


def test_the_drawing_is_what_the_program_draws(mochi: Posed) -> None:
    assert_same_drawing(drawn().text(), (mochi.folder / "drawing.svg").read_text("utf-8"))


def test_at_rest_it_is_the_drawing(mochi: Posed) -> None:
    assert {"skin", "lash_l", "lip_up", "leaf_r"} < set(mochi.shown_at_rest())
    mochi.assert_at_rest_as_drawn()


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize(
    ("smile", "low", "brow"), list(itertools.product((0.0, 0.5, 1.0), (0.0, 1.0), (-1.0, 0.0, 1.0)))
)
def test_a_shut_eye_shows_no_white(
    mochi: Posed, side: str, smile: float, low: float, brow: float
) -> None:
    other = {f"eye_smile_{side}": smile, f"lid_low_{side}": low, f"brow_angle_{side}": brow}
    shut = mochi.points(f"white_{side}", **{f"eye_open_{side}": 0.0}, **other)
    opened = mochi.points(f"white_{side}")
    assert area(shut) < 0.002 * area(opened)


def test_its_left_is_on_the_viewers_right(mochi: Posed) -> None:
    for part in ("white", "brow", "leaf", "arm", "foot"):
        left, right = (mochi.points(f"{part}_{side}")[:, 0].mean() for side in "lr")
        assert left > 500 > right


def test_it_turns_looks_and_opens_its_mouth_the_right_way(mochi: Posed) -> None:
    assert mochi.shift("lip_up", head_x=20.0)[0] > 20
    assert mochi.shift("lip_up", head_y=20.0)[1] < -10
    assert mochi.shift("iris_l", gaze_x=1.0)[0] > 10
    assert mochi.shift("iris_l", gaze_y=1.0)[1] < -10
    assert mochi.shift("lip_low", mouth_open=1.0)[1] > 30
    assert mochi.shift("brow_l", brow_y_l=1.0)[1] < -20


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_feelings_that_are_alike_differ_in_brow_and_mouth(
    mochi: Posed, one: str, other: str
) -> None:
    for part in ("brow_l", "lip_low"):
        assert mochi.apart(part, one, other, about="rim") > 15, part
