"""Mochi's eyes: everything between the lids, and the lids in every pose.

A pose is how far the eye is open (0 shut, 1 at rest, 1.3 wide) and how much it smiles; all poses
come from one function, so that drawings of two poses can be blended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from avatars.drawing.mochi import palette as ink
from avatars.drawing.pen import Curve, egg, line, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["EYE_Y", "OPEN_KEYS", "draw_eyes", "draw_poses"]

EYE_X: Final = {"r": 362.0, "l": 638.0}
EYE_Y: Final = 590.0
WIDE, HIGH = 60.0, 74.0
OPEN_KEYS: Final = (0.0, 0.3, 0.6, 1.0, 1.3)
_STEPS: Final = 6


@dataclass(frozen=True)
class Pose:
    """How the lids stand."""

    open: float = 1.0
    smile: float = 0.0
    low: float = 0.0
    """How far the lower lid is pushed up."""
    slant: float = 0.0
    """+1: the inner end of the upper lid is high and the outer droops; -1: the inner end is low."""


def _lids(side: str, pose: Pose) -> tuple[list[complex], list[complex]]:
    """Points along the upper and the lower lid, from screen left to right."""
    x0 = EYE_X[side]
    inwards = 1.0 if side == "r" else -1.0
    up, down = [], []
    raised = min(pose.open, 1.0)
    for i in range(_STEPS + 1):
        turn = math.pi * (i / _STEPS - 0.5)
        u, c = math.sin(turn), max(math.cos(turn), 0.0)
        wide = WIDE * (1.0 + 0.05 * (pose.open - 1.0) + 0.1 * (1 - raised))
        blink = HIGH * (0.1 + 0.38 * c)
        laugh = HIGH * (0.34 - 0.52 * c)
        shut = blink + (laugh - blink) * pose.smile
        tall = 1.0 + 0.7 * max(pose.open - 1.0, 0.0)
        top = -HIGH * 0.88 * tall * c**0.8 + HIGH * 0.1 * pose.smile * c
        push = 0.42 * pose.smile + 0.5 * pose.low
        bottom = HIGH * (1.0 + 0.12 * max(pose.open - 1.0, 0.0)) * c * (1 - push)
        if pose.slant:
            top = max(top, HIGH * (-0.66 - 0.4 * pose.slant * u * inwards))
        y_up = shut + (top - shut) * raised
        y_down = shut + (bottom - shut) * raised
        up.append(complex(x0 + wide * u, EYE_Y + y_up))
        down.append(complex(x0 + wide * u, EYE_Y + max(y_down, y_up)))
    return up, down


def _white(side: str, pose: Pose) -> Curve:
    up, down = _lids(side, pose)
    return through(*up).then(through(*down[::-1]), close=True)


def _lash(side: str, pose: Pose) -> Curve:
    """The upper lash, thickest past its middle, with a small wing at the outer end."""
    up, _ = _lids(side, pose)
    out = 1.0 if side == "l" else -1.0
    lid = through(*(up if side == "l" else up[::-1]))
    end = 0.96 - 0.12 * min(pose.open, 1.0)
    spots = [lid.at(t) for t in lid.stations([0.1, 0.3, 0.5, 0.68, end])]
    raised = min(pose.open, 1.0)
    flick = 2 * raised - (1 - raised) * (4 - 12 * pose.smile)
    wing = spots[-1] + complex(out * (12 + 8 * raised), flick)
    swell = taper(0.55, 0.3, blunt=0.12 + 0.2 * (1 - raised))
    side_left = 0.72 if side == "l" else 0.28
    return line(through(*spots, wing), 22, swell, count=7, left=side_left)


def _under(side: str, pose: Pose) -> Curve:
    _, down = _lids(side, pose)
    return line(through(*down).part(0.05, 0.95), 9, taper(0.5, 0.5), count=5, left=0.3)


def _shade(side: str, pose: Pose) -> Curve:
    """The shadow of the upper lid on the eye."""
    up, _ = _lids(side, pose)
    deep = 22 * min(pose.open, 1.0)
    under = [z + 1j * deep for z in up]
    return through(*[z - 12j for z in up]).then(through(*under[::-1]), close=True)


_DRAWN: Final = (
    ("white", _white, ink.EYE_WHITE, 1.0),
    ("shade", _shade, "#5b3a8c", 0.34),
    ("under", _under, ink.INK, 1.0),
    ("lash", _lash, ink.LASH, 1.0),
)


def draw_eyes(sheet: Sheet) -> None:
    for side in ("r", "l"):
        for name, make, colour, opacity in _DRAWN:
            with sheet.group(f"{name}_{side}"):
                sheet.fill(make(side, Pose()), colour, opacity=opacity)
        _iris(sheet, side)


def draw_poses(sheet: Sheet) -> None:
    """The lids' key drawings: open x smile, and what else changes an open eye."""
    poses = {
        f"{round(opened * 10)}_{smile}": Pose(open=opened, smile=smile)
        for opened in OPEN_KEYS
        for smile in (0, 1)
    }
    for side in ("r", "l"):
        for name, make, colour, opacity in _DRAWN:
            for key, pose in (poses | _CHANGES).items():
                with sheet.group(f"{name}_{side}_{key}"):
                    sheet.fill(make(side, pose), colour, opacity=opacity)


_CHANGES: Final = {"low": Pose(low=1.0), "cross": Pose(slant=-1.0), "sad": Pose(slant=1.0)}


def _iris(sheet: Sheet, side: str) -> None:
    mid = complex(EYE_X[side] + (6 if side == "r" else -6), EYE_Y + 2)
    rim, middle, glow, pupil = ink.IRIS
    paint = sheet.linear(
        f"iris_paint_{side}", mid - 56j, mid + 58j,
        (0, rim), (0.42, middle), (0.78, glow), (1, "#c4f4f0"),
    )  # fmt: skip
    with sheet.group(f"iris_{side}"):
        sheet.fill(egg(mid, 48, 62), rim)
        sheet.fill(egg(mid + 2j, 42, 55), paint)
        sheet.fill(egg(mid - 2j, 21, 29), pupil)
        glint = through(mid + (-25 + 35j), mid + 47j, mid + (25 + 35j))
        sheet.fill(line(glint, 12, taper(0.5, 0.5), count=4), "#e3fff4", opacity=0.85)
    with sheet.group(f"shine_{side}"):
        sheet.fill(egg(mid + (-17 - 27j), 15, 18, tilt=20), ink.SHINE)
    with sheet.group(f"glint_{side}"):
        sheet.fill(egg(mid + (19 + 21j), 7, 8), ink.SHINE, opacity=0.9)
    with sheet.group(f"sparkle_{side}"):
        sheet.fill(egg(mid + (14 - 30j), 7, 8), ink.SHINE)
        sheet.fill(egg(mid + (-20 + 16j), 6, 7), ink.SHINE)
