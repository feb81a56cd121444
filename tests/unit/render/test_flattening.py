from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.render.pictures import checkerboard, colour_of, flattened, over, straight
from vtdrive.types import U8


def painted(seed: int, *, height: int = 24, width: int = 34) -> U8:
    """Premultiplied, with every kind of alpha: none, half and full."""
    random = np.random.default_rng(seed)
    alpha = random.choice([0, 1, 40, 128, 254, 255], (height, width, 1))
    colour = random.integers(0, 256, (height, width, 3))
    out: U8 = np.concatenate([np.rint(colour * alpha / 255.0), alpha], axis=2).astype(np.uint8)
    out.setflags(write=False)
    return out


@given(st.integers(0, 99), st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=40, deadline=None)
def test_flattened_is_the_picture_before_the_colour(
    seed: int, colour: tuple[int, int, int]
) -> None:
    picture = painted(seed)
    alpha = picture[..., 3:] / 255.0
    wanted = np.clip(picture[..., :3] + np.array(colour) * (1.0 - alpha), 0, 255)
    np.testing.assert_allclose(flattened(picture, colour), wanted, atol=1.0)


def test_nothing_is_the_colour_itself_and_the_opaque_stays() -> None:
    picture = np.zeros((4, 6, 4), np.uint8)
    picture[:, 3:] = (10, 20, 30, 255)
    flat = flattened(picture, (0, 255, 0))
    assert flat.shape == (4, 6, 3)
    assert {tuple(p) for p in flat[:, :3].reshape(-1, 3).tolist()} == {(0, 255, 0)}
    assert {tuple(p) for p in flat[:, 3:].reshape(-1, 3).tolist()} == {(10, 20, 30)}


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_over_is_the_picture_before_the_backdrop(seed: int) -> None:
    picture = painted(seed)
    backdrop = checkerboard(34, 24, square_px=5)
    wanted = picture[..., :3] + backdrop * (1.0 - picture[..., 3:] / 255.0)
    np.testing.assert_allclose(over(picture, backdrop), np.clip(wanted, 0, 255), atol=1.0)


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_straight_multiplied_again_is_the_picture(seed: int) -> None:
    picture = painted(seed)
    out = straight(picture)
    np.testing.assert_array_equal(out[..., 3], picture[..., 3])
    again = np.rint(out[..., :3] * (out[..., 3:] / 255.0))
    np.testing.assert_allclose(again, picture[..., :3], atol=1.0)
    assert not out[picture[..., 3] == 0].any()


def test_straight_brightens_what_is_half_transparent() -> None:
    picture = np.array([[[64, 0, 128, 128], [255, 7, 0, 255]]], np.uint8)
    assert straight(picture).tolist() == [[[128, 0, 255, 128], [255, 7, 0, 255]]]


def test_neither_touches_what_it_was_given() -> None:
    picture = painted(3)
    before = picture.copy()
    out = flattened(picture, (9, 9, 9)), straight(picture)
    np.testing.assert_array_equal(picture, before)
    assert all(array.flags.writeable and array.flags.c_contiguous for array in out)


def test_checkerboard_has_squares_of_two_greys() -> None:
    board = checkerboard(40, 33, square_px=16)
    assert board.shape == (33, 40, 3)
    assert sorted({int(grey) for grey in board.ravel()}) == [205, 235]
    assert board[0, 0, 0] == board[15, 15, 0] == board[16, 16, 0] != board[0, 16, 0]


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#00ff00", (0, 255, 0)), (" #0A141E ", (10, 20, 30)), ("transparent", None), ("#0f0", None)],
)
def test_colour_of(text: str, colour: tuple[int, int, int] | None) -> None:
    assert colour_of(text) == colour
