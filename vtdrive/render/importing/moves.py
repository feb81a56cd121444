"""How a figure of pictures lives: what moves it as a whole, and when each picture is shown."""

from __future__ import annotations

from typing import Final

from vtdrive.render.importing.imported import Table

__all__ = [
    "EYES_SHUT",
    "FIGURE",
    "HOP",
    "MOUTH_OPEN",
    "SHIFT",
    "eyes",
    "figure",
    "in_turn",
    "mouth",
]

FIGURE: Final = "figure"
"""The group that all pictures belong to."""
MOUTH_OPEN: Final = 0.15
EYES_SHUT: Final = 0.35
"""A picture's eyes are open or shut: the change comes as two thirds of the way are done."""
_ALL: Final = 9.0
"""Beyond every parameter's range."""
HOP: Final = 0.04
"""How high the figure hops, as a share of its height."""
SHIFT: Final = 0.025
"""How far it goes aside with a turned head, as a share of its width."""
_SUPPLE: Final = 16
"""A figure of more pictures tilts stiffly: bending each takes half as long again."""
_FEELINGS: Final[Table] = {
    "happiness": {"add": {"mouth_open": 0.0}, "cap": {"eye_open_l": 1.3, "eye_open_r": 1.3}},
    "surprise": {"add": {"mouth_open": 0.0}},
    "fear": {"add": {"mouth_open": 0.0}},
}
"""An expression has pictures of its own: it neither shuts the eyes nor opens the mouth."""
_MARGIN: Final = (0.06, 0.1)
"""At the sides and above, as shares: room for tilts and hops."""


def mouth(*, is_open: bool) -> Table:
    """The `when` of a picture whose mouth is open, or shut."""
    return {"mouth_open": [MOUTH_OPEN, _ALL] if is_open else [-_ALL, MOUTH_OPEN]}


def eyes(*, are_shut: bool) -> list[Table]:
    """The `when`s of a picture whose eyes are shut, or open. One open eye is no blink."""
    sides = ("eye_open_l", "eye_open_r")
    if are_shut:
        return [{side: [-_ALL, EYES_SHUT] for side in sides}]
    return [{side: [EYES_SHUT, _ALL]} for side in sides]


def in_turn(count: int) -> list[Table]:
    """The `when`s of pictures that follow each other, to and fro in a breath."""
    edges = [-_ALL, *(i / count for i in range(1, count)), _ALL]
    return [{"breath": [edges[i], edges[i + 1]]} for i in range(count)]


def hop_with_words(height: float) -> Table:
    """What moves a picture that has no open mouth: up with every word."""
    points = [[0.05, 0.0], [MOUTH_OPEN, 0.3], [0.7, 1.0]]
    return {"kind": "move", "by": "mouth_open", "points": points, "y": -round(HOP * height, 1)}


def figure(*, width: float, height: float, pictures: int) -> Table:
    """The avatar's tables for a figure on a canvas of that size: canvas, frame, group FIGURE.

    `pictures`: how many are seen at once.
    """
    side, above = round(width * _MARGIN[0], 1), round(height * _MARGIN[1], 1)
    hop = HOP * height
    foot, crown = [width / 2, height], [width / 2, 0.0]
    # Its foot stays: a picture that ends at the canvas' edge must not show where.
    lean = {"kind": "bend", "by": "head_z", "deg": 0.4, "power": 1.0, "root": foot, "tip": crown}
    deform: list[Table] = [
        {"kind": "scale", "by": "breath", "x": 0.003, "y": 0.012},
        {"kind": "scale", "by": "squash", "x": -0.03, "y": 0.04},
        {"kind": "scale", "by": "mood_lean", "x": 0.03, "y": 0.03},
        {"kind": "scale", "by": "pos_z", "x": 0.06, "y": 0.06},
        lean if pictures <= _SUPPLE else {"kind": "rotate", "by": "head_z", "deg": 0.3},
        {"kind": "move", "by": "head_x", "x": round(SHIFT * width / 30, 4)},
        {"kind": "move", "by": "head_y", "y": -round(0.015 * height / 30, 3)},
        {"kind": "move", "by": "pos_x", "x": round(0.05 * width, 1)},
        {"kind": "move", "by": "pos_y", "y": -round(0.03 * height, 1)},
        {"kind": "move", "by": "hop", "y": -round(hop, 1)},
    ]
    group = {"name": FIGURE, "art": "", "pivot": foot, "deform": deform}
    frame = [-side, -above, width + 2 * side, height + above]
    return {
        "canvas": [width, height],
        "frame": frame,
        "feelings": _FEELINGS,
        "part": [group],
    }
