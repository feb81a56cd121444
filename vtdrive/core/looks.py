"""Where eyes look, as angles and as the eight eyeLook shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from vtdrive.types import F32
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["LOOK", "gaze_of_looks", "look_shapes"]

LOOK: Final = np.array(
    [
        [SHAPE_INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Up", "Down")]
        for side in ("Left", "Right")
    ]
)
"""(2, 4) places in `vocab.SHAPES`: rows left, right; columns Out, In, Up, Down."""

_LOOK_FROM: Final = 0.06
"""Share of a full look that still is looking straight ahead: eyes wander by that much."""
_OUTWARD: Final = (1.0, -1.0)


def look_shapes(gaze_deg: F32, *, full_yaw_deg: float, full_pitch_deg: float) -> list[list[float]]:
    """(2, 4) shapes in the order of `LOOK` from (2, 2) degrees: rows left, right; yaw, pitch."""
    rows = []
    for (yaw, pitch), outward in zip(gaze_deg.tolist(), _OUTWARD, strict=True):
        out, up = outward * yaw / full_yaw_deg, pitch / full_pitch_deg
        looks = [(x - _LOOK_FROM) / (1.0 - _LOOK_FROM) for x in (out, -out, up, -up)]
        rows.append([min(1.0, max(0.0, x)) for x in looks])
    return rows


def gaze_of_looks(
    looks: Sequence[Sequence[float]], *, full_yaw_deg: float, full_pitch_deg: float
) -> F32:
    """(2, 2) radians of both eyes from (2, 4) shapes in the order of `LOOK`."""
    rows = [
        (
            math.radians(outward * (out - inwards) * full_yaw_deg),
            math.radians((up - down) * full_pitch_deg),
        )
        for (out, inwards, up, down), outward in zip(looks, _OUTWARD, strict=True)
    ]
    return np.array(rows, np.float32)
