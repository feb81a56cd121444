"""From vowels to the shapes of a mouth: the inverse of how the mapping reads vowels from shapes."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.core.voice.vowels import VOWELS
from vtdrive.types import F32, frozen
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["MOUTH_KNOWN", "mouth_of"]

_POSES: Final = {
    "A": {"jawOpen": 0.70},
    "I": {"jawOpen": 0.20, "mouthStretch": 0.65, "mouthSmile": 0.75},
    "U": {"jawOpen": 0.10, "mouthPucker": 0.70, "mouthFunnel": 0.22},
    "E": {"jawOpen": 0.22, "mouthStretch": 0.50, "mouthLowerDown": 0.90, "mouthUpperUp": 0.85},
    "O": {"jawOpen": 0.45, "mouthFunnel": 0.75, "mouthPucker": 0.10},
}
"""Each vowel at its fullest. A name without a side stands for both."""


def _matrix() -> F32:
    matrix = np.zeros((len(SHAPE_INDEX), len(VOWELS)), np.float32)
    for column, vowel in enumerate(VOWELS):
        for stem, value in _POSES[vowel].items():
            for name in (stem, f"{stem}Left", f"{stem}Right"):
                if name in SHAPE_INDEX:
                    matrix[SHAPE_INDEX[name], column] = value
    return matrix


_MATRIX: Final = _matrix()

MOUTH_KNOWN: Final = _MATRIX.any(axis=1)
"""(52,) the shapes that a voice tells of."""
MOUTH_KNOWN[SHAPE_INDEX["mouthClose"]] = True
MOUTH_KNOWN.setflags(write=False)


def mouth_of(voice: F32) -> F32:
    """(6,) A, I, U, E, O and volume to (52,) shapes in [0, 1], 0 where not `MOUTH_KNOWN`."""
    return frozen(np.clip(_MATRIX @ voice[:5], 0.0, 1.0))
