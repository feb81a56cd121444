"""The mirror image of a face state. Applied after calibration and filters, before the mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from vtdrive.types import FaceState, frozen
from vtdrive.vocab import MIRROR_SHAPE

__all__ = ["mirrored"]

_SWAP: Final = np.array(MIRROR_SHAPE, np.intp)
_TURN: Final = np.array([1, -1, -1, 1], np.float32)
_MOVE: Final = np.array([-1, 1, 1], np.float32)
_LOOK: Final = np.array([-1, 1], np.float32)


def mirrored(state: FaceState) -> FaceState:
    """Left becomes right. Applied twice it gives the state back."""
    return replace(
        state,
        head_xyzw=frozen(state.head_xyzw * _TURN),
        head_m=frozen(state.head_m * _MOVE),
        gaze_rad=frozen(state.gaze_rad[::-1] * _LOOK),
        shapes=frozen(state.shapes[_SWAP]),
    )
