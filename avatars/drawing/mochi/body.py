"""All of mochi but the face: body, belly, limbs, tail, the two leaves, the shadow on the floor."""

from __future__ import annotations

import math

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, bent, blob, egg, line, mirrored, mix, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["BODY", "FLOOR_Y", "draw_back", "draw_body", "draw_front", "draw_leaves"]

MIDDLE = 500
FLOOR_Y = 912


def _round(
    centre: complex, wide: float, high: float, low: float, *, top: float, bottom: float
) -> Curve:
    """An egg whose fullness is given apart for the upper and the lower half (0.55: an ellipse)."""
    x, y = centre.real, centre.imag

    def at(u: float, v: float) -> complex:
        return complex(x + u * wide, y + (v * low if v > 0 else v * high))

    t, b = top, bottom
    return Curve(
        (
            at(1, 0), at(1, b), at(b, 1), at(0, 1), at(-b, 1), at(-1, b), at(-1, 0),
            at(-1, -t), at(-t, -1), at(0, -1), at(t, -1), at(1, -t), at(1, 0),
        ),
        True,
    )  # fmt: skip


BODY = _round(500 + 640j, 306, 300, 244, top=0.56, bottom=0.64)
"""The body's outer edge."""
_SKIN = _round(499 + 639j, 297, 293, 234, top=0.56, bottom=0.64)


def draw_back(sheet: Sheet) -> None:
    with sheet.group("shadow"):
        for wide, high, opacity in ((292, 36, 0.22), (262, 28, 0.26)):
            flat = egg(500 + complex(0, FLOOR_Y - 8), wide, high)
            sheet.fill(flat, ink.FLOOR, opacity=opacity)
    _tail(sheet)
    for side in ("r", "l"):
        _arm(sheet, side)


def _tail(sheet: Sheet) -> None:
    """A bud with a coloured tip."""
    way = through(690 + 826j, 772 + 826j, 842 + 786j, 868 + 728j, 852 + 662j)

    def bud(grow: float, start: float, end: float) -> Curve:
        def width(t: float) -> float:
            at = start + (end - start) * t
            full = 0.6 + 0.4 * math.sin(math.pi / 2 * at / 0.5) if at < 0.5 else 1.0
            edge = grow * min((1 - at) / 0.15, 1.0) if grow > 0 else grow
            return float(max(full * (1 - max((at - 0.5) / 0.5, 0.0) ** 2.2) + edge, 0.0))

        return line(way.part(start, end), 92, width, count=8)

    with sheet.group("tail"):
        sheet.fill(bud(0.09, 0.0, 1.0), ink.INK)
        sheet.fill(bud(-0.09, 0.0, 0.975), ink.BODY_SHADE)
        sheet.fill(bud(-0.09, 0.56, 0.975), ink.BERRY)
        glint = way.part(0.3, 0.56).moved(-13 - 20j)
        sheet.fill(line(glint, 26, taper(0.5, 0.5)), ink.BODY)
        sheet.fill(line(way.part(0.62, 0.82).moved(-14 - 3j), 12, taper(0.5, 0.5)), ink.BERRY_LIGHT)


def draw_body(sheet: Sheet) -> None:
    with sheet.group("rim"):
        sheet.fill(BODY, ink.INK)
    with sheet.group("skin"):
        sheet.fill(_SKIN, ink.BODY)
    with sheet.group("belly"):
        sheet.fill(_round(500 + 812j, 176, 56, 84, top=0.6, bottom=0.6), ink.BELLY)
    with sheet.group("shade"):
        sheet.fill(_crescent(0.86, 1.4, 78, 0.46), ink.BODY_DARK, opacity=0.5)
        sheet.fill(_crescent(0.98, 1.24, 24, 0.45), ink.BODY_DARK, opacity=0.5)
    with sheet.group("gloss"):
        arc = _SKIN.scaled(0.87, 0.87, 499 + 632j)
        sheet.fill(line(arc.part(0.555, 0.675), 34, taper(0.5, 0.5, blunt=0.2)), ink.BODY_LIGHT)
        sheet.fill(egg(arc.at(arc.stations([0.705])[0]), 13, 11, tilt=-30), ink.BODY_LIGHT)


def _crescent(start: float, end: float, deep: float, lean: float) -> Curve:
    """What lies between the skin's edge and an arc that cuts across it."""
    edge = _SKIN.part(start, end, count=6)
    n = edge.count
    inner = []
    for i in range(n, -1, -1):
        u = i / n
        full = math.sin(math.pi * u ** (math.log(0.5) / math.log(lean))) ** 1.2
        inner.append(edge.at(i) + edge.slope(i) * 1j * deep * full)
    return edge.then(through(*inner), close=True)


def draw_front(sheet: Sheet) -> None:
    for side in ("r", "l"):
        _foot(sheet, side)


def _sided(shape: Curve, side: str) -> Curve:
    return shape if side == "r" else mirrored(shape, MIDDLE)


