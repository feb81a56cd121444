"""What the classifier reads into a user's resting face, and how it is taken off again.

A resting face may read as sad or cross. The offset is what its log-odds against neutral exceed
those of a face at rest by; taken off every later sample, it moves the rest to neutral. In log-odds
and not in probabilities, because a doubtful reading then moves far and a sure one hardly: 0.5 of
sadness becomes 0.2, but 0.95 only 0.83, so that what is more than the rest still gets through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from vtdrive.types import F32, all_finite, frozen
from vtdrive.vocab import EMOTIONS

__all__ = ["MOST", "bounded", "resting_offset", "without_rest"]

MOST: Final = math.log(4)
"""Largest offset, in log-odds: it takes 0.3 of an even chance. Whoever measures a laugh instead of
a rest can still be seen to laugh, and nobody's anger is silenced."""

_NEUTRAL: Final = 0
_REST_ODDS: Final = 0.25
"""Each emotion against neutral in a face at rest: what lies below is nobody's resting sad face."""
_DOUBT: Final = 4.0
"""As many samples without any offset are counted in: two or three readings are no habit."""
_LEAST: Final = 1e-3
"""Probabilities below this differ by nothing that was measured."""


def resting_offset(samples: Sequence[F32]) -> F32 | None:
    """(8,) offset of a face at rest from its samples' probabilities (8,); None without any.

    Log-odds, 0 to `MOST`; neutral's is 0. Samples with a value that is no number are left out.
    """
    sound = [probs for probs in samples if all_finite(probs)]
    if not sound:
        return None
    logs = np.log(np.maximum(np.stack(sound).astype(np.float64), _LEAST)).mean(0)
    excess = logs - logs[_NEUTRAL] - math.log(_REST_ODDS)
    return bounded(excess * (len(sound) / (len(sound) + _DOUBT)))


def bounded(offset: F32) -> F32:
    """`offset` (8,) within 0 and `MOST`, and 0 for neutral."""
    out = np.clip(offset, 0.0, MOST).astype(np.float32)
    out[_NEUTRAL] = 0.0
    assert out.shape == (len(EMOTIONS),)
    return frozen(out)


def without_rest(probs: F32, offset: F32) -> F32:
    """`probs` (8,) less the offset, summing to 1 again; the same array where there is none."""
    if not offset.any():
        return probs
    left = probs * np.exp(-offset)
    total = float(left.sum())
    return left / np.float32(total) if total > 0 else probs
