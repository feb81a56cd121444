"""How Mimi's outlines and locks are put on paper."""

from __future__ import annotations

from collections.abc import Sequence

from avatars.drawing.mimi import palette as p
from avatars.drawing.pen import Curve, line, lock, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["outline", "strand"]


def outline(
    shape: Curve,
    width: float,
    *,
    corners: Sequence[int] = (),
    skip: Sequence[int] = (),
    blunt: float = 0.25,
    per: int = 5,
) -> list[Curve]:
    """Tapered lines round a closed shape, one from corner to corner; those numbered in `skip` are
    left out. Without corners: one line that opens where the shape begins."""
    if not corners:
        return [line(shape.part(0.0, 1.0, 2 * per), width, taper(0.2, 0.2, blunt=blunt), count=10)]
    return [
        line(piece, width, taper(0.35, 0.35, blunt=blunt), count=max(per, 2 * piece.count))
        for i, piece in enumerate(shape.pieces(corners))
        if i not in skip
    ]


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
    sheet.fill(shape, base)
    right, left = shape.between(0, count), shape.between(count + 1, 2 * count + 1).backwards()
    if sliver:
        sheet.fill(
            line(right.part(0.2, 1.0), width * sliver, taper(0.55, 0.6), left=0.0, count=4), shade
        )
    if light:
        sheet.fill(_band(left, right, *light), p.HAIR_LIGHT)
    fade = taper(start, 0.12, blunt=0.0)
    edges = [line(side, ink, fade, count=4, left=0.5) for side in (right, left)]
    for a, b, aside in lines:
        inner = way.part(a, b, 3)
        shift = inner.slope(1.5) * -1j * aside * width / 2
        edges.append(line(inner.moved(shift), 3.8, taper(0.6, 0.4), count=3))
    sheet.fill(edges, p.HAIR_LINE)
    return shape


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
