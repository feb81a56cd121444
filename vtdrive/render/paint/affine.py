"""Moves, turns and stretches of one part, joined into one.

A point is a complex number, x + iy, and what is done to it is z' = a z + b z̄ + c: b is 0 but for
stretches that differ sideways and upright.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping, Sequence

import numpy as np

from vtdrive.render.format.deform import Move, Rotate, Scale
from vtdrive.render.paint.amounts import Amount, amount_of
from vtdrive.render.paint.bending import C128, Params, Step

__all__ = ["affine_step"]

_Link = tuple[Amount, Move | Rotate | Scale, complex]


def affine_step(
    deforms: Sequence[Move | Rotate | Scale], pivot: tuple[float, float], index: Mapping[str, int]
) -> Step:
    """All of `deforms`, in their order, done at once."""
    links: list[_Link] = [
        (amount_of(d.by, d.points, index), d, complex(*(getattr(d, "pivot", None) or pivot)))
        for d in deforms
    ]

    def step(points: C128, params: Params) -> None:
        a, b, c = 1 + 0j, 0j, 0j
        for amount, deform, about in links:
            by = amount(params)
            if not by:
                continue
            if isinstance(deform, Move):
                c += complex(deform.x * by, deform.y * by)
            elif isinstance(deform, Rotate):
                turn = cmath.rect(1.0, math.radians(deform.deg * by))
                a, b, c = turn * a, turn * b, turn * (c - about) + about
            else:
                both = 1.0 + (deform.x + deform.y) * by / 2
                more = (deform.x - deform.y) * by / 2
                a, b = both * a + more * b.conjugate(), both * b + more * a.conjugate()
                c -= about
                c = both * c + more * c.conjugate() + about
        if b:
            mirrored = np.conjugate(points)
            mirrored *= b
        if a != 1:
            points *= a
        if b:
            points += mirrored
        if c:
            points += c

    return step
