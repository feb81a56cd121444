"""Which vowel a spectrum is."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.core.voice import table
from vtdrive.core.voice.bands import COEFFICIENTS, cepstrum
from vtdrive.types import F32

__all__ = ["CLASSES", "VOWELS", "shares"]

VOWELS: Final = ("A", "I", "U", "E", "O")
CLASSES: Final = (*VOWELS, "other")
"""`other` is a sound of an almost closed mouth (m, n, s, f …), or no voice at all."""

_MEAN: Final = np.array(table.MEAN, np.float32)
_CONSTANT: Final = np.array(table.CONSTANT, np.float32)
_LINEAR: Final = np.array(table.LINEAR, np.float32)
_SQUARE: Final = np.array(table.SQUARE, np.float32)
_ROWS, _COLUMNS = np.triu_indices(COEFFICIENTS)


def shares(power: F32) -> F32:
    """(BANDS,) band powers to (6,) shares of `CLASSES`, which sum to 1.

    Each class has a centre and a form of its own around it: a score that is quadratic in the
    cepstrum. Loudness plays no part.
    """
    form = cepstrum(power) - _MEAN
    score = _CONSTANT + form @ _LINEAR + (form[_ROWS] * form[_COLUMNS]) @ _SQUARE
    weight = np.exp(score - score.max())
    found: F32 = weight / weight.sum()
    return found
