"""The frame that leaves an avatar at rest: sent when a run ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from vtdrive.spaces import IDENTITY
from vtdrive.types import (
    AvatarFrame,
    EmotionState,
    FaceState,
    Pose,
    Profile,
    RigSchema,
    Status,
    frozen,
)
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["neutral_frame", "neutral_pose"]


def neutral_pose(schema: RigSchema) -> Pose:
    """Every parameter at its rest value, every bone unturned, the root at home."""
    return Pose(
        params=frozen([param.neutral for param in schema.params]),
        bones_xyzw=frozen(np.tile(IDENTITY, (len(schema.bones), 1))),
        root_m=frozen(np.zeros(3)),
    )


def neutral_frame(
    schema: RigSchema, profiles: Iterable[Profile], *, seq: int, t_ns: int, signals: int = 0
) -> AvatarFrame:
    """A LOST frame at rest for all `profiles`; `signals` is the length of `AvatarFrame.raw`."""
    pose = neutral_pose(schema)
    probs = np.zeros(len(EMOTIONS))
    probs[0] = 1.0
    state = FaceState(
        status=Status.LOST,
        head_xyzw=frozen(IDENTITY),
        head_m=frozen(np.zeros(3)),
        gaze_rad=frozen(np.zeros((2, 2))),
        shapes=frozen(np.zeros(len(SHAPES))),
        emotion=EmotionState(
            probs=frozen(probs), weights=frozen(np.zeros(len(EMOTIONS))), leading=0, shown=0
        ),
        speaking=0.0,
        breath=0.0,
    )
    return AvatarFrame(
        seq=seq,
        t_ns=t_ns,
        status=Status.LOST,
        poses=dict.fromkeys(profiles, pose),
        track=None,
        emotion=None,
        raw=frozen(np.zeros(signals)),
        state=state,
    )
