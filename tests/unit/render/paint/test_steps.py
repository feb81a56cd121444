"""What moves points, against the plainest way to work it out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vtdrive.render.format.avatar import Turn
from vtdrive.render.format.deform import Move, Rotate, Scale, Warp
from vtdrive.render.paint.affine import affine_step
from vtdrive.render.paint.bending import F64, Step, ball_depth, turn_step, warp_step

INDEX = {"a": 0, "b": 1, "c": 2}


def moved(step: Step, points: F64, *params: float) -> F64:
    out = points.copy()
    step(out.view(np.complex128)[:, 0], params)
    return out


@pytest.mark.parametrize("params", [(0, 0, 0), (1, 0, 0), (0, 0.5, 0), (0.7, -0.4, 1.3)])
def test_moves_turns_and_stretches_are_done_in_their_order(
    params: tuple[float, float, float],
) -> None:
    a, b, c = params
    points = np.random.default_rng(0).normal(0, 50, (7, 2))
    deforms: list[Move | Rotate | Scale] = [
        Rotate(by="a", deg=30, pivot=(5, -3)),
        Scale(by="b", x=0.6, y=-0.2),
        Move(by="c", x=8, y=-2),
        Scale(by="a", y=0.5, pivot=(1, 2)),
        Rotate(by="b", deg=-70),
    ]
    wanted = np.empty_like(points)
    for i, (x, y) in enumerate(points.tolist()):
        x, y = turned(x, y, 30 * a, 5, -3)
        x, y = 10 + (x - 10) * (1 + 0.6 * b), 20 + (y - 20) * (1 - 0.2 * b)
        x, y = x + 8 * c, y - 2 * c
        x, y = x, 2 + (y - 2) * (1 + 0.5 * a)
        wanted[i] = turned(x, y, -70 * b, 10, 20)
    np.testing.assert_allclose(
        moved(affine_step(deforms, (10, 20), INDEX), points, *params), wanted
    )


def turned(x: float, y: float, deg: float, at_x: float, at_y: float) -> tuple[float, float]:
    cos, sin = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    dx, dy = x - at_x, y - at_y
    return at_x + dx * cos - dy * sin, at_y + dx * sin + dy * cos


def test_a_warp_blends_between_its_keys_and_its_grid() -> None:
    shift = [(10, 0), (0, 0), (0, 20), (4, 8)]
    warp = Warp.model_validate(
        {
            "kind": "warp", "by": ["a", "b"], "box": (0, 0, 100, 200), "grid": (2, 2),
            "keys": [{"at": [1, 1], "offsets": shift}, {"at": [1, 0], "offsets": [(6, 0)] * 4}],
        }
    )  # fmt: skip
    points = np.array([[0.0, 0.0], [25.0, 50.0], [300.0, 300.0]])
    step = warp_step(warp, points, INDEX, {"a": 0.0, "b": 0.0})
    corners = np.array(shift, float)
    inside = 0.75 * (0.75 * corners[0] + 0.25 * corners[1]) + 0.25 * (
        0.75 * corners[2] + 0.25 * corners[3]
    )
    by = 0.5 * 0.3 * np.array([corners[0], inside, corners[3]]) + 0.5 * 0.7 * np.array([6, 0])
    np.testing.assert_allclose(moved(step, points, 0.5, 0.3, 0), points + by)
    np.testing.assert_allclose(
        moved(step, points, 9, 9, 0), points + np.array([corners[0], inside, corners[3]])
    )
    np.testing.assert_array_equal(moved(step, points, 0, 0.4, 0), points)


def test_a_rigid_part_of_the_head_goes_as_its_pivot_does() -> None:
    turn = Turn(
        centre=(100, 100), radius=50, height=60, yaw="a", pitch="b", yaw_deg=30, pitch_deg=20
    )
    points = np.array([[100.0, 100.0], [120.0, 90.0], [110.0, 130.0]])
    pivots = np.full((3, 2), 110.0)
    depth = ball_depth(turn, points, 1.0, 0.0)

    def by(rigid: float) -> F64:
        step = turn_step(turn, depth, np.full(3, rigid), pivots, INDEX)
        shift: F64 = moved(step, points, 1, 0.5, 0) - points
        return shift

    loose, half, stiff = by(0), by(0.5), by(1)
    assert loose[0, 0] == pytest.approx(50 * math.sin(math.radians(30)))
    assert loose[0, 1] == pytest.approx(
        -50 * math.cos(math.radians(30)) * math.sin(math.radians(10))
    )
    assert np.ptp(loose, axis=0).min() > 0.1
    np.testing.assert_allclose(np.ptp(stiff, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(half, (loose + stiff) / 2)
