"""Fox ears: her left one, and its mirror picture a little changed."""

from __future__ import annotations

from avatars.drawing.mimi import palette as p
from avatars.drawing.mimi.ink import hull
from avatars.drawing.pen import Curve, line, lock, mirrored, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["draw_ears", "draw_tufts"]

_EAR = (
    540 + 340j, 560 + 236j, 610 + 140j, 692 + 62j, 732 + 130j, 752 + 226j, 744 + 310j, 700 + 390j,
)  # fmt: skip
_INNER = (
    586 + 340j, 598 + 252j, 632 + 172j, 684 + 108j, 710 + 172j, 720 + 246j, 708 + 340j,
)  # fmt: skip


def draw_ears(sheet: Sheet) -> None:
    for side in ("l", "r"):
        ear = through(*_EAR, closed=True, corners=(0, 3, 7))
        inner = through(*_INNER, closed=True, corners=(0, 3, 6))
        up, down = ear.between(2, 3).part(0.15, 1.0, 2), ear.between(3, 4).part(0.0, 0.85, 2)
        jags = (714 + 134j, 700 + 122j, 692 + 144j, 672 + 124j, 658 + 142j, 646 + 122j)
        tip = up.then(down, *(Curve((z,)) for z in jags), close=True)
        shadow = through(
            596 + 340j, 608 + 256j, 640 + 182j, 684 + 112j, 676 + 196j, 650 + 280j, 640 + 340j,
            closed=True, corners=(0, 3, 6),
        )  # fmt: skip
        rim = hull(ear, 7.5, corners=(0, 3, 7), skip=(2,))
        fold = line(inner.between(0, 3), 4.5, taper(0.5, 0.3), count=5)

        def put(curve: Curve, side: str = side) -> Curve:
            return curve if side == "l" else mirrored(curve, 500).turned(-3, 360 + 320j)

        with sheet.group(f"ear_{side}"):
            sheet.fill(put(rim), p.HAIR_LINE)
            sheet.fill(put(ear), p.HAIR)
            sheet.fill(put(tip), p.HAIR_DEEP)
            sheet.fill(put(inner), p.EAR)
            sheet.fill(put(shadow), p.EAR_SHADE)
            sheet.fill(put(fold), p.HAIR_LINE)


def draw_tufts(sheet: Sheet) -> None:
    """Fluff that crosses the base of an ear, so that it grows out of the hair."""
    for side in ("l", "r"):
        ways = (
            (through(590 + 330j, 584 + 262j, 612 + 196j), 44.0),
            (through(668 + 336j, 692 + 288j, 714 + 262j), 36.0),
            (through(630 + 332j, 632 + 262j, 668 + 206j), 50.0),
        )
        locks = [lock(way, width, root=0.9, belly=0.3, count=3) for way, width in ways]
        lines = [line(shape.between(0, 3), 4.5, taper(0.6, 0.1), count=3) for shape in locks]
        if side == "r":
            locks = [mirrored(s, 500).turned(-3, 360 + 320j) for s in locks]
            lines = [mirrored(s, 500).turned(-3, 360 + 320j) for s in lines]
        with sheet.group(f"tuft_{side}"):
            sheet.fill(locks, p.CREAM)
            sheet.fill(lines, p.HAIR_MID)
