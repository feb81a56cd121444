"""Moves, turns and stretches of one part, joined into one matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vtdrive.render.format.deform import Move, Rotate, Scale
from vtdrive.render.paint.amounts import Amount, amount_of
from vtdrive.render.paint.bending import Params, Step

__all__ = ["affine_step"]

F64 = npt.NDArray[np.float64]
_Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: x' = a x + c y + e, y' = b x + d y + f."""
_Link = tuple[Amount, Move | Rotate | Scale, tuple[float, float]]


def affine_step(
    deforms: Sequence[Move | Rotate | Scale], pivot: tuple[float, float], index: Mapping[str, int]
) -> Step:
    """All of `deforms`, in their order, done at once."""
    links: list[_Link] = [
        (amount_of(d.by, d.points, index), d, getattr(d, "pivot", None) or pivot) for d in deforms
    ]

    def step(points: F64, params: Params) -> None:
        whole: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        still = True
        for amount, deform, about in links:
            by = amount(params)
            if by:
                whole, still = _after(whole, _matrix(deform, by, about)), False
        if still:
            return
        a, b, c, d, e, f = whole
        x = points[:, 0] * a + points[:, 1] * c + e
        points[:, 1] = points[:, 0] * b + points[:, 1] * d + f
        points[:, 0] = x

    return step


def _matrix(deform: Move | Rotate | Scale, by: float, pivot: tuple[float, float]) -> _Matrix:
    if isinstance(deform, Move):
        return (1.0, 0.0, 0.0, 1.0, deform.x * by, deform.y * by)
    x, y = pivot
    if isinstance(deform, Rotate):
        turn = math.radians(deform.deg * by)
        cos, sin = math.cos(turn), math.sin(turn)
        return (cos, sin, -sin, cos, x - x * cos + y * sin, y - x * sin - y * cos)
    wide, high = 1.0 + deform.x * by, 1.0 + deform.y * by
    return (wide, 0.0, 0.0, high, x - x * wide, y - y * high)


def _after(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        p * a + r * b, q * a + s * b,
        p * c + r * d, q * c + s * d,
        p * e + r * f + t, q * e + s * f + u,
    )  # fmt: skip
