"""All points of an avatar, and what moves them: parameters to a pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.render.drawing import Shape
from vtdrive.render.drawing_paint import Gradient
from vtdrive.render.format.avatar import Part, Turn
from vtdrive.render.format.deform import Bend, Move, Rotate, Scale, Warp
from vtdrive.render.motion.tables import springs_of, steers_of
from vtdrive.render.paint.affine import affine_step
from vtdrive.render.paint.amounts import Amount, amount_of
from vtdrive.render.paint.bending import (
    Step,
    ball_depth,
    bend_step,
    morph_step,
    turn_step,
    warp_step,
)
from vtdrive.render.picture_files import RasterArt
from vtdrive.render.rig import Art, Rig
from vtdrive.render.tree import ancestors, depth_first
from vtdrive.types import F32

__all__ = ["Piece", "Pose", "Puppet"]

F64 = npt.NDArray[np.float64]
_FINE: Final = 9
"""Points across and down of a picture that is bent."""
_FARTHEST: Final = 1e7
_NO_TURN: Final = Turn(centre=(0.0, 0.0), radius=1.0, height=1.0, yaw="", pitch="")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One art of a part, and where its points lie."""

    art: Art
    start: int
    starts: tuple[int, ...]
    """Of each shape's points; a gradient's two ends follow them."""
    grid: tuple[int, int]
    """Points across and down of a picture's mesh; (0, 0) for a drawing."""
    when: tuple[tuple[int, float, float], ...] = ()
    """Parameter, from, to: all must fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What a painter paints."""

    points: F64
    """(N, 2) in art units."""
    opacity: list[float]
    """Of each part, in painting order, in [0, 1]."""


