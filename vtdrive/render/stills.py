"""One face that somebody could make, for still pictures of an avatar."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from vtdrive.spaces import quat_from_euler
from vtdrive.types import F32, EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX

__all__ = ["BLINK", "OPEN_MOUTH", "still_face"]

OPEN_MOUTH: Final[Mapping[str, float]] = {"jawOpen": 0.7}
BLINK: Final[Mapping[str, float]] = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


def still_face(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    gaze_deg: tuple[float, float] = (0.0, 0.0),
    shapes: Mapping[str, float] | None = None,
    emotion: str = "neutral",
    weight: float = 1.0,
) -> FaceState:
    """A face that is live, with `emotion` shown at `weight`; signs as in `vtdrive.types`.

    `gaze_deg` is yaw and pitch of both eyes, `shapes` some of the 52; KeyError or ValueError for
    names that there are not.
    """
    values: F32 = np.zeros(len(SHAPE_INDEX), np.float32)
    for name, value in (shapes or {}).items():
        values[SHAPE_INDEX[name]] = value
    felt = EMOTIONS.index(emotion)
    weights: F32 = np.zeros(len(EMOTIONS), np.float32)
    if felt:
        weights[felt] = weight
    turn = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    yaw, pitch, roll = turn
    return FaceState(
        status=Status.LIVE,
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=pitch, roll=roll)),
        head_m=frozen(np.zeros(3)),
        gaze_rad=frozen(np.radians([gaze_deg, gaze_deg])),
        shapes=frozen(values),
        emotion=EmotionState(frozen(np.eye(8)[felt]), frozen(weights), felt, felt),
        speaking=0.0,
        breath=0.0,
    )
