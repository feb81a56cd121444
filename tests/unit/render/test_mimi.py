"""The bundled half-body character: her drawing is what the program draws, and her rig holds."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from avatars.drawing.mimi.figure import drawn
from vtdrive.render.motion import Motion
from vtdrive.render.motion.tables import feelings_of
from vtdrive.render.paint.puppet import F64, Puppet
from vtdrive.render.rig import Rig, load_rig

FOLDER = Path(__file__).parents[3] / "avatars" / "mimi"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ALIKE = (("fear", "surprise"), ("anger", "disgust"), ("sadness", "contempt"))
"""Feelings that are taken for each other, unless both brows and mouth differ."""
MOST_PATHS, MOST_CUBICS = 190, 3500


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig(FOLDER)


@pytest.fixture(scope="module")
def motion(rig: Rig) -> Motion:
    return Motion(rig.avatar)


@pytest.fixture(scope="module")
def puppet(rig: Rig, motion: Motion) -> Puppet:
    return Puppet(rig, motion.names)


def points(puppet: Puppet, motion: Motion, part: str, **params: float) -> F64:
    """(N, 2) outline of a part's first shape, at rest but for `params`."""
    vector = motion.neutral.copy()
    for name, value in params.items():
        vector[motion.names.index(name)] = value
    (piece,) = puppet.pieces[part]
    assert isinstance(piece.art, tuple)
    first, count = piece.starts[0], len(piece.art[0].points)
    return puppet.pose(vector).points[first : first + count]


def area(outline: F64) -> float:
    """Of the polygon through the points that lie on a curve of cubics."""
    x, y = outline[::3].T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def shown_at_rest(rig: Rig, motion: Motion, puppet: Puppet) -> list[str]:
    seen = puppet.pose(motion.neutral).opacity
    return [
        part.name
        for part, share in zip(rig.avatar.part, seen, strict=True)
        if share > 0 and part.name in rig.art
    ]


def test_the_drawing_is_what_the_program_draws() -> None:
    now, kept = drawn().text(), (FOLDER / "drawing.svg").read_text("utf-8")
    assert NUMBER.sub("#", now) == NUMBER.sub("#", kept)
    # The last digit is another machine's right.
    a, b = (np.array([float(n) for n in NUMBER.findall(text)]) for text in (now, kept))
    np.testing.assert_allclose(a, b, atol=0.11)


def test_at_rest_she_is_the_drawing(rig: Rig, motion: Motion, puppet: Puppet) -> None:
    shown = shown_at_rest(rig, motion, puppet)
    assert {"face", "lash_l", "lip_up", "tail", "fringe_a"} <= set(shown)
    assert not {"blush", "tint", "vein", "sweat", "tear_l"} & set(shown)
    for part in shown:
        art = rig.art[part]
        assert isinstance(art, tuple)
        np.testing.assert_allclose(
            points(puppet, motion, part), art[0].points, atol=0.2, err_msg=part
        )


def test_she_is_no_more_to_paint_than_was_planned(rig: Rig, motion: Motion, puppet: Puppet) -> None:
    shapes = [s for part in shown_at_rest(rig, motion, puppet) for s in rig.art[part]]  # type: ignore[union-attr]
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
    puppet: Puppet, motion: Motion, side: str, smile: float, low: float, felt: str
) -> None:
    other = {f"eye_smile_{side}": smile, f"lid_low_{side}": low, f"e_{felt}": 1.0}
    shut = points(puppet, motion, f"white_{side}", **{f"eye_open_{side}": 0.0}, **other)
    opened = points(puppet, motion, f"white_{side}")
    assert area(shut) < 0.02 * area(opened)


@pytest.mark.parametrize("side", ["l", "r"])
def test_a_smiling_shut_eye_bows_the_other_way(puppet: Puppet, motion: Motion, side: str) -> None:
    def rise(smile: float) -> float:
        lash = points(
            puppet, motion, f"lash_{side}", **{f"eye_open_{side}": 0.0, f"eye_smile_{side}": smile}
        )
        x = abs(lash[:, 0] - (395 if side == "r" else 605))
        return float(lash[x > 35, 1].mean() - lash[x < 25, 1].mean())

    assert rise(0.0) < -5
    assert rise(1.0) > 10


def test_her_left_is_on_the_viewers_right(puppet: Puppet, motion: Motion) -> None:
    for part in ("white", "brow", "ear", "side", "hair_back"):
        left, right = (points(puppet, motion, f"{part}_{side}")[:, 0].mean() for side in "lr")
        assert left > 500 > right


def test_she_turns_looks_and_opens_her_mouth_the_right_way(puppet: Puppet, motion: Motion) -> None:
    def shift(part: str, **params: float) -> tuple[float, float]:
        by = points(puppet, motion, part, **params) - points(puppet, motion, part)
        return float(by[:, 0].mean()), float(by[:, 1].mean())

    assert shift("lip_up", head_x=20.0)[0] > 15
    assert shift("lip_up", head_y=20.0)[1] < -8
    assert shift("iris_l", gaze_x=1.0)[0] > 10
    assert shift("iris_l", gaze_y=1.0)[1] < -8
    assert shift("lip_low", mouth_open=1.0)[1] > 30
    assert shift("brow_l", brow_y_l=1.0)[1] < -20
    assert shift("ear_l", ear_l=-1.0)[0] > 40
    # The nearer a thing is, the farther it goes; what is behind goes the other way.
    far = [shift(part, head_x=30.0)[0] for part in ("nose", "lip_up", "iris_l", "hair_back_l")]
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
def test_what_hangs_comes_after_the_head(
    puppet: Puppet, motion: Motion, part: str, spring: str
) -> None:
    # A spring whose target went to the right has stayed behind on the left, which is negative.
    by = points(puppet, motion, part, **{spring: -1.0}) - points(puppet, motion, part)
    assert by[:, 0].mean() < -1


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_feelings_that_are_alike_differ_in_brow_and_mouth(
    rig: Rig, puppet: Puppet, motion: Motion, one: str, other: str
) -> None:
    def shape(part: str, name: str) -> F64:
        feeling = feelings_of(rig.avatar)[name]
        params: dict[str, float] = {}
        for param, amount in {**feeling.add, **feeling.set}.items():
            i = motion.names.index(param)
            start = 0.0 if param in feeling.set else motion.neutral[i]
            params[param] = float(np.clip(start + amount, motion.lo[i], motion.hi[i]))
        middle: F64 = points(puppet, motion, "face", **params).mean(0)
        return points(puppet, motion, part, **params) - middle

    def apart(part: str) -> float:
        return float(np.abs(shape(part, one) - shape(part, other)).max())

    assert max(apart("brow_l"), apart("brow_r")) > 12
    assert apart("lip_up") > 12
