"""The whole of Mimi."""

from __future__ import annotations

from avatars.drawing.mimi import body, ears, face, hair, marks
from avatars.drawing.mimi.eyes import draw_brow, draw_eye, draw_eye_keys
from avatars.drawing.mimi.mouth import draw_mouth, draw_mouth_keys
from avatars.drawing.sheet import Sheet

__all__ = ["drawn"]


def drawn() -> Sheet:
    """The drawing, in painting order."""
    sheet = Sheet(1000, 1200)
    body.draw_tail(sheet)
    hair.draw_back(sheet)
    body.draw_neck(sheet)
    body.draw_torso(sheet)
    body.draw_arms(sheet)
    body.draw_collar(sheet)
    body.draw_ribbon(sheet)
    body.draw_forearm(sheet)
    ears.draw_ears(sheet)
    face.draw_face(sheet)
    face.draw_blush(sheet)
    marks.draw_low_marks(sheet)
    hair.draw_fringe_shadow(sheet)
    face.draw_nose(sheet)
    face.draw_wrinkle(sheet)
    draw_mouth(sheet)
    for side in ("l", "r"):
        draw_eye(sheet, side)
    hair.draw_sides(sheet)
    hair.draw_cap(sheet)
    ears.draw_tufts(sheet)
    hair.draw_fringe(sheet)
    marks.draw_pin(sheet)
    for side in ("l", "r"):
        draw_brow(sheet, side)
        draw_eye_keys(sheet, side)
    marks.draw_top_marks(sheet)
    draw_mouth_keys(sheet)
    return sheet
