"""Mochi's mouth on a grid: form (frown to smile) by open. Shut, it is a small double curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, egg, line, mix, through
from avatars.drawing.sheet import Sheet

__all__ = ["FORMS", "OPENS", "draw_mouth", "draw_poses"]

MOUTH: Final = 500 + 682j
FORMS: Final = {"n": -1.0, "m": -0.4, "z": 0.0, "p": 1.0}
OPENS: Final = (0.0, 0.5, 1.0)
REST_FORM: Final = 0.1
_HALF: Final = 4
"""Points in half a lip."""


@dataclass(frozen=True)
class Pose:
    """A key pose, and small changes to it."""

    form: float
    open: float
    smirk: float = 0.0
    """+1: the corner at the right of the screen is pulled up."""
    wave: float = 0.0
    round: float = 0.0
    """1: as for an O."""
    flat: float = 0.0
    """1: as for an I or E, without the double curve of the upper lip."""


def _size(pose: Pose) -> tuple[float, float]:
    """Half the width, and how far the lower lip drops."""
    wide = {-1.0: (64, 58, 62), -0.4: (56, 50, 54), 0.0: (60, 50, 58), 1.0: (82, 86, 94)}[pose.form]
    deep = {-1.0: (0, 40, 82), -0.4: (0, 46, 92), 0.0: (0, 54, 104), 1.0: (0, 60, 108)}[pose.form]
    return wide[round(pose.open * 2)], deep[round(pose.open * 2)]


def _lips(pose: Pose) -> tuple[list[complex], list[complex]]:
    """Points along the upper and the lower lip, from screen left to right."""
    wide, deep = _size(pose)
    boxy = {-1.0: 0.5, -0.4: 0.75, 0.0: 0.9, 1.0: 0.72}[pose.form]
    boxy += (1.0 - boxy) * pose.round
    up, down = [], []
    scallop = 0.0
    for i in range(-_HALF, _HALF + 1):
        u = i / _HALF * (1.3 - 0.3 * abs(i) / _HALF)
        c = math.sqrt(max(1 - u * u, 0.0))
        if pose.form < 0:
            lift = (24 * (1 - c) - 12) * -pose.form + 6 * pose.open * (1 - c)
        else:
            twin = 18 + 8 * pose.form
            scallop = twin * math.sin(math.pi * abs(u)) * (1 - 0.75 * pose.open)
            lift = -(2 + 18 * pose.form) * abs(u) ** 1.6 * (1 - 0.45 * pose.open)
            lift -= 10 * pose.open * (1 - pose.form) * c
        scallop *= (1 - pose.round) * (1 - 0.85 * pose.flat)
        lift += (-34 * pose.open * c + 10 - lift) * pose.round
        lift -= 18 * pose.smirk * max(u, 0.0) ** 1.6 - 5 * pose.smirk * max(-u, 0.0)
        ripple = pose.wave * (1 if pose.open == 0 else 0.8)
        lift += 13 * ripple * math.sin(math.pi * 2.5 * (u + 1) * 0.8)
        spread = wide * (1 + 0.25 * pose.wave + 0.12 * pose.smirk)
        up.append(MOUTH + complex(spread * u, lift + scallop))
        down.append(MOUTH + complex(spread * u, lift + deep * c**boxy))
    return up, down


def _upper(pose: Pose) -> Curve:
    up, _ = _lips(pose)
    return through(*up)


def _lower(pose: Pose) -> Curve:
    """Follows the upper lip exactly where the mouth is shut."""
    if pose.open == 0:
        return _upper(pose)
    _, down = _lips(pose)
    return through(*down)


def _inside(pose: Pose) -> Curve:
    return _upper(pose).then(_lower(pose).backwards(), close=True)


def _lip(way: Curve, width: float) -> Curve:
    def profile(t: float) -> float:
        return float(0.5 + 0.5 * math.sin(math.pi * t) ** 0.7)

    return line(way, width, profile, count=8)


def _upper_line(pose: Pose) -> Curve:
    return _lip(_upper(pose), 13.5)


def _lower_line(pose: Pose) -> Curve:
    return _lip(_lower(pose), 12)


def _teeth(pose: Pose) -> Curve:
    """A band behind the upper lip; only what lies inside the mouth is seen."""
    up, _ = _lips(pose)
    band = 17 + 5 * pose.form * pose.open
    top = through(*[z - 14j for z in up])
    return top.then(through(*[z + 1j * band for z in up[::-1]]), close=True)


def _fang(pose: Pose) -> Curve:
    """One small tooth, which is always there."""
    way = _upper(pose)
    t = way.stations([0.7])[0]
    root = way.at(t)
    spots = (
        root + (-10 - 8j),
        root + (11 - 8j),
        root + (9 + 6j),
        root + (1 + 16j),
        root + (-8 + 5j),
    )
    return through(*spots, closed=True, corners=(0, 1))


def _tongue(pose: Pose) -> Curve:
    wide, deep = _size(pose)
    _, down = _lips(pose)
    low = down[_HALF]
    return egg(low + 1j * (8 - 0.1 * deep), wide * 0.66, 0.1 + deep * 0.42)


_DRAWN: Final = (
    ("mouth_in", _inside, ink.MOUTH),
    ("tongue", _tongue, ink.TONGUE),
    ("teeth", _teeth, ink.TOOTH),
    ("fang", _fang, ink.TOOTH),
    ("lip_low", _lower_line, ink.LASH),
    ("lip_up", _upper_line, ink.LASH),
)


def _rest(make: Callable[[Pose], Curve]) -> Curve:
    return mix(make(Pose(0.0, 0.0)), make(Pose(1.0, 0.0)), REST_FORM)


def draw_mouth(sheet: Sheet) -> None:
    for name, make, colour in _DRAWN:
        with sheet.group(name):
            sheet.fill(_rest(make), colour)
    with sheet.group("tongue_out"):
        tip = through(
            498 + 688j, 540 + 688j, 543 + 718j, 519 + 740j, 495 + 718j, closed=True, corners=(0, 1)
        )
        sheet.fill(line(tip, 8, lambda t: 1.0, count=12, left=0.5), ink.LASH)
        sheet.fill(tip, ink.TONGUE)
        sheet.fill(
            line(through(519 + 694j, 519 + 720j), 7, lambda t: 1 - 0.8 * t, count=2), ink.CHEEK
        )


def draw_poses(sheet: Sheet) -> None:
    """Key drawings: form x open, and what smirk, wave and vowels change."""
    for name, make, colour in _DRAWN:
        shapes = {
            f"{letter}{round(opened * 10)}": make(Pose(form, opened))
            for letter, form in FORMS.items()
            for opened in OPENS
        }
        rest = _rest(make)
        for key, other in _CHANGES.items():
            plain = make(Pose(0.0, other.open))
            moved = zip(rest.points, plain.points, make(other).points, strict=True)
            shapes[key] = Curve(tuple(r + b - a for r, a, b in moved), rest.closed)
        for key, shape in shapes.items():
            with sheet.group(f"{name}_{key}"):
                sheet.fill(shape, colour)


_CHANGES: Final = {
    "smirk_l": Pose(0.0, 0.0, smirk=1.0),
    "smirk_r": Pose(0.0, 0.0, smirk=-1.0),
    "wave": Pose(0.0, 0.0, wave=1.0),
    "round0": Pose(0.0, 0.0, round=1.0),
    "round5": Pose(0.0, 0.5, round=1.0),
    "round10": Pose(0.0, 1.0, round=1.0),
    "flat5": Pose(0.0, 0.5, flat=1.0),
    "flat10": Pose(0.0, 1.0, flat=1.0),
}
"""Drawn as the drawing at rest plus what sets the pose apart from the plain one."""
