"""States of a face for tests of what shows them."""

from __future__ import annotations

import numpy as np

from vtdrive.spaces import quat_from_euler
from vtdrive.testing import shape_vector
from vtdrive.types import EmotionState, FaceState, Status, frozen

__all__ = ["plain_state"]


def plain_state(jaw: float = 0.0, *, yaw: float = 0.0, happy: float = 0.0) -> FaceState:
    weights = np.zeros(8)
    weights[1] = happy
    return FaceState(
        status=Status.LIVE,
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=0.0, roll=0.0)),
        head_m=frozen([jaw, 0, 0]),
        gaze_rad=frozen(np.zeros((2, 2))),
        shapes=frozen(shape_vector({"jawOpen": jaw})),
        emotion=EmotionState(frozen(np.full(8, 0.125)), frozen(weights), int(happy > 0.5), 0),
        speaking=0.0,
        breath=jaw,
    )
