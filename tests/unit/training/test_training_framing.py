"""How a stored picture frames its face, and where one leading emotion gives way to another."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.emotion.evaluate import passages
from training.emotion.framing import framing
from vtdrive.classifiers.crop import aligned_crop
from vtdrive.types import F32


def points(*, centre: tuple[float, float], side: float) -> F32:
    """A mesh whose box is a square and whose eyes are level."""
    rng = np.random.default_rng(0)
    found = rng.uniform(-0.5, 0.5, (478, 3))
    found[[0, 1], :2] = [[-0.5, -0.5], [0.5, 0.5]]
    found[[33, 133], :2], found[[362, 263], :2] = (-0.2, -0.1), (0.2, -0.1)
    found[:, :2] = found[:, :2] * side + centre
    return found.astype(np.float32)


@pytest.mark.parametrize(("dy", "side"), [(0.0, 40.0), (3.0, 44.0), (-2.0, 30.0)])
def test_margin_and_lift_cut_the_picture_as_it_is_stored(dy: float, side: float) -> None:
    mesh = points(centre=(23.5, 23.5 + dy), side=side)
    (margin,), (lift,) = framing([mesh], side_px=48)
    assert margin == pytest.approx(48 / side, rel=1e-4)
    assert lift == pytest.approx(dy / side, abs=1e-4)
    picture = np.random.default_rng(1).integers(0, 256, (48, 48), np.uint8)
    picture = cv2.GaussianBlur(picture, (5, 5), 0).astype(np.uint8)
    cut = aligned_crop(
        cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB).astype(np.uint8),
        mesh,
        size_px=48,
        margin=float(margin),
        lift=float(lift),
    )
    assert np.abs(cut.astype(float) - picture.astype(float)).mean() < 3


def test_passages_are_runs_of_one_emotion() -> None:
    assert passages([]) == []
    assert passages([3, 3, 1, 3]) == [(0, 2, 3), (2, 3, 1), (3, 4, 3)]
