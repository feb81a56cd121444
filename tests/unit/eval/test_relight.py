"""Relighting: the mean is met, the expression stays, and the noise is that of a camera."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from vtdrive.eval.relight import BINS, Scene, draw_scene, face_mask, relit
from vtdrive.types import F32, U8

SIDE = 48


def oval_points() -> F32:
    """(60, 3) an ellipse of half axes 14 and 18 px around the middle."""
    turn = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    x, y = 23.5 + 14 * np.cos(turn), 23.5 + 18 * np.sin(turn)
    points: F32 = np.stack([x, y, 0 * x], 1).astype(np.float32)
    return points


def drawn_face(seed: int = 0) -> U8:
    """A shaded oval with dark eyes and mouth, on a lighter ground."""
    y, x = np.mgrid[:SIDE, :SIDE]
    picture = np.full((SIDE, SIDE), 170.0)
    picture += np.random.default_rng(seed).normal(0, 6, picture.shape)
    face = ((x - 23.5) / 14) ** 2 + ((y - 23.5) / 18) ** 2 <= 1
    picture[face] = (90 + x)[face]
    for at_x, at_y in ((17, 18), (30, 18), (23, 33)):
        picture[at_y : at_y + 3, at_x : at_x + 4] = 20
    grey: U8 = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    return grey


def scene(seed: int = 0, **changes: Any) -> Scene:
    drawn = draw_scene(np.random.default_rng(seed), SIDE, SIDE)
    return dataclasses.replace(drawn, **changes)


PLAIN: dict[str, Any] = {
    "skin_gamma": 1.0,
    "background_gamma": 1.0,
    "noise": np.zeros((SIDE, SIDE), np.float32),
}
MASK = face_mask(oval_points(), SIDE, SIDE)
INSIDE = MASK >= 0.5
WELL_OUT = MASK == 0


def met(picture: U8 | None) -> U8:
    assert picture is not None
    return picture


def test_the_mask_covers_the_hull() -> None:
    assert MASK.sum() == pytest.approx(math.pi * 14 * 18, rel=0.02)
    assert MASK[23, 23] == 1
    assert MASK[0, 0] == 0
    assert ((MASK > 0) & (MASK < 1)).any()


def test_a_mask_beyond_the_picture_is_cut_off() -> None:
    far = oval_points() + np.float32(20)
    assert face_mask(far, SIDE, SIDE)[-1, -1] == 1
    assert face_mask(oval_points() + np.float32(200), SIDE, SIDE).sum() == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("skin", BINS)
def test_the_finished_picture_meets_the_bin(seed: int, skin: float) -> None:
    picture = met(relit(drawn_face(seed), MASK, scene(seed), skin_grey=skin))
    assert picture[INSIDE].mean() == pytest.approx(skin, abs=0.25)


def test_what_is_clipped_is_made_up_for() -> None:
    # Half of this face is saturated long before its mean is at 175.
    hard = drawn_face()
    hard[INSIDE & (np.arange(SIDE)[None] < 24)] = 30
    picture = met(relit(hard, MASK, scene(), skin_grey=175.0))
    assert picture[INSIDE].mean() == pytest.approx(175, abs=0.25)
    assert (picture[INSIDE] == 255).mean() > 0.3


def test_without_noise_and_gamma_greys_are_scaled() -> None:
    face = drawn_face()
    mean = float(face[INSIDE].mean())
    half = met(relit(face, MASK, scene(**PLAIN), skin_grey=mean / 2))
    whole = MASK == 1
    np.testing.assert_allclose(half[whole], face[whole] / 2, atol=1.2)


def test_the_background_does_not_follow_the_skin() -> None:
    pictures = [met(relit(drawn_face(), MASK, scene(1), skin_grey=skin)) for skin in BINS]
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture[WELL_OUT], pictures[0][WELL_OUT])
    assert len({int(p[WELL_OUT].mean()) for p in pictures}) == 1


@pytest.mark.parametrize("grey", [30.0, 120.0])
def test_the_background_has_its_own_brightness(grey: float) -> None:
    picture = met(relit(drawn_face(), MASK, scene(**PLAIN, background_grey=grey), skin_grey=75.0))
    assert picture[WELL_OUT].mean() == pytest.approx(grey, abs=1.5)


def test_noise_grows_with_the_root_of_the_light() -> None:
    # In electrons, so the curve is undone; a flat face tells the noise from the face.
    flat = np.full((SIDE, SIDE), 120, np.uint8)
    full = 3000.0
    spread = {}
    for skin in (75.0, 150.0):
        stacked = []
        for seed in range(12):
            it = dataclasses.replace(
                scene(seed), skin_gamma=1.0, full_electrons=full / 4, averaged=4.0
            )
            stacked.append(met(relit(flat, MASK, it, skin_grey=skin))[MASK == 1])
        electrons = (np.concatenate(stacked) / 255.0) ** 2.2 * full
        spread[skin] = float(electrons.std())
        assert spread[skin] == pytest.approx(math.sqrt(electrons.mean() + 4 * 16), rel=0.1)
    assert spread[150.0] > 1.7 * spread[75.0]


def test_gamma_changes_contrast() -> None:
    rest = {key: value for key, value in PLAIN.items() if key != "skin_gamma"}
    soft, hard = (
        met(relit(drawn_face(), MASK, scene(**rest, skin_gamma=gamma), skin_grey=90.0))[INSIDE]
        for gamma in (0.7, 1.4)
    )
    assert hard.std() > 1.3 * soft.std()


def test_a_face_that_is_mostly_black_has_no_bright_version() -> None:
    black = drawn_face()
    black[INSIDE & (np.arange(SIDE)[:, None] < 34)] = 0
    assert relit(black, MASK, scene(**PLAIN), skin_grey=175.0) is None
    assert relit(drawn_face(), np.zeros_like(MASK), scene(), skin_grey=75.0) is None


def test_a_face_that_fills_the_picture_has_no_background() -> None:
    all_face = np.ones((SIDE, SIDE), np.float32)
    picture = met(relit(drawn_face(), all_face, scene(), skin_grey=100.0))
    assert picture.mean() == pytest.approx(100, abs=0.25)


def test_the_same_seed_is_the_same_scene() -> None:
    one, two, other = scene(3), scene(3), scene(4)
    np.testing.assert_array_equal(one.noise, two.noise)
    assert one.skin_gamma == two.skin_gamma != other.skin_gamma
    assert 20 <= one.background_grey <= 200
    assert 1 / 1.4 <= one.background_gamma <= 1.4


def test_noise_can_be_doubled() -> None:
    one, two = (draw_scene(np.random.default_rng(5), SIDE, SIDE, noise=k) for k in (1.0, 2.0))
    np.testing.assert_array_equal(two.noise, 2 * one.noise)
    assert two.skin_gamma == one.skin_gamma
    flat = np.full((SIDE, SIDE), 120, np.uint8)
    quiet, loud = (met(relit(flat, MASK, it, skin_grey=50.0))[MASK == 1] for it in (one, two))
    assert loud.std() > 1.7 * quiet.std()