def _foot(sheet: Sheet, side: str) -> None:
    outer = _round(384 + 882j, 88, 56, 30, top=0.58, bottom=0.6).turned(-4, 384 + 882j)
    inner = _round(385 + 880j, 79, 48, 23, top=0.58, bottom=0.6).turned(-4, 384 + 882j)
    low = mix(inner, inner.scaled(0.96, 0.5, 385 + 903j), 1.0)
    with sheet.group(f"foot_{side}"):
        sheet.fill(_sided(outer, side), ink.INK)
        sheet.fill(_sided(inner, side), ink.BODY)
        sheet.fill(_sided(low, side), ink.BODY_SHADE)
        for x in (358, 394):
            toe = bent(complex(x, 902), complex(x + 3, 878), 0.12)
            sheet.fill(line(_sided(toe, side), 7, taper(0.2, 0.8, blunt=0.1), count=3), ink.INK)


def _arm(sheet: Sheet, side: str) -> None:
    """A stub that comes out from behind the body."""
    way = through(300 + 676j, 226 + 706j, 168 + 760j)

    def stub(grow: float, shift: complex) -> Curve:
        half = (40 + grow, 43 + grow, 45 + grow, 41 + grow, 27 + grow)
        spots = [(way.at(i / 2), way.slope(i / 2)) for i in range(5)]
        left = [z - s * 1j * h for (z, s), h in zip(spots, half, strict=True)]
        right = [z + s * 1j * h for (z, s), h in zip(spots, half, strict=True)]
        tip = spots[-1][0] + spots[-1][1] * (26 + grow)
        return blob(*[z + shift for z in (*left, tip, *right[::-1])])

    with sheet.group(f"arm_{side}"):
        sheet.fill(_sided(stub(0, 0j), side), ink.INK)
        sheet.fill(_sided(stub(-8, 0.5 - 1j), side), ink.BODY)
        low = line(stub(-8, 0.5 - 1j).part(0.05, 0.4), 15, taper(0.3, 0.5), count=5, left=0.0)
        sheet.fill(_sided(low, side), ink.BODY_SHADE)


def _leaf_width(t: float) -> float:
    """Narrow at the root, full in the middle, pointed at the tip."""
    if t < 0.5:
        return 0.16 + 0.84 * math.sin(math.pi * t)
    return float(max(1 - (2 * t - 1) ** 2, 0.0))


def _leaf(sheet: Sheet, name: str, way: Curve, width: float, lit: float) -> None:
    """One leaf, root first. `lit`: on which side of its rib the light falls (+1: right of it)."""

    near = way.part(0.0, 0.965)
    shade_left = 1.0 if lit > 0 else 0.0
    with sheet.group(name):
        sheet.fill(line(way, width + 20, _leaf_width, count=7), ink.BERRY_LINE)
        sheet.fill(line(near, width, _leaf_width, count=7), ink.BERRY)
        dark = line(near, width / 2, _leaf_width, count=7, left=shade_left)
        sheet.fill(dark, ink.BERRY_DARK)
        glint = line(way.part(0.34, 0.8), width * 0.3, taper(0.5, 0.5), count=4, left=shade_left)
        off = way.slope(way.count * 0.55) * 1j * lit * width * 0.34
        sheet.fill(glint.moved(off), ink.BERRY_LIGHT)
        sheet.fill(line(way.part(0.0, 0.8), 9, taper(0.05, 0.9), count=5), ink.BERRY_LINE)


def draw_leaves(sheet: Sheet) -> None:
    stem = through(492 + 372j, 492 + 330j, 503 + 292j, 516 + 266j)
    _leaf(sheet, "leaf_r", through(510 + 276j, 440 + 226j, 362 + 196j, 262 + 206j), 104, 1)
    _leaf(sheet, "leaf_l", through(512 + 278j, 560 + 196j, 632 + 130j, 742 + 92j), 124, -1)
    with sheet.group("stem_shadow"):
        sheet.fill(egg(498 + 374j, 38, 13, tilt=4), ink.BODY_DARK, opacity=0.6)
    with sheet.group("stem"):
        sheet.fill(line(stem, 38, taper(0.0, 0.0, blunt=1.0), count=4), ink.BERRY_LINE)
        sheet.fill(line(stem.part(0.02, 0.96), 20, lambda t: 1.0, count=4), ink.BERRY)
        sheet.fill(
            line(stem.part(0.1, 0.9).moved(-4 + 0j), 6, taper(0.3, 0.3), count=3), ink.BERRY_LIGHT
        )
    with sheet.group("knot"):
        sheet.fill(egg(512 + 276j, 22, 20), ink.BERRY_LINE)
        sheet.fill(egg(512 + 275j, 14, 12), ink.BERRY)
        sheet.fill(egg(508 + 271j, 5, 4), ink.BERRY_LIGHT)