class Puppet:
    """Built once for a rig; `pose` has no state."""

    def __init__(self, rig: Rig, params: Sequence[str]) -> None:
        """`params` are the names of the vector that `pose` is given."""
        self._rig = rig
        self._index = {name: i for i, name in enumerate(params)}
        self._neutral = {
            name: table.neutral
            for tables in (springs_of(rig.avatar), steers_of(rig.avatar))
            for name, table in tables.items()
        }
        self._parts = {part.name: part for part in rig.avatar.part}
        self._parents = {part.name: part.parent for part in rig.avatar.part}
        self._turn = rig.avatar.turn or _NO_TURN
        self.pieces: dict[str, tuple[Piece, ...]] = {}
        """Part name -> its own art, or its sprites."""
        self._slices: dict[str, slice] = {}
        order = depth_first(self._parents)
        self._rest = self._laid_out(order)
        self._steps: list[tuple[slice, Step]] = []
        for name in reversed(order):
            self._steps += [(self._slices[name], step) for step in self._steps_of(name)]
        self._shows = [self._show_of(part) for part in rig.avatar.part]

    def pose(self, params: F32) -> Pose:
        """Where everything is at `params` (P,), which must be finite."""
        values: list[float] = params.tolist()
        points = self._rest.copy()
        moving = points.view(np.complex128)[:, 0]
        # Tables that pile up absurd amounts must not end the performance.
        with np.errstate(over="ignore", invalid="ignore"):
            for where, step in self._steps:
                step(moving[where], values)
            if not np.isfinite(points.sum()):
                np.nan_to_num(points, copy=False)
        np.clip(points, -_FARTHEST, _FARTHEST, out=points)
        opacity: dict[str, float] = {}
        for part, shows in zip(self._rig.avatar.part, self._shows, strict=True):
            own = part.opacity
            for show in shows:
                own *= min(1.0, max(0.0, show(values)))
            opacity[part.name] = own
        return Pose(points, [self._seen(part.name, opacity) for part in self._rig.avatar.part])

    def chosen(self, name: str, params: Sequence[float]) -> Piece | None:
        """Which art of a part is shown."""
        for piece in self.pieces.get(name, ()):
            if all(lo <= params[at] <= hi for at, lo, hi in piece.when):
                return piece
        return None

    def _seen(self, name: str, own: Mapping[str, float]) -> float:
        seen = own[name]
        while seen > 0 and (name := self._parents[name]):
            seen *= own[name]
        return seen

    def _show_of(self, part: Part) -> list[Amount]:
        return [amount_of(s.by, s.points, self._index) for s in part.show]

    def _laid_out(self, order: Sequence[str]) -> F64:
        """All points at rest, so that a part and all below it lie side by side."""
        chunks: list[F64] = []
        count = 0
        starts: dict[str, int] = {}
        for name in order:
            starts[name] = count
            for art, when in self._arts(self._parts[name]):
                piece, points = self._piece(name, art, count, when)
                self.pieces[name] = (*self.pieces.get(name, ()), piece)
                chunks += points
                count += sum(len(chunk) for chunk in points)
        ends = [*starts.values(), count]
        below = {name: 1 for name in order}
        for name in order:
            for up in ancestors(name, self._parents):
                below[up] += 1
        for i, name in enumerate(order):
            self._slices[name] = slice(ends[i], ends[i + below[name]])
        return np.concatenate(chunks) if chunks else np.zeros((0, 2))

    def _arts(self, part: Part) -> list[tuple[Art, tuple[tuple[int, float, float], ...]]]:
        if part.sprite:
            return [
                (
                    self._rig.drawings[sprite.art],
                    tuple((self._index[n], lo, hi) for n, (lo, hi) in sprite.when.items()),
                )
                for sprite in part.sprite
            ]
        own = self._rig.art.get(part.name)
        return [] if own is None else [(own, ())]

    def _piece(
        self, name: str, art: Art, start: int, when: tuple[tuple[int, float, float], ...]
    ) -> tuple[Piece, list[F64]]:
        if isinstance(art, RasterArt):
            n = _FINE if self._bends(name) else 2
            (x, y), (width, height) = art.corner, art.size
            u, v = np.meshgrid(np.linspace(x, x + width, n), np.linspace(y, y + height, n))
            grid = np.stack([u.ravel(), v.ravel()], 1)
            return Piece(art, start, (start,), (n, n), when), [grid]
        chunks, starts, at = [], [], start
        for shape in art:
            points = _with_ends(shape)
            chunks.append(points)
            starts.append(at)
            at += len(points)
        return Piece(art, start, tuple(starts), (0, 0), when), chunks

    def _bends(self, name: str) -> bool:
        """Whether a picture there needs more than its four corners."""
        chain = (name, *ancestors(name, self._parents))
        if self._inherited(name, "bulge", 0.0) and self._turns_at(name):
            return True
        return any(
            isinstance(deform, Bend | Warp) for up in chain for deform in self._parts[up].deform
        )

    def _inherited(self, name: str, key: str, default: float) -> float:
        for up in (name, *ancestors(name, self._parents)):
            value = getattr(self._parts[up], key)
            if value is not None:
                return float(value)
        return default

    def _turns_at(self, name: str) -> str:
        """The outermost of a part and those above it that gives a depth; empty where none does."""
        found = ""
        for up in (name, *ancestors(name, self._parents)):
            if self._parts[up].depth is not None:
                found = up
        return found

    def _pivot(self, name: str) -> tuple[float, float]:
        for up in (name, *ancestors(name, self._parents)):
            pivot = self._parts[up].pivot
            if pivot is not None:
                return pivot
        width, height = self._rig.avatar.canvas
        return width / 2, height / 2

    def _steps_of(self, name: str) -> list[Step]:
        part = self._parts[name]
        rest = self._rest[self._slices[name]]
        steps = [self._morph(name, i) for i in range(len(part.morph))]
        if self._turns_at(name) == name and self._rig.avatar.turn is not None and len(rest):
            steps.append(self._turn_step(name))
        simple = (Move, Rotate, Scale)
        for kind, run in groupby(part.deform, key=lambda d: isinstance(d, simple)):
            if kind:
                joined = [d for d in run if isinstance(d, simple)]
                steps.append(affine_step(joined, self._pivot(name), self._index))
                continue
            for deform in run:
                if isinstance(deform, Bend):
                    steps.append(bend_step(deform, rest, self._index))
                elif isinstance(deform, Warp):
                    steps.append(warp_step(deform, rest, self._index, self._neutral))
        return steps if len(rest) else []

    def _morph(self, name: str, at: int) -> Step:
        part = self._parts[name]
        morph = part.morph[at]
        (piece,) = self.pieces[name]
        own = _all_points(piece.art)
        rows = morph.art if len(morph.by) == 2 else [morph.art]
        keys = [[_all_points(self._rig.drawings[str(key)]) for key in row] for row in rows]
        step = morph_step(morph, own, keys, self._index)
        count = len(own)
        # What is below the part stays where it is: only its own drawing changes.
        return lambda points, params: step(points[:count], params)

    def _turn_step(self, root: str) -> Step:
        where = self._slices[root]
        count = where.stop - where.start
        depth, rigid, pivots = np.zeros(count), np.zeros(count), np.zeros((count, 2))
        for name, pieces in self.pieces.items():
            if root not in (name, *ancestors(name, self._parents)):
                continue
            first = pieces[0].start - where.start
            last = self._slices[name].start + self._own_count(name) - where.start
            points = self._rest[where][first:last]
            near = self._inherited(name, "depth", 0.0)
            pivot = np.array(self._pivot(name))
            depth[first:last] = ball_depth(
                self._turn, points, near, self._inherited(name, "bulge", 0.0)
            )
            rigid[first:last] = self._inherited(name, "rigid", 0.0)
            pivots[first:last] = pivot
        return turn_step(self._turn, depth, rigid, pivots, self._index)

    def _own_count(self, name: str) -> int:
        return sum(
            p.grid[0] * p.grid[1] if isinstance(p.art, RasterArt) else len(_all_points(p.art))
            for p in self.pieces[name]
        )


def _with_ends(shape: Shape) -> F64:
    """A shape's points, and behind them the ends of its gradient, which move alike."""
    if isinstance(shape.fill, Gradient):
        return np.concatenate([shape.points, shape.fill.ends])
    return shape.points


def _all_points(art: Art) -> F64:
    assert isinstance(art, tuple)
    return np.concatenate([_with_ends(shape) for shape in art])
