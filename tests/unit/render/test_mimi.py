"""The bundled half-body character: her drawing is what the program draws, and her rig holds."""

from __future__ import annotations

import itertools

import pytest
from posed import ALIKE, Posed, area, assert_same_drawing

from avatars.drawing.mimi.figure import drawn

MOST_PATHS, MOST_CUBICS = 190, 3200


@pytest.fixture(scope="module")
def mimi() -> Posed:
    return Posed("mimi")


def test_the_drawing_is_what_the_program_draws(mimi: Posed) -> None:
    assert_same_drawing(drawn().text(), (mimi.folder / "drawing.svg").read_text("utf-8"))


def test_at_rest_she_is_the_drawing(mimi: Posed) -> None:
    shown = set(mimi.shown_at_rest())
    assert {"face", "lash_l", "lip_up", "tail", "fringe_a"} <= shown
    assert not {"blush", "tint", "vein", "sweat", "tear_l"} & shown
    mimi.assert_at_rest_as_drawn()


def test_she_is_no_more_to_paint_than_was_planned(mimi: Posed) -> None:
    art = [mimi.rig.art[part] for part in mimi.shown_at_rest()]
    shapes = [shape for one in art if isinstance(one, tuple) for shape in one]
    assert len(shapes) <= MOST_PATHS
    assert sum(c.segments for shape in shapes for c in shape.contours) <= MOST_CUBICS


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize(
    ("smile", "low", "felt"),
    list(
        itertools.product((0.0, 0.5, 1.0), (0.0, 1.0), ("neutral", "anger", "sadness", "contempt"))
    ),
)
def test_a_shut_eye_shows_no_white(
    mimi: Posed, side: str, smile: float, low: float, felt: str
) -> None:
    other = {f"eye_smile_{side}": smile, f"lid_low_{side}": low, f"e_{felt}": 1.0}
    shut = mimi.points(f"white_{side}", **{f"eye_open_{side}": 0.0}, **other)
    opened = mimi.points(f"white_{side}")
    assert area(shut) < 0.02 * area(opened)


@pytest.mark.parametrize("side", ["l", "r"])
def test_a_smiling_shut_eye_bows_the_other_way(mimi: Posed, side: str) -> None:
    def rise(smile: float) -> float:
        shut = {f"eye_open_{side}": 0.0, f"eye_smile_{side}": smile}
        lash = mimi.points(f"lash_{side}", **shut)
        x = abs(lash[:, 0] - (395 if side == "r" else 605))
        return float(lash[x > 35, 1].mean() - lash[x < 25, 1].mean())

    assert rise(0.0) < -5
    assert rise(1.0) > 10


def test_her_left_is_on_the_viewers_right(mimi: Posed) -> None:
    for part in ("white", "brow", "ear", "side", "hair_back"):
        left, right = (mimi.points(f"{part}_{side}")[:, 0].mean() for side in "lr")
        assert left > 500 > right


def test_she_turns_looks_and_opens_her_mouth_the_right_way(mimi: Posed) -> None:
    assert mimi.shift("lip_up", head_x=20.0)[0] > 15
    assert mimi.shift("lip_up", head_y=20.0)[1] < -8
    assert mimi.shift("iris_l", gaze_x=1.0)[0] > 10
    assert mimi.shift("iris_l", gaze_y=1.0)[1] < -8
    assert mimi.shift("lip_low", mouth_open=1.0)[1] > 30
    assert mimi.shift("brow_l", brow_y_l=1.0)[1] < -20
    assert mimi.shift("ear_l", ear_l=-1.0)[0] > 40
    # The nearer a thing is, the farther it goes; what is behind goes the other way.
    far = [mimi.shift(part, head_x=30.0)[0] for part in ("nose", "lip_up", "iris_l", "hair_back_l")]
    assert far == sorted(far, reverse=True)
    assert far[-1] < -2


@pytest.mark.parametrize(
    ("part", "spring"),
    [
        ("fringe_d", "fringe_middle"),
        ("side_l", "hair_side_l"),
        ("hair_back_r", "back_right"),
        ("ahoge", "hair_stray"),
        ("bell", "bell"),
        ("tail", "tail_2"),
    ],
)
def test_what_hangs_comes_after_the_head(mimi: Posed, part: str, spring: str) -> None:
    # A spring whose target went to the right has stayed behind on the left, which is negative.
    by = mimi.points(part, **{spring: -1.0}) - mimi.points(part)
    assert by[:, 0].mean() < -1


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_feelings_that_are_alike_differ_in_brow_and_mouth(
    mimi: Posed, one: str, other: str
) -> None:
    brows = [mimi.apart(f"brow_{side}", one, other, about="face") for side in "lr"]
    assert max(brows) > 12
    assert mimi.apart("lip_up", one, other, about="face") > 12
