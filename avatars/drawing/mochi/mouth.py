"""Mochi's mouth on a grid: form (frown to smile) by open. Shut, it is a small double curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, egg, line, mix, through
from avatars.drawing.sheet import Sheet

__all__ = ["FORMS", "OPENS", "draw_mouth", "draw_poses"]

MOUTH: Final = 500 + 676j
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


def _size(pose: Pose) -> tuple[float, float]:
    """Half the width, and how far the lower lip drops."""
    wide = {-1.0: (54, 50, 54), -0.4: (46, 42, 46), 0.0: (48, 40, 48), 1.0: (68, 72, 80)}[pose.form]
    deep = {-1.0: (0, 36, 76), -0.4: (0, 40, 84), 0.0: (0, 46, 94), 1.0: (0, 52, 100)}[pose.form]
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
            lift = (20 * (1 - c) - 10) * -pose.form + 6 * pose.open * (1 - c)
        else:
            twin = 15 + 7 * pose.form
            scallop = twin * math.sin(math.pi * abs(u)) * (1 - 0.75 * pose.open)
            lift = -(2 + 16 * pose.form) * abs(u) ** 1.6 * (1 - 0.45 * pose.open)
            lift -= 10 * pose.open * (1 - pose.form) * c
        scallop *= 1 - pose.round
        lift += (-34 * pose.open * c + 10 - lift) * pose.round
        lift -= 26 * pose.smirk * max(u, 0.0) ** 1.6 - 5 * pose.smirk * max(-u, 0.0)
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
        return 0.5 + 0.5 * math.sin(math.pi * t) ** 0.7

    return line(way, width, profile, count=8)


def _upper_line(pose: Pose) -> Curve:
    return _lip(_upper(pose), 12.5)


def _lower_line(pose: Pose) -> Curve:
    return _lip(_lower(pose), 11)


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


def _rest(make: object) -> Curve:
    assert callable(make)
    flat, glad = make(Pose(0.0, 0.0)), make(Pose(1.0, 0.0))
    assert isinstance(flat, Curve)
    assert isinstance(glad, Curve)
    return mix(flat, glad, REST_FORM)


def draw_mouth(sheet: Sheet) -> None:
    for name, make, colour in _DRAWN:
        with sheet.group(name):
            sheet.fill(_rest(make), colour)
    with sheet.group("tongue_out"):
        tip = through(
            498 + 682j, 540 + 682j, 543 + 712j, 519 + 734j, 495 + 712j, closed=True, corners=(0, 1)
        )
        sheet.fill(line(tip, 8, lambda t: 1.0, count=12, left=0.5), ink.LASH)
        sheet.fill(tip, ink.TONGUE)
        sheet.fill(
            line(through(519 + 688j, 519 + 714j), 7, lambda t: 1 - 0.8 * t, count=2), ink.CHEEK
        )


def draw_poses(sheet: Sheet) -> None:
    """Key drawings: form x open, and what smirk, wave and an O change."""
    for name, make, colour in _DRAWN:
        rest = _rest(make)

        def put(key: str, shape: Curve) -> None:
            with sheet.group(f"{name}_{key}"):
                sheet.fill(shape, colour)

        for letter, form in FORMS.items():
            for opened in OPENS:
                put(f"{letter}{round(opened * 10)}", make(Pose(form, opened)))
        for key, other in (
            ("smirk_l", Pose(0.0, 0.0, smirk=1.0)),
            ("smirk_r", Pose(0.0, 0.0, smirk=-1.0)),
            ("wave", Pose(0.0, 0.0, wave=1.0)),
            ("round5", Pose(0.0, 0.5, round=1.0)),
            ("round10", Pose(0.0, 1.0, round=1.0)),
        ):
            plain = make(Pose(0.0, other.open))
            moved = zip(rest.points, plain.points, make(other).points, strict=True)
            put(key, Curve(tuple(r + b - a for r, a, b in moved), rest.closed))
