"""The bundled mascot: its drawing is what the program draws, and its rig does what a face needs."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from avatars.drawing.mochi import drawn
from vtdrive.render.motion import Motion
from vtdrive.render.motion.tables import feelings_of
from vtdrive.render.paint.puppet import F64, Puppet
from vtdrive.render.rig import Rig, load_rig

FOLDER = Path(__file__).parents[3] / "avatars" / "mochi"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ALIKE = (("fear", "surprise"), ("anger", "disgust"), ("sadness", "contempt"))
"""Feelings that are taken for each other, unless both brows and mouth differ."""


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
    """(N, 2) outline of a part at rest but for `params`."""
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


def felt(rig: Rig, motion: Motion, name: str) -> dict[str, float]:
    """What a feeling adds to the parameters at rest, within their ranges."""
    feeling = feelings_of(rig.avatar)[name]
    out: dict[str, float] = {}
    for param, amount in {**feeling.add, **feeling.set}.items():
        i = motion.names.index(param)
        start = 0.0 if param in feeling.set else motion.neutral[i]
        out[param] = float(np.clip(start + amount, motion.lo[i], motion.hi[i]))
    return out


def test_the_drawing_is_what_the_program_draws() -> None:
    now, kept = drawn().text(), (FOLDER / "drawing.svg").read_text("utf-8")
    assert NUMBER.sub("#", now) == NUMBER.sub("#", kept)
    # The last digit is another machine's right.
    a, b = (np.array([float(n) for n in NUMBER.findall(text)]) for text in (now, kept))
    np.testing.assert_allclose(a, b, atol=0.11)


def test_at_rest_it_is_the_drawing(rig: Rig, motion: Motion, puppet: Puppet) -> None:
    seen = puppet.pose(motion.neutral).opacity
    names = [part.name for part in rig.avatar.part]
    shown = {name for name, share in zip(names, seen, strict=True) if share > 0}
    assert {"skin", "lash_l", "lip_up", "leaf_r"} < shown
    for part in shown & rig.art.keys():
        art = rig.art[part]
        assert isinstance(art, tuple)
        np.testing.assert_allclose(
            points(puppet, motion, part), art[0].points, atol=0.2, err_msg=part
        )


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize(
    ("smile", "low", "brow"), list(itertools.product((0.0, 0.5, 1.0), (0.0, 1.0), (-1.0, 0.0, 1.0)))
)
def test_a_shut_eye_shows_no_white(
    puppet: Puppet, motion: Motion, side: str, smile: float, low: float, brow: float
) -> None:
    other = {f"eye_smile_{side}": smile, f"lid_low_{side}": low, f"brow_angle_{side}": brow}
    shut = points(puppet, motion, f"white_{side}", **{f"eye_open_{side}": 0.0}, **other)
    opened = points(puppet, motion, f"white_{side}")
    assert area(shut) < 0.002 * area(opened)


def test_its_left_is_on_the_viewers_right(puppet: Puppet, motion: Motion) -> None:
    for part in ("white", "brow", "leaf", "arm", "foot"):
        left, right = (points(puppet, motion, f"{part}_{side}")[:, 0].mean() for side in "lr")
        assert left > 500 > right


def test_it_turns_looks_and_opens_its_mouth_the_right_way(puppet: Puppet, motion: Motion) -> None:
    def shift(part: str, **params: float) -> tuple[float, float]:
        by = points(puppet, motion, part, **params) - points(puppet, motion, part)
        return float(by[:, 0].mean()), float(by[:, 1].mean())

    assert shift("lip_up", head_x=20.0)[0] > 20
    assert shift("lip_up", head_y=20.0)[1] < -10
    assert shift("iris_l", gaze_x=1.0)[0] > 10
    assert shift("iris_l", gaze_y=1.0)[1] < -10
    assert shift("lip_low", mouth_open=1.0)[1] > 30
    assert shift("brow_l", brow_y_l=1.0)[1] < -20


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_feelings_that_are_alike_differ_in_brow_and_mouth(
    rig: Rig, puppet: Puppet, motion: Motion, one: str, other: str
) -> None:
    def shape(part: str, feeling: str) -> F64:
        params = felt(rig, motion, feeling)
        middle: F64 = points(puppet, motion, "rim", **params).mean(0)
        return points(puppet, motion, part, **params) - middle

    for part in ("brow_l", "lip_low"):
        assert np.abs(shape(part, one) - shape(part, other)).max() > 15, part
