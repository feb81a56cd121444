"""The face without its features, the nose and the blush."""

from __future__ import annotations

from avatars.drawing.mimi import palette as p
from avatars.drawing.pen import Curve, blob, egg, line, mirrored, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["FACE", "draw_blush", "draw_face", "draw_nose", "draw_wrinkle"]

_RIGHT = (
    500 + 256j, 600 + 270j, 676 + 340j, 700 + 450j, 697 + 530j, 684 + 588j, 646 + 644j,
    584 + 692j, 534 + 714j,
)  # fmt: skip
FACE: Curve = blob(
    *_RIGHT,
    500 + 718j,
    *(complex(1000 - z.real, z.imag) for z in reversed(_RIGHT[1:])),
)
"""From the crown on, clockwise."""


def draw_face(sheet: Sheet) -> None:
    with sheet.group("face"):
        sheet.fill(FACE, p.SKIN)
        cheek = through(696 + 536j, 684 + 588j, 646 + 644j, 584 + 692j, 540 + 712j)
        sheet.fill(line(cheek, 26, taper(0.5, 0.6), left=0.0, count=4), p.SKIN_SHADE)
        jaw = FACE.between(4, 14)
        sheet.fill(line(jaw, 6.5, taper(0.22, 0.22), count=10), p.SKIN_LINE)


def draw_nose(sheet: Sheet) -> None:
    with sheet.group("nose"):
        sheet.fill(egg(505 + 607j, 7, 5, tilt=20), p.SKIN_SHADE)
        sheet.fill(line(through(495 + 600j, 499 + 607j, 506 + 608j), 4.6, count=3), p.SKIN_LINE)


def draw_wrinkle(sheet: Sheet) -> None:
    """Over the nose, in disgust."""
    with sheet.group("wrinkle"):
        ways = (
            through(486 + 570j, 493 + 575j, 500 + 574j, 509 + 569j),
            through(488 + 583j, 495 + 588j, 501 + 587j, 508 + 583j),
        )
        sheet.fill([line(way, 4.6, taper(0.3, 0.3), count=4) for way in ways], p.SKIN_LINE)


def draw_blush(sheet: Sheet) -> None:
    """`cheeks` are always there, `blush` comes with feelings."""
    for name, strength in (("cheeks", 0.42), ("blush", 0.85)):
        with sheet.group(name):
            for side, x in (("l", 622.0), ("r", 378.0)):
                at = complex(x, 598)
                colour = sheet.radial(
                    f"{name}_{side}", at, 46, (0, p.BLUSH, strength), (1, p.BLUSH, 0.0)
                )
                sheet.fill(egg(at, 46, 30), colour)
            if name == "blush":
                strokes = [
                    line(through(at + 8 - 13j, at - 7 + 13j), 5.5, count=2)
                    for at in (600 + 598j, 622 + 601j, 644 + 597j)
                ]
                strokes += [mirrored(stroke, 500).moved(15) for stroke in strokes]
                sheet.fill(strokes, "#e8606e")
