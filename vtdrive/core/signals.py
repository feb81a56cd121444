"""The names that a mapping may use, and where each stands in the signal vector."""

from __future__ import annotations

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
)
"""What `[outputs]` may weigh. Angles in degrees: yaw + to the subject's left, pitch + up, roll + to
the right shoulder. Emotions are eased weights in [0, 1], not probabilities."""

SIGNAL_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(SIGNALS)}

RAW_SIGNALS: Final[tuple[str, ...]] = (*SHAPES, *_POSE, "lid.left", "lid.right")
"""What the solver measures, before calibration: `AvatarFrame.raw`. `lid.*` is the lid gap as a
share of the eye's width."""


def unsided(name: str) -> tuple[str, str] | None:
    """The two sided shapes that `name` stands for, or None where it has no sides."""
    pair = (f"{name}Left", f"{name}Right")
    return pair if pair[0] in SIGNAL_INDEX and pair[1] in SIGNAL_INDEX else None


def signal_vector(state: FaceState) -> F32:
    """(S,) in `SIGNALS` order."""
    out = np.zeros(len(SIGNALS), np.float32)
    out[:52] = state.shapes
    out[52:60] = state.emotion.weights
    out[60] = float(state.emotion.weights.max())
    out[61:64] = np.degrees(euler_from_quat(state.head_xyzw))
    out[64:67] = state.head_m
    gaze = np.degrees(state.gaze_rad)
    out[67:71] = gaze.reshape(-1)
    out[71:73] = gaze.mean(axis=0)
    out[73] = state.speaking
    out[74] = float(state.status is Status.LIVE)
    out[75] = state.breath
    return out
