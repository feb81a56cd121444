"""What was read from the face, as bars and scrolling curves."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from vtdrive.render.side_by_side.ink import BACK, DIM, FAINT, LIGHT, PALETTE, bar, curve, text
from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, U8, FaceState
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX

__all__ = ["SignalPanel"]

_PAST: Final = 120
"""Pictures that a curve goes back."""
_EDGE: Final = 22
_FULL_DEG: Final = 25.0
_HEAD: Final = ("yaw", "pitch", "roll")
_LIDS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_MOUTH: Final = ("jawOpen", "mouthPucker", "mouthSmileLeft")
_CALM: Final = (104, 112, 134)
_BOX: Final = (29, 32, 43)
_BESIDE: Final = 14
"""Between two names."""


class SignalPanel:
    """Expressions, head, lids and mouth; the last four seconds of what moves fast."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._past: deque[F32] = deque(maxlen=_PAST)

    def draw(self, image: U8, state: FaceState) -> None:
        """On `image` (height, width, 3), which it fills. One call for each picture of the film."""
        degrees = [math.degrees(angle) for angle in euler_from_quat(state.head_xyzw)]
        shapes = [float(state.shapes[SHAPE_INDEX[name]]) for name in (*_LIDS, *_MOUTH)]
        shares = [0.5 + 0.5 * angle / _FULL_DEG for angle in degrees]
        self._past.append(np.array([*shares, *shapes], np.float32))
        image[:] = BACK
        self._expressions(image, state)
        past = np.stack(list(self._past))
        # Of degrees that round to 0, without a sign that trembles.
        turns = [
            f"{name} {round(angle) or 0:+d}" for name, angle in zip(_HEAD, degrees, strict=True)
        ]
        self._curves(image, (212, 74), turns, past[:, :3], middle=True)
        self._curves(image, (312, 50), _LIDS, past[:, 3:5])
        self._curves(image, (396, 50), _MOUTH, past[:, 5:])

    def _expressions(self, image: U8, state: FaceState) -> None:
        felt, width = state.emotion, self._size[0]
        for i, name in enumerate(EMOTIONS):
            y = 20 + 23 * i
            shown, leads = bool(i) and i == felt.shown, i == felt.leading
            colour = PALETTE[2] if shown else PALETTE[0] if leads else _CALM
            ink = LIGHT if shown or leads else DIM
            text(image, (_EDGE, y), name, ink, size_px=12, bold=shown)
            share = float(felt.probs[i])
            bar(image, (118, y + 3, width - 118 - 68, 9), share, colour)
            text(image, (width - _EDGE, y), f"{share:.2f}", ink, align="right")

    def _curves(
        self,
        image: U8,
        place: tuple[int, int],
        names: Sequence[str],
        past: F32,
        *,
        middle: bool = False,
    ) -> None:
        """`names` over a box in which `past` (N, len(names)) scrolls; `place` is top and height."""
        top, height = place
        x, wide = _EDGE, self._size[0] - 2 * _EDGE
        y0 = top + 20
        cv2.rectangle(image, (x, y0 - 3), (x + wide, y0 + height + 3), _BOX, -1)
        if middle:
            cv2.line(image, (x, y0 + height // 2), (x + wide, y0 + height // 2), FAINT, 1)
        for i in reversed(range(len(names))):
            curve(image, (x, y0, wide - 8, height), past[:, i], _PAST, PALETTE[i])
        for name, colour in zip(names, PALETTE, strict=False):
            x += text(image, (x, top - 3), name, colour, size_px=10) + _BESIDE
