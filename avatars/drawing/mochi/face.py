"""Brows, which float, and cheeks."""

from __future__ import annotations

import math
from typing import Final

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, egg, line, through
from avatars.drawing.sheet import Sheet

__all__ = ["BROW_Y", "draw_brows", "draw_cheeks", "draw_poses"]

BROW_X: Final = {"r": 366.0, "l": 634.0}
BROW_Y: Final = 478.0
_HALF: Final = 52.0


def _brow(side: str, form: float) -> Curve:
    """`form`: +1 a high arch, -1 sagging. Thick at the inner end."""
    inwards = 1.0 if side == "r" else -1.0
    mid = complex(BROW_X[side], BROW_Y)
    arch = 9 + 15 * form
    spots = [
        mid + complex(inwards * _HALF * u, 6 - arch * (1 - u * u) + (4 if u < 0 else -1) * abs(u))
        for u in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]

    def profile(t: float) -> float:
        return 0.34 + 0.66 * math.sin(math.pi / 2 * min(t / 0.8, 1.0)) - 0.1 * t

    return line(through(*spots), 25, profile, count=6)


def draw_brows(sheet: Sheet) -> None:
    for side in ("r", "l"):
        with sheet.group(f"brow_{side}"):
            sheet.fill(_brow(side, 0.0), ink.BERRY_LINE)


def draw_poses(sheet: Sheet) -> None:
    for side in ("r", "l"):
        for form in (-1, 1):
            with sheet.group(f"brow_{side}_{'sag' if form < 0 else 'arch'}"):
                sheet.fill(_brow(side, form), ink.BERRY_LINE)


def draw_cheeks(sheet: Sheet) -> None:
    for side, x in (("r", 272.0), ("l", 728.0)):
        mid = complex(x, 676)
        with sheet.group(f"cheek_{side}"):
            sheet.fill(egg(mid, 46, 30), ink.CHEEK, opacity=0.45)
        with sheet.group(f"blush_{side}"):
            glow = sheet.radial(
                f"blush_paint_{side}",
                mid,
                66,
                (0, ink.CHEEK, 0.85),
                (0.45, ink.CHEEK, 0.6),
                (1, ink.CHEEK, 0),
            )
            sheet.fill(egg(mid, 66, 50), glow)
            for dx in (-22, 2, 26):
                stroke = through(mid + complex(dx + 6, -14), mid + complex(dx - 6, 12))
                sheet.fill(line(stroke, 8, count=3), "#d5325c")
