"""Head, neck, eyes and root on an avatar's skeleton, with soft limits."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.config.schema import Head
from vtdrive.spaces import IDENTITY, euler_from_quat, quat_from_euler, quat_slerp
from vtdrive.types import F32, FaceState, frozen

__all__ = ["Skeleton", "soft_limit"]

_SOFT_FROM: Final = 0.8
_MAX_VERGENCE: Final = math.radians(6.0)
"""What 63 mm between the eyes make of a screen 60 cm away."""


def soft_limit(x: float, limit: float) -> float:
    """x up to 80 % of the limit, then ever slower; never beyond it."""
    knee = _SOFT_FROM * limit
    if abs(x) <= knee:
        return x
    rest = limit - knee
    return math.copysign(knee + rest * math.tanh((abs(x) - knee) / rest), x)


class Skeleton:
    """Bone rotations (B, 4) and root offset (3,) of one state."""

    def __init__(self, config: Head, bones: tuple[str, ...]) -> None:
        self._config = config
        self._bones = bones

    def bones(self, state: FaceState) -> F32:
        """(B, 4) local rotations in the order given."""
        c = self._config
        yaw, pitch, roll = euler_from_quat(state.head_xyzw)
        pitch_limit = c.pitch_up_deg if pitch > 0 else c.pitch_down_deg
        head = quat_from_euler(
            yaw=soft_limit(c.gain * yaw, math.radians(c.yaw_deg)),
            pitch=soft_limit(c.gain * pitch, math.radians(pitch_limit)),
            roll=soft_limit(c.gain * roll, math.radians(c.roll_deg)),
        )
        turns = self._eyes(state)
        has_neck = "Neck" in self._bones
        if has_neck:
            turns["Neck"] = quat_slerp(IDENTITY, head, c.neck_share)
        turns["Head"] = quat_slerp(IDENTITY, head, 1.0 - c.neck_share if has_neck else 1.0)
        rows = np.array([turns.get(bone, IDENTITY) for bone in self._bones], np.float32)
        return frozen(rows.reshape(-1, 4))

    def root(self, state: FaceState) -> F32:
        """(3,) metres, gained and softly limited."""
        c = self._config
        return frozen(
            [
                soft_limit(c.root_gain * v, limit) if limit > 0 else 0.0
                for v, limit in zip(state.head_m.tolist(), c.root_limit_m, strict=True)
            ]
        )

    def _eyes(self, state: FaceState) -> dict[str, npt.NDArray[np.float64]]:
        """Both eyes look together; they may converge a little and never diverge."""
        c = self._config
        (left, left_pitch), (right, right_pitch) = state.gaze_rad.tolist()
        pitch = (left_pitch + right_pitch) / 2
        inward = min(_MAX_VERGENCE, max(0.0, right - left)) / 2
        middle = soft_limit((left + right) / 2, math.radians(c.eye_yaw_deg))
        pitch = soft_limit(pitch, math.radians(c.eye_up_deg if pitch > 0 else c.eye_down_deg))
        return {
            name: quat_from_euler(yaw=middle + side * inward, pitch=pitch, roll=0.0)
            for name, side in (("LeftEye", -1), ("RightEye", 1))
        }
