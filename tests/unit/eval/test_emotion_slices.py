"""What a picture is like: each measure answers to its cause, and every face has one bin."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from vtdrive.core.face_model import POINTS_M
from vtdrive.eval.emotion_slices import NOT_MEASURED, SLICES, measured, slices
from vtdrive.types import F32, U8, frozen

RNG = np.random.default_rng(0)
NOISE: U8 = RNG.integers(60, 200, (96, 96), np.uint8)[:, :, None].repeat(3, 2)


def mesh(*, yaw_deg: float = 0.0, size_px: float = 60.0, centre: float = 47.5) -> F32:
    """The mean face, turned about the vertical, as points of a picture."""
    c, s = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    turned = POINTS_M @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    scale = size_px / np.ptp(POINTS_M[:, 1])
    points = turned * (scale, -scale, -scale) + (centre, centre, 0.0)
    irises = points[[33] * 5 + [263] * 5]
    return frozen(np.concatenate([points, irises]))


def test_brightness_and_contrast_follow_the_greys() -> None:
    usual = measured(NOISE, mesh())
    dark = measured((NOISE * 0.5).astype(np.uint8), mesh())
    assert dark["brightness"] == pytest.approx(usual["brightness"] / 2, rel=0.02)
    assert dark["contrast"] == pytest.approx(usual["contrast"] / 2, rel=0.05)
    assert dark["blur"] == pytest.approx(usual["blur"], rel=0.1), "no matter how bright"


def test_blur_falls_with_blurring() -> None:
    values = [
        measured(cv2.GaussianBlur(NOISE, (0, 0), sigma), mesh())["blur"] for sigma in (0.5, 2, 5)
    ]
    assert values == sorted(values, reverse=True)
    assert values[2] < values[0] / 4


@pytest.mark.parametrize("yaw_deg", [-40.0, -15.0, 0.0, 25.0])
def test_head_turn_is_the_same_to_either_side(yaw_deg: float) -> None:
    assert measured(NOISE, mesh(yaw_deg=yaw_deg))["head_turn"] == pytest.approx(abs(yaw_deg), abs=4)


def test_face_size_is_in_pixels_of_the_picture() -> None:
    assert measured(NOISE, mesh(size_px=40))["face_size"] == pytest.approx(40, rel=0.02)
    assert measured(NOISE, mesh(size_px=80))["face_size"] == pytest.approx(80, rel=0.02)


def test_without_a_mesh_the_whole_picture_is_the_face() -> None:
    values = measured(np.full((40, 60, 3), 77, np.uint8), None)
    assert values["brightness"] == pytest.approx(77)
    assert {name for name, value in values.items() if math.isnan(value)} == {
        "blur",
        "head_turn",
        "face_size",
    }


def test_every_face_is_in_one_bin_of_each_slice() -> None:
    rows = [measured(NOISE, mesh(yaw_deg=yaw)) for yaw in (0, 12, 50)] + [measured(NOISE, None)]
    right = np.array([True, False, True, False])
    told = slices(rows, right)
    assert told.keys() == {each.name for each in SLICES}
    for bins in told.values():
        assert sum(row["n"] for row in bins.values()) == 4
        hits = sum((row["accuracy"] or 0) * row["n"] for row in bins.values())
        assert hits == pytest.approx(2)
    assert told["head_turn"]["under 10"] == {"n": 1, "accuracy": 1.0}
    assert told["head_turn"]["10 to 20"] == {"n": 1, "accuracy": 0.0}
    assert told["head_turn"]["20 to 30"] == {"n": 0, "accuracy": None}
    assert told["head_turn"][NOT_MEASURED] == {"n": 1, "accuracy": 0.0}
    assert NOT_MEASURED not in told["brightness"]


def test_a_value_on_an_edge_belongs_above_it() -> None:
    row = {each.name: each.edges[0] for each in SLICES}
    for each in SLICES:
        assert len(each.bins) == len(each.edges) + 1
        assert slices([row], np.array([True]))[each.name][each.bins[1]]["n"] == 1
