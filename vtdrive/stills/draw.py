"""Boxes and emotions drawn onto a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vtdrive.stills.read import ReadFace
from vtdrive.types import U8
from vtdrive.vocab import EMOTIONS

__all__ = ["drawn"]

_COLOURS = {
    "neutral": (158, 158, 158),
    "happiness": (255, 193, 7),
    "surprise": (0, 188, 212),
    "sadness": (66, 133, 244),
    "anger": (229, 57, 53),
    "disgust": (76, 175, 80),
    "fear": (156, 39, 176),
    "contempt": (255, 112, 67),
}
"""RGB; the word beside it says the same."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_PX = 22.0
"""Height of that font's capitals at scale 1."""
_TEXT = 0.12
"""Height of capitals as a share of the box's."""


def drawn(image_rgb: U8, faces: Sequence[ReadFace]) -> U8:
    """A copy of `image_rgb` (H, W, 3) with each face's box, number and emotion.

    The box is a hair line where no mesh was found.
    """
    out = np.array(image_rgb)
    # The surest is drawn last, over its neighbours.
    for number, face in reversed(list(enumerate(faces, 1))):
        _draw(out, face, number)
    return out


def _draw(image: U8, face: ReadFace, number: int) -> None:
    height, width = image.shape[:2]
    left, top, right, bottom = (round(float(edge)) for edge in face.found.box_px)
    best = int(face.probs.argmax())
    colour = _COLOURS[EMOTIONS[best]]
    size = bottom - top
    line = max(1, round(size / 60)) if face.mesh else 1
    cv2.rectangle(image, (left, top), (right, bottom), colour, line, cv2.LINE_AA)

    text = f"{number} {EMOTIONS[best]} {100 * face.probs[best]:.0f}%"
    capitals = float(np.clip(_TEXT * size, 8, height / 12))
    scale, thick = capitals / _FONT_PX, max(1, round(capitals / 10))
    wide = cv2.getTextSize(text, _FONT, scale, thick)[0][0]
    pad = max(2, round(capitals / 3))
    tall = round(capitals) + 2 * pad
    # Above the box where there is room, else inside it; never beyond the picture.
    y = top - tall if top >= tall else max(0, top)
    x = int(np.clip(left, 0, max(0, width - wide - 2 * pad)))
    cv2.rectangle(image, (x, y), (x + wide + 2 * pad, y + tall), colour, cv2.FILLED)
    ink = (0, 0, 0) if np.dot(colour, (0.299, 0.587, 0.114)) > 128 else (255, 255, 255)
    cv2.putText(image, text, (x + pad, y + tall - pad), _FONT, scale, ink, thick, cv2.LINE_AA)
