"""Mochi, the round mascot: a peach-coloured dumpling with two leaves that show its mood."""

from __future__ import annotations

from avatars.drawing.mochi import body, eyes, face, marks, mouth
from avatars.drawing.sheet import Sheet

__all__ = ["drawn"]


def drawn() -> Sheet:
    """The whole drawing: what is seen at rest first, then the key drawings."""
    sheet = Sheet(1000, 1000)
    body.draw_back(sheet)
    body.draw_body(sheet)
    marks.draw_washes(sheet)
    body.draw_leaves(sheet)
    face.draw_cheeks(sheet)
    eyes.draw_eyes(sheet)
    mouth.draw_mouth(sheet)
    face.draw_brows(sheet)
    body.draw_front(sheet)
    marks.draw_marks(sheet)
    with sheet.group("poses", hidden=True):
        eyes.draw_poses(sheet)
        mouth.draw_poses(sheet)
        face.draw_poses(sheet)
    return sheet
