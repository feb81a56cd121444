"""The bytes of pictures: what comes out of them is what went in, at the edges too."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from page_watch import over, puppet, unpacked

from vtdrive.render.stage.page_picture import BEAT, flat_jpeg, stacked, still_png
from vtdrive.types import U8

_SNAP = 8
Image = np.ndarray[Any, Any]


def as_the_page_draws(message: bytes) -> U8:
    """What the shader of avatar_page.html makes of a message, in numpy."""
    head, image = unpacked(message)
    out = np.zeros((head["height"], head["width"], 4), np.uint8)
    if image is None:
        return out
    x, y, w, h = (head[name] for name in "xywh")
    colour = image[:h, :w].astype(float)
    alpha = np.full((h, w), 255.0)
    if head["kind"] == 1:
        below = image[len(image) // 2 :][:h, :w, 1].astype(float)
        alpha = np.clip((below - _SNAP) * 255 / (255 - 2 * _SNAP), 0, 255)
    out[y : y + h, x : x + w, :3] = np.minimum(colour, alpha[..., None])
    out[y : y + h, x : x + w, 3] = alpha
    return out


def decibels(ours: Image, theirs: Image, where: Image) -> float:
    return float(10 * np.log10(255**2 / np.mean((ours.astype(float) - theirs)[where] ** 2)))


def outline(rgba: U8) -> Image:
    alpha, kernel = np.ascontiguousarray(rgba[..., 3]), np.ones((17, 17))
    return np.asarray((cv2.dilate(alpha, kernel) > 0) & (cv2.erode(alpha, kernel) < 255))


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (998, 534)])
def test_edges_are_clean_on_every_background(size: tuple[int, int]) -> None:
    rgba = puppet(*size)
    drawn = as_the_page_draws(stacked(rgba, 7, quality=90))
    for background in ((0, 0, 0), (255, 255, 255), (30, 140, 60)):
        assert decibels(over(drawn, background), over(rgba, background), outline(rgba)) > 33
    beyond = cv2.dilate(np.ascontiguousarray(rgba[..., 3]), np.ones((5, 5))) == 0
    assert (drawn[..., 3][beyond] > 0).mean() < 0.002  # specks
    inside = cv2.erode(np.ascontiguousarray(rgba[..., 3]), np.ones((5, 5))) == 255
    assert (drawn[..., 3][inside] < 255).mean() < 0.01  # holes


def test_the_head_names_the_part_that_shows_something() -> None:
    rgba = np.zeros((180, 320, 4), np.uint8)
    rgba[50:71, 100:141] = 255
    head, image = unpacked(stacked(rgba, 2**32 + 5, quality=90))
    assert head == {
        "version": 1, "kind": 1, "width": 320, "height": 180,
        "x": 96, "y": 48, "w": 48, "h": 32, "seq": 5,
    }  # fmt: skip
    assert image is not None
    assert image.shape == (64, 48, 3)


def test_no_block_holds_colour_and_alpha() -> None:
    """Heights that no block divides: the lowest row must not shine into the alpha's first."""
    rgba = np.zeros((100, 64, 4), np.uint8)
    rgba[40:] = (0, 0, 0, 255)
    rgba[:40, :16] = (200, 0, 0, 255)
    rgba[99] = 255
    drawn = as_the_page_draws(stacked(rgba, 0, quality=60))
    assert np.abs(drawn[..., 3].astype(int) - rgba[..., 3]).max() <= 2
    assert (drawn[99, :, :3] > 150).all()


def test_a_clear_picture_has_no_jpeg_and_an_opaque_one_no_alpha() -> None:
    clear = stacked(np.zeros((36, 64, 4), np.uint8), 1, quality=90)
    assert len(clear) == len(BEAT)
    assert unpacked(clear)[0]["kind"] == 1
    opaque = np.full((36, 64, 4), 255, np.uint8)
    head, image = unpacked(stacked(opaque, 1, quality=90))
    assert (head["kind"], head["w"], head["h"]) == (2, 64, 36)
    assert image is not None
    assert image.shape == (36, 64, 3)


@pytest.mark.parametrize("background", [(0, 255, 0), (250, 20, 130)])
def test_the_feed_is_flattened_onto_its_background(background: tuple[int, int, int]) -> None:
    rgba = puppet(640, 360)
    jpeg = np.frombuffer(flat_jpeg(rgba, background, quality=95), np.uint8)
    flat = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1]
    wanted = over(rgba, background)
    assert decibels(flat, wanted, np.ones(flat.shape[:2], bool)) > 38
    assert np.abs(flat[0, 0].astype(int) - background).max() <= 2
    assert decibels(flat, wanted, outline(rgba)) > 30  # 25 with chroma thinned out


def test_a_still_keeps_alpha_and_colour() -> None:
    rgba = puppet(320, 180)
    data = np.frombuffer(still_png(rgba), np.uint8)
    png = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    assert np.array_equal(png[..., 3], rgba[..., 3])
    again = png[..., :3] * (png[..., 3:] / 255.0)
    assert np.abs(again - rgba[..., :3]).max() <= 1.0
    assert not png[rgba[..., 3] == 0].any()
