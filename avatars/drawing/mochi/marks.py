"""The marks of feelings: what a comic draws beside a face."""

from __future__ import annotations

import cmath
import math

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, circle, egg, line, star, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["draw_marks", "draw_washes"]

_DROP = ("#2d6fc4", "#8fdcfa", "#e6fbff")
_EDGE = "#fff5ea"


def _drop(tip: complex, size: float, lean: float = 0.0) -> Curve:
    """A drop that hangs from its tip."""
    spots = [0j, 0.34 + 0.62j, 0.46 + 1.08j, 0.0 + 1.52j, -0.46 + 1.08j, -0.34 + 0.62j]
    shape = through(*spots, closed=True, corners=(0,)).scaled(size)
    return shape.turned(lean).moved(tip)


def _wet(sheet: Sheet, tip: complex, size: float, lean: float = 0.0) -> None:
    spin = cmath.rect(1.0, math.radians(lean))
    dark, mid, light = _DROP
    sheet.fill(_drop(tip - 0.1j * size * spin, size * 1.16, lean), dark)
    sheet.fill(_drop(tip + 0.1j * size * spin, size * 0.94, lean), mid)
    sheet.fill(egg(tip + (-0.16 + 0.98j) * size * spin, 0.11 * size, 0.24 * size, tilt=12), light)


def draw_washes(sheet: Sheet) -> None:
    """Colours over the skin, which are cut to it."""
    with sheet.group("gloom"):
        paint = sheet.linear(
            "gloom_paint", 500 + 340j, 500 + 610j,
            (0, "#31408f", 0.95), (0.5, "#4a5ab8", 0.72), (1, "#6f7fd6", 0),
        )  # fmt: skip
        box = through(
            180 + 320j, 820 + 320j, 820 + 612j, 180 + 612j, closed=True, corners=(0, 1, 2, 3)
        )
        sheet.fill(box, paint)
        for x, y0, y1 in ((402, 352, 442), (452, 342, 468), (500, 340, 450), (550, 342, 474),
                          (600, 352, 440)):  # fmt: skip
            bar = through(complex(x, y0), complex(x - 2, y1))
            sheet.fill(line(bar, 11, taper(0.02, 0.6), count=3), "#222a6b")
    with sheet.group("tint"):
        paint = sheet.linear(
            "tint_paint", 500 + 880j, 500 + 470j,
            (0, "#4c8f8a", 0.9), (0.5, "#5fa58d", 0.75), (1, "#7fb58a", 0),
        )  # fmt: skip
        box = through(
            170 + 470j, 830 + 470j, 830 + 900j, 170 + 900j, closed=True, corners=(0, 1, 2, 3)
        )
        sheet.fill(box, paint)
    with sheet.group("heat"):
        paint = sheet.linear(
            "heat_paint", 500 + 340j, 500 + 720j,
            (0, "#e0243f", 0.8), (0.5, "#e8384a", 0.55), (1, "#f05a5a", 0),
        )  # fmt: skip
        box = through(
            180 + 320j, 820 + 320j, 820 + 722j, 180 + 722j, closed=True, corners=(0, 1, 2, 3)
        )
        sheet.fill(box, paint)


def draw_marks(sheet: Sheet) -> None:
    for side, sign in (("r", -1), ("l", 1)):
        with sheet.group(f"tear_{side}"):
            _wet(sheet, complex(500 + sign * 168, 650), 52)
    with sheet.group("sweat"):
        _wet(sheet, 262 + 378j, 66, 14)
    _vein(sheet)
    _burst(sheet)
    _sparkle(sheet)
    _puff(sheet)
    _fumes(sheet)


def _vein(sheet: Sheet) -> None:
    """The crossed vein: four bows that turn their backs to the middle."""
    mid = 716 + 402j
    with sheet.group("vein"):
        for grow, colour in ((16, _EDGE), (0, "#d3123f")):
            for i in range(4):
                spin = cmath.rect(1.0, math.radians(90 * i + 12))
                way = through(
                    mid + (12 + 58j) * spin, mid + (15 + 15j) * spin, mid + (58 + 12j) * spin
                )
                sheet.fill(line(way, 18 + grow, taper(0.3, 0.3, blunt=0.5), count=4), colour)


def _burst(sheet: Sheet) -> None:
    """Three strokes that fly off the head, on either side."""
    with sheet.group("burst"):
        for grow, colour in ((16, _EDGE), (0, "#f2a516")):
            for sign in (-1, 1):
                for deg, near, far in ((20, 342, 420), (34, 346, 446), (48, 350, 424)):
                    way_out = cmath.rect(1.0, math.radians(-deg if sign > 0 else deg - 180))
                    foot = 500 + 620j
                    ray = through(foot + way_out * near, foot + way_out * far)
                    sheet.fill(line(ray, 26 + grow, lambda t: 0.35 + 0.65 * t, count=3), colour)


def _sparkle(sheet: Sheet) -> None:
    with sheet.group("sparkles"):
        for mid, size in ((192 + 402j, 58), (246 + 318j, 32), (826 + 352j, 46)):
            sheet.fill(star(mid, size + 14, points=4, depth=0.42), ink.INK)
            sheet.fill(star(mid, size, points=4, depth=0.38), "#ffe27a")


def _puff(sheet: Sheet) -> None:
    """A snort of breath beside the mouth's raised corner."""
    with sheet.group("puff"):
        for grow, colour in ((9, ink.INK), (0, "#fff5ea")):
            for mid, r in ((846 + 564j, 24), (882 + 544j, 30), (876 + 586j, 22)):
                sheet.fill(circle(mid, r + grow), colour)


def _fumes(sheet: Sheet) -> None:
    """Wavy lines of a bad smell."""
    with sheet.group("fumes"):
        for grow, colour in ((14, _EDGE), (0, "#3f7f78")):
            for x, y in ((200, 420), (262, 352), (826, 430)):
                way = through(
                    complex(x, y), complex(x - 20, y - 30), complex(x, y - 60),
                    complex(x - 20, y - 90), complex(x - 4, y - 116),
                )  # fmt: skip
                sheet.fill(line(way, 15 + grow, taper(0.25, 0.25, blunt=0.4), count=8), colour)
