"""The names that a mapping may use, and where each stands in the signal vector."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, FaceState, Status
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["RAW_SIGNALS", "SIGNALS", "SIGNAL_INDEX", "signal_vector", "unsided"]

_POSE: Final = (
    "head.yaw_deg",
    "head.pitch_deg",
    "head.roll_deg",
    "head.x_m",
    "head.y_m",
    "head.z_m",
    "gaze.left.yaw_deg",
    "gaze.left.pitch_deg",
    "gaze.right.yaw_deg",
    "gaze.right.pitch_deg",
)

SIGNALS: Final[tuple[str, ...]] = (
    *SHAPES,
    *(f"emotion.{name}" for name in EMOTIONS),
    "emotion.strongest",
    *_POSE,
    "gaze.yaw_deg",
    "gaze.pitch_deg",
    "speaking",
    "live",
    "breath",
    *(f"voice.{name}" for name in ("a", "i", "u", "e", "o", "volume")),
)
"""What `[outputs]` may weigh. Angles in degrees: yaw + to the subject's left, pitch + up, roll + to
the right shoulder. Emotions are eased weights in [0, 1], not probabilities. `voice.*` is what a
microphone hears, 0 without one."""

SIGNAL_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(SIGNALS)}

RAW_SIGNALS: Final[tuple[str, ...]] = (*SHAPES, *_POSE, "lid.left", "lid.right")
"""What the solver measures, before calibration: `AvatarFrame.raw`. `lid.*` is the lid gap as a
share of the eye's width."""


def unsided(name: str) -> tuple[str, str] | None:
    """The two sided shapes that `name` stands for, or None where it has no sides."""
    pair = (f"{name}Left", f"{name}Right")
    return pair if pair[0] in SIGNAL_INDEX and pair[1] in SIGNAL_INDEX else None


def signal_vector(state: FaceState, *, weights: F32) -> F32:
    """(S,) in `SIGNALS` order, with `weights` (8,) in place of the state's emotion weights."""
    out = np.empty(len(SIGNALS), np.float32)
    out[:52] = state.shapes
    out[52:60] = weights
    (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze_rad.tolist()
    gaze = (left_yaw, left_pitch, right_yaw, right_pitch)
    looking = ((left_yaw + right_yaw) / 2, (left_pitch + right_pitch) / 2)
    out[60:] = (
        max(weights.tolist()),
        *map(math.degrees, euler_from_quat(state.head_xyzw)),
        *state.head_m.tolist(),
        *map(math.degrees, (*gaze, *looking)),
        state.speaking,
        float(state.status is Status.LIVE),
        state.breath,
        *state.voice.tolist(),
    )
    return out
