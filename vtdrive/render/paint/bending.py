"""Deformers that move each point by itself. Each is made for the points of a part at rest, and then
moves a slice of all points in place. A point that moves is a complex number, x + iy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vtdrive.render.format.avatar import Turn
from vtdrive.render.format.deform import Bend, Morph, Warp
from vtdrive.render.paint.amounts import amount_of, spot

__all__ = [
    "C128", "Params", "Step", "ball_depth", "bend_step", "morph_step", "turn_step", "warp_step",
]  # fmt: skip

C128 = npt.NDArray[np.complex128]
F64 = npt.NDArray[np.float64]
Params = Sequence[float]
Step = Callable[[C128, Params], None]
"""Moves (n,) points in place."""


def bend_step(bend: Bend, rest: F64, index: Mapping[str, int]) -> Step:
    """Turns each point about the root by its share of the angle."""
    amount = amount_of(bend.by, bend.points, index)
    axis = np.array(bend.tip) - np.array(bend.root)
    length = float(axis @ axis) or 1.0
    share: F64 = np.clip((rest - np.array(bend.root)) @ axis / length, 0.0, 1.0) ** bend.power
    radians = share * math.radians(bend.deg)
    root = complex(*bend.root)

    def step(points: C128, params: Params) -> None:
        by = amount(params)
        if by:
            angles = radians * by
            turns = np.empty(len(points), np.complex128)
            np.cos(angles, out=turns.real)
            np.sin(angles, out=turns.imag)
            points -= root
            points *= turns
            points += root

    return step


def warp_step(
    warp: Warp, rest: F64, index: Mapping[str, int], neutral: Mapping[str, float]
) -> Step:
    """Shifts each point as the grid around it has been shifted."""
    columns, rows = warp.grid
    axes = [
        sorted({key.at[i] for key in warp.keys} | {neutral.get(name, 0.0)})
        for i, name in enumerate(warp.by)
    ]
    # One key alone still needs a second to be blended with.
    axes = [values if len(values) > 1 else [values[0], values[0] + 1.0] for values in axes]
    x, y, width, height = warp.box
    u = np.clip((rest[:, 0] - x) / (width or 1.0), 0.0, 1.0) * (columns - 1)
    v = np.clip((rest[:, 1] - y) / (height or 1.0), 0.0, 1.0) * (rows - 1)
    left, top = (np.minimum(u.astype(int), columns - 2), np.minimum(v.astype(int), rows - 2))
    fu, fv = u - left, v - top
    corners = [
        (top * columns + left, (1 - fu) * (1 - fv)),
        (top * columns + left + 1, fu * (1 - fv)),
        ((top + 1) * columns + left, (1 - fu) * fv),
        ((top + 1) * columns + left + 1, fu * fv),
    ]
    shifts: dict[tuple[int, ...], C128] = {}
    for key in warp.keys:
        grid = _complex(np.array(key.offsets))
        place = tuple(axes[i].index(value) for i, value in enumerate(key.at))
        shifts[place] = np.sum([grid[where] * weight for where, weight in corners], axis=0)
    return _blend_step(shifts, [index[name] for name in warp.by], axes)


def morph_step(
    morph: Morph, own: F64, keys: Sequence[Sequence[F64]], index: Mapping[str, int]
) -> Step:
    """Adds the blended difference of key drawings from the part's own; `keys` holds their points
    row by row."""
    shifts = {
        (i, j)[-len(morph.by) :]: _complex(key - own)
        for i, row in enumerate(keys)
        for j, key in enumerate(row)
    }
    return _blend_step(shifts, [index[name] for name in morph.by], morph.at)


def _complex(xy: F64) -> C128:
    """(n, 2) as (n,) complex numbers."""
    return np.ascontiguousarray(xy, np.float64).view(np.complex128)[:, 0]


def _blend_step(
    shifts: Mapping[tuple[int, ...], C128], at: Sequence[int], axes: Sequence[Sequence[float]]
) -> Step:
    """Shifts points by what lies between the keys around the values at one or two places `at`; keys
    that are not given, or at which nothing moves, cost nothing."""
    moving = {place: shift for place, shift in shifts.items() if shift.any()}
    # One key more than there are: beside the last one lies nothing.
    columns = range(len(axes[-1]) + 1)
    if len(at) == 1:
        return _along([moving.get((j,)) for j in columns], at[0], axes[0])
    rows = range(len(axes[0]) + 1)
    return _across([[moving.get((i, j)) for j in columns] for i in rows], at, axes)


def _along(keyed: Sequence[C128 | None], at: int, axis: Sequence[float]) -> Step:
    def step(points: C128, params: Params) -> None:
        low, share = spot(axis, params[at])
        for shift, weight in ((keyed[low], 1.0 - share), (keyed[low + 1], share)):
            if weight and shift is not None:
                points += shift * weight

    return step


def _across(
    keyed: Sequence[Sequence[C128 | None]], at: Sequence[int], axes: Sequence[Sequence[float]]
) -> Step:
    (first, second), (down, along) = at, axes

    def step(points: C128, params: Params) -> None:
        i, v = spot(down, params[first])
        j, u = spot(along, params[second])
        upper, lower = keyed[i], keyed[i + 1]
        for shift, weight in (
            (upper[j], (1.0 - v) * (1.0 - u)),
            (upper[j + 1], (1.0 - v) * u),
            (lower[j], v * (1.0 - u)),
            (lower[j + 1], v * u),
        ):
            if weight and shift is not None:
                points += shift * weight

    return step


def turn_step(turn: Turn, depth: F64, rigid: F64, pivots: F64, index: Mapping[str, int]) -> Step:
    """Turns points as if they lay in space: `depth` (n,) in radii before the axis of the head.

    `rigid` (n,) is the share with which a point goes as its pivot (n, 2) does.
    """
    yaw, pitch = index[turn.yaw], index[turn.pitch]
    centre = complex(*turn.centre)
    z = depth * turn.radius
    around = (_complex(pivots) - centre) * rigid
    stiff = bool(rigid.any())
    loose: F64 = 1 - rigid

    def step(points: C128, params: Params) -> None:
        theta = math.radians(params[yaw] * turn.yaw_deg)
        phi = math.radians(params[pitch] * turn.pitch_deg)
        if not (theta or phi):
            return
        # How far a point shifts is linear in its place, so the blend of two shifts is the shift of
        # the blended place.
        place = points - centre
        if stiff:
            place *= loose
            place += around
        x, y = place.real, place.imag
        before = z * math.cos(theta) - x * math.sin(theta)
        points.real += z * math.sin(theta) - x * (1 - math.cos(theta))
        points.imag -= before * math.sin(phi) + y * (1 - math.cos(phi))

    return step


def ball_depth(turn: Turn, points: F64, depth: float, bulge: float) -> F64:
    """(n,) depth in radii of points at rest: a ball whose middle is at `depth`."""
    out: F64 = np.full(len(points), float(depth))
    if bulge:
        away = (points - np.array(turn.centre)) / np.array([turn.radius, turn.height])
        out += bulge * (np.sqrt(np.maximum(0.0, 1.0 - (away**2).sum(1))) - 1.0)
    return out
