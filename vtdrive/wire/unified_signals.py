"""A face as the signals that VRChat's parameters are weighted sums of (`unified.V2`).

So an avatar's whole set is one matrix. Where a definition is the maximum of two shapes (a wide eye
of either side), the maximum is a signal itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, FaceState
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["SIGNALS", "Row", "row_matrix", "signals"]

Row = Mapping[str, float]
"""Signal -> weight."""

_MAXIMA: Final = {
    "eyeWide": ("eyeWideLeft", "eyeWideRight"),
    "eyeSquint": ("eyeSquintLeft", "eyeSquintRight"),
    "sadLeft": ("mouthFrownLeft", "mouthStretchLeft"),
    "sadRight": ("mouthFrownRight", "mouthStretchRight"),
}
_MOTION: Final = (
    "gaze.leftYaw", "gaze.leftPitch", "gaze.rightYaw", "gaze.rightPitch",
    "head.yaw", "head.pitch", "head.roll", "head.x", "head.y", "head.z",
)  # fmt: skip
_WEIGHTS: Final = tuple(f"weight.{name}" for name in EMOTIONS)

SIGNALS: Final[tuple[str, ...]] = (
    *SHAPES,
    *_MAXIMA,
    *_MOTION,
    *_WEIGHTS,
    "emotion",
    "found",
    "one",
)
"""What rows add up: the 52, maxima of two, gaze and head in vtdrive's space (radians, metres), the
emotions' weights, the index of the one shown, whether a face is followed (0 or 1), and 1."""

_AT: Final = {name: i for i, name in enumerate(SIGNALS)}
_PAIRS: Final = np.array([[_AT[a], _AT[b]] for a, b in _MAXIMA.values()], np.intp).T
_N: Final = len(SHAPES)
_MOTION_AT: Final = _N + len(_MAXIMA)
_WEIGHTS_AT: Final = _MOTION_AT + len(_MOTION)


def signals(shapes: F32, state: FaceState, *, found: bool) -> F32:
    """(len(SIGNALS),) of one face. `shapes` is (52,), mirrored like `state` where that is wanted.

    What is not finite counts as 0.
    """
    out = np.empty(len(SIGNALS), np.float32)
    out[:_N] = shapes
    out[_N:_MOTION_AT] = np.maximum(out[_PAIRS[0]], out[_PAIRS[1]])
    gaze, place = state.gaze_rad.tolist(), state.head_m.tolist()
    out[_MOTION_AT:_WEIGHTS_AT] = (*gaze[0], *gaze[1], *euler_from_quat(state.head_xyzw), *place)
    weights = state.emotion.weights.tolist()
    # The machine keeps neutral's weight at 0; to an avatar neutral is what the others leave.
    weights[0] = 1.0 - max(weights[1:])
    out[_WEIGHTS_AT:] = (*weights, state.emotion.shown, found, 1.0)
    return out if math.isfinite(out.dot(out)) else np.nan_to_num(out, posinf=0.0, neginf=0.0)


def row_matrix(rows: list[Row]) -> F32:
    """(len(rows), len(SIGNALS)): times `signals` it gives every row's value."""
    out = np.zeros((len(rows), len(SIGNALS)), np.float32)
    for line, row in zip(out, rows, strict=True):
        for name, weight in row.items():
            line[_AT[name]] = weight
    return out
