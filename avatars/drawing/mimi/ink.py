"""How Mimi's outlines and locks are put on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from avatars.drawing.mimi import palette as p
from avatars.drawing.pen import Curve, Profile, line, lock, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["hull", "strand"]

_HIDDEN: Final = 1.5
"""How far a hull lies within its shape where no line is to be seen: no dark fringe remains."""


def hull(
    shape: Curve,
    width: float,
    *,
    corners: Sequence[int],
    skip: Sequence[int] = (),
    blunt: float = 0.35,
    profiles: Mapping[int, Profile] | None = None,
) -> Curve:
    """What lies dark under a closed shape, so that it seems outlined: tapered lines from joint to
    joint, outside its edge. Where they end, and along those numbered in `skip`, it hides under the
    shape. `profiles`: other swellings, by number.

    Antialiased edges are what painting costs: this has two, a shape and a ring of ink three.
    """
    swells = dict.fromkeys(range(len(corners)), taper(0.35, 0.35, blunt=blunt))
    swells |= {**(profiles or {}), **dict.fromkeys(skip, _nothing)}
    # A negative width is to the right of the way: outside, where a shape runs against the clock.
    wide = width if _clockwise(shape) else -width
    # The tip of a lock has a length of nothing, and no direction.
    pieces = {i: piece for i, piece in enumerate(shape.pieces(corners)) if _long(piece)}
    around: list[Curve] = []
    for (i, piece), after in zip(pieces.items(), [*list(pieces)[1:], 0], strict=True):
        around.append(_side(piece, wide, swells[i]))
        ink = width * max(swells[i](1.0), swells[after](0.0))
        around += _point(piece, pieces[after], ink)
    return around[0].then(*around[1:], close=True)


def _long(piece: Curve) -> bool:
    return max(abs(z - piece.points[0]) for z in piece.points) > 1.0


def _side(way: Curve, width: float, swell: Profile) -> Curve:
    """The outer side of a line beside `way`."""
    hidden, count = _HIDDEN / abs(width), max(3, way.count)
    both = line(way, width, lambda t: swell(t) * (1 + hidden) - hidden, count=count, left=1.0)
    return both.between(0, count)


def _point(before: Curve, after: Curve, ink: float) -> list[Curve]:
    """Where the lines of two pieces meet, beyond the corner between them; within the shape where
    that corner points inwards."""
    out = before.slope(before.count) - after.slope(0.0)
    sharp = abs(out) / 2
    if sharp < 0.2 or ink < _HIDDEN:
        return []
    reach = (ink - _HIDDEN) / max(sharp, 0.35) * out / abs(out)
    return [Curve((before.points[-1] + reach,))]


def _nothing(_: float) -> float:
    return 0.0


def _clockwise(shape: Curve) -> bool:
    """On the screen, where y grows downwards."""
    spots = shape.points[::3]
    return sum(a.real * b.imag - b.real * a.imag for a, b in pairwise([*spots, spots[0]])) > 0


def strand(
    sheet: Sheet,
    way: Curve,
    width: float,
    *,
    bias: float = 0.15,
    belly: float = 0.4,
    root: float = 0.55,
    power: float = 1.7,
    ink: float = 6.2,
    start: float = 0.75,
    base: str = p.HAIR,
    shade: str = p.HAIR_SHADE,
    sliver: float = 0.26,
    light: tuple[float, float] | None = None,
    lines: Sequence[tuple[float, float, float]] = (),
) -> Curve:
    """Draw one lock: flat, a sliver of shade on its right, edges that fade towards the root, and
    inner lines, each (from, to, aside) in shares of its length and of its half width; `light` is
    where a jagged band of light lies, from and to. Returns its shape."""
    count = 4
    shape = lock(way, width, bias=bias, belly=belly, root=root, power=power, count=count)
    # To the tip along one side, the cap there, back along the other, the cap at the root.
    fade = taper(start, 0.12)
    sides: dict[int, Profile] = {0: lambda t: _inked(fade, t), 2: lambda t: _inked(fade, 1 - t)}
    joints = (0, count, count + 1, 2 * count + 1)
    rim = hull(shape, ink, corners=joints, skip=(1, 3), profiles=sides)
    sheet.fill(rim, p.HAIR_LINE)
    sheet.fill(shape, base)
    right, left = shape.between(0, count), shape.between(count + 1, 2 * count + 1).backwards()
    if sliver:
        sheet.fill(
            line(right.part(0.2, 1.0), width * sliver, taper(0.55, 0.6), left=0.0, count=4), shade
        )
    if light:
        sheet.fill(_band(left, right, *light), p.HAIR_LIGHT)
    inner = [way.part(a, b, 3) for a, b, _ in lines]
    moved = [
        piece.moved(piece.slope(1.5) * -1j * aside * width / 2)
        for piece, (_, _, aside) in zip(inner, lines, strict=True)
    ]
    if moved:
        strokes = [line(piece, 3.8, taper(0.6, 0.4), count=3) for piece in moved]
        sheet.fill(strokes, p.HAIR_LINE)
    return shape


def _inked(fade: Profile, t: float) -> float:
    """Never hidden at the tip, where to hide behind one side is to come out on the other."""
    return max(fade(t), 0.3 if t > 0.5 else 0.0)


def _band(left: Curve, right: Curve, start: float, end: float) -> Curve:
    """Light across a lock, jagged along the strands."""
    middle = (start + end) / 2
    spots = (
        (0.1, start + 0.02), (0.45, start - 0.01), (0.8, start + 0.03),
        (0.76, middle + 0.02), (0.66, middle - 0.02), (0.52, end), (0.42, middle),
        (0.3, end - 0.03), (0.2, middle),
    )  # fmt: skip
    points = []
    for across, along in spots:
        a = left.at(left.stations([along])[0])
        b = right.at(right.stations([along])[0])
        points.append(a + (b - a) * across)
    return through(*points, closed=True, corners=(0, *range(2, 9)))
