"""Deformers that move each point by itself. Each is made for the points of a part at rest, and then
moves a slice of all points in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vtdrive.render.format.avatar import Turn
from vtdrive.render.format.deform import Bend, Morph, Warp
from vtdrive.render.paint.amounts import amount_of, spot

__all__ = ["Params", "Step", "ball_depth", "bend_step", "morph_step", "turn_step", "warp_step"]

F64 = npt.NDArray[np.float64]
Params = Sequence[float]
Step = Callable[[F64, Params], None]
"""Moves (n, 2) points in place."""


def bend_step(bend: Bend, rest: F64, index: Mapping[str, int]) -> Step:
    """Turns each point about the root by its share of the angle."""
    amount = amount_of(bend.by, bend.points, index)
    root, tip = np.array(bend.root), np.array(bend.tip)
    axis = tip - root
    length = float(axis @ axis) or 1.0
    share: F64 = np.clip((rest - root) @ axis / length, 0.0, 1.0) ** bend.power
    radians = share * math.radians(bend.deg)

    def step(points: F64, params: Params) -> None:
        by = amount(params)
        if by:
            _turn_about(points, root, radians * by)

    return step


def _turn_about(points: F64, root: F64, radians: F64) -> None:
    cos, sin = np.cos(radians), np.sin(radians)
    x, y = points[:, 0] - root[0], points[:, 1] - root[1]
    points[:, 0] = root[0] + x * cos - y * sin
    points[:, 1] = root[1] + x * sin + y * cos


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
    shape = tuple(len(values) for values in axes)
    table = np.zeros((*shape, columns * rows, 2))
    for key in warp.keys:
        table[tuple(axes[i].index(v) for i, v in enumerate(key.at))] = key.offsets
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
    at = [index[name] for name in warp.by]

    def step(points: F64, params: Params) -> None:
        grid = _blended(table, [params[i] for i in at], axes)
        if grid.any():
            for where, weight in corners:
                points += grid[where] * weight[:, None]

    return step


def morph_step(
    morph: Morph, own: F64, keys: Sequence[Sequence[F64]], index: Mapping[str, int]
) -> Step:
    """Adds the blended difference of key drawings from the part's own; `keys` holds their points
    row by row."""
    table = np.array([[key - own for key in row] for row in keys])
    if len(morph.by) == 1:
        table = table[0]
    at = [index[name] for name in morph.by]
    axes = [list(values) for values in morph.at]

    def step(points: F64, params: Params) -> None:
        points += _blended(table, [params[i] for i in at], axes)

    return step


def _blended(table: F64, values: Sequence[float], axes: Sequence[Sequence[float]]) -> F64:
    """`table` (one axis for each value, then what is blended) at `values`."""
    for value, axis in zip(values, axes, strict=True):
        low, share = spot(axis, value)
        if share <= 0.0:
            table = table[low]
        elif share >= 1.0:
            table = table[low + 1]
        else:
            table = table[low] * (1.0 - share) + table[low + 1] * share
    return table


def turn_step(turn: Turn, depth: F64, rigid: F64, pivots: F64, index: Mapping[str, int]) -> Step:
    """Turns points as if they lay in space: `depth` (n,) in radii before the axis of the head.

    `rigid` (n,) is the share with which a point goes as its pivot (n, 2) does.
    """
    yaw, pitch = index[turn.yaw], index[turn.pitch]
    centre = np.array(turn.centre)
    z = depth * turn.radius
    around = pivots - centre
    stiff = bool(rigid.any())
    stiffness: F64 = rigid[:, None]

    def step(points: F64, params: Params) -> None:
        theta = math.radians(params[yaw] * turn.yaw_deg)
        phi = math.radians(params[pitch] * turn.pitch_deg)
        if not (theta or phi):
            return
        moved = _turned(points - centre, z, theta, phi)
        if stiff:
            moved = moved * (1 - stiffness) + _turned(around, z, theta, phi) * stiffness
        points += moved

    return step


def _turned(xy: F64, z: F64, theta: float, phi: float) -> F64:
    """(n, 2) by how much points (x right, y down, from the head's centre) shift on the screen."""
    x, y = xy[:, 0], xy[:, 1]
    out = np.empty_like(xy)
    out[:, 0] = z * math.sin(theta) - x * (1 - math.cos(theta))
    before = z * math.cos(theta) - x * math.sin(theta)
    out[:, 1] = -before * math.sin(phi) - y * (1 - math.cos(phi))
    return out


def ball_depth(turn: Turn, points: F64, depth: float, bulge: float) -> F64:
    """(n,) depth in radii of points at rest: a ball whose middle is at `depth`."""
    out: F64 = np.full(len(points), float(depth))
    if bulge:
        away = (points - np.array(turn.centre)) / np.array([turn.radius, turn.height])
        out += bulge * (np.sqrt(np.maximum(0.0, 1.0 - (away**2).sum(1))) - 1.0)
    return out
