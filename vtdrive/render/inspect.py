"""What an avatar costs, and what its author may have overlooked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.render.drawing import Shape
from vtdrive.render.motion import Motion
from vtdrive.render.motion.tables import springs_of, steers_of
from vtdrive.render.paint.painter import Painter
from vtdrive.render.picture_files import RasterArt
from vtdrive.render.rig import Rig

__all__ = ["Facts", "inspected"]

_SIZE: Final = (1280, 720)
_TRIES: Final = 12
_SLOW_MS: Final = 16.0
_MOVED: Final = 0.5
_WANTED: Final = {
    "head_x": "it does not turn with your head",
    "mouth_open": "its mouth does not open",
    "eye_open_l": "its left eye does not shut",
    "eye_open_r": "its right eye does not shut",
    "gaze_x": "its eyes do not follow yours",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """About one avatar."""

    name: str
    summary: str
    """Parts, points, pictures and the time that a picture takes."""
    remarks: tuple[str, ...]
    """Sentences about what is allowed and yet looks like an oversight."""


def inspected(rig: Rig) -> Facts:
    """Paint it a few times and look at its tables; takes a moment."""
    motion = Motion(rig.avatar)
    painter = Painter(rig, motion.names, *_SIZE)
    took: list[float] = []
    for i in range(_TRIES):
        params = motion.neutral.copy()
        params[motion.names.index("head_x")] = i  # so that nothing is remembered
        began = time.perf_counter()
        painter.paint(params)
        took.append((time.perf_counter() - began) * 1e3)
    ms = float(np.median(took))
    arts = list(rig.art.values()) + list(rig.drawings.values())
    pictures = sum(isinstance(art, RasterArt) for art in arts)
    shapes = [shape for art in rig.art.values() if not isinstance(art, RasterArt) for shape in art]
    points = sum(len(shape.points) for shape in shapes)
    summary = (
        f"{len(rig.avatar.part)} parts, {len(shapes)} shapes with {points} points, {pictures}"
        f" pictures; {ms:.1f} ms for a picture of {_SIZE[0]}×{_SIZE[1]} here"
    )
    return Facts(rig.avatar.name, summary, tuple(_remarks(rig, motion, painter, ms)))


def _remarks(rig: Rig, motion: Motion, painter: Painter, ms: float) -> Iterator[str]:
    if ms > _SLOW_MS:
        yield f"a picture takes {ms:.0f} ms: fewer points, smaller pictures or fewer parts help"
    used = _used(rig)
    yield from (f"nothing follows {name}: {said}" for name, said in _WANTED.items()
                if name not in used)  # fmt: skip
    rest = painter.puppet.pose(motion.neutral)
    for part, opacity in zip(rig.avatar.part, rest.opacity, strict=True):
        for piece in painter.puppet.pieces.get(part.name, ()):
            if isinstance(piece.art, RasterArt) or not opacity:
                continue
            for shape, start in zip(piece.art, piece.starts, strict=True):
                away = _moved(shape, rest.points[start : start + len(shape.points)])
                if away > _MOVED:
                    yield (
                        f"{part.name}: at rest it is {away:.0f} units away from where it is drawn"
                    )
                    break


def _moved(shape: Shape, points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.abs(points - shape.points).max())


def _used(rig: Rig) -> set[str]:
    """Parameters that move something, be it through a spring."""
    used: set[str] = set()
    for part in rig.avatar.part:
        for driven in (*part.deform, *part.morph, *part.show):
            used |= {driven.by} if isinstance(driven.by, str) else set(driven.by)
        for sprite in part.sprite:
            used |= sprite.when.keys()
    if rig.avatar.turn is not None:
        used |= {rig.avatar.turn.yaw, rig.avatar.turn.pitch}
    springs, steers = springs_of(rig.avatar), steers_of(rig.avatar)
    waiting = list(used)
    while waiting:
        name = waiting.pop()
        # What only lags behind something does not follow it.
        hangs = name in springs and not springs[name].swing
        follows = set(springs[name].to) if hangs else set()
        if name in steers:
            whole = steers[name]
            terms = (whole, *whole.gates, *whole.max, *whole.min)
            read = {read for term in terms for read in term.sum}
            follows |= {one.removeprefix("out.") for one in read if one.startswith("out.")}
        waiting += follows - used
        used |= follows
    return used
