"""Schemas and frames for tests of what goes out."""

from __future__ import annotations

import dataclasses

import numpy as np

from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.types import (
    AvatarFrame,
    Emotion,
    Face,
    Param,
    Pose,
    Profile,
    RigSchema,
    Status,
    Track,
    frozen,
)
from vtdrive.vocab import SHAPES
from vtdrive.wire.names import VRM0
from vtdrive.wire.neutral import neutral_frame, neutral_pose

__all__ = ["BONES", "FULL", "SMALL", "frame_of", "posed", "tracked"]

BONES = ("Neck", "Head", "LeftEye", "RightEye")

FULL = RigSchema(
    (
        *(Param(name, kind="preset") for name in VRM0),
        *(Param(name, kind="shape") for name in SHAPES),
        Param("Brows up"),
    ),
    BONES,
)
"""Every VRM preset, the 52, and one name of a user's own."""

SMALL = RigSchema((Param("aa", kind="preset"), Param("jawOpen", kind="shape")), ("Head",))


def posed(
    schema: RigSchema,
    params: dict[str, float] | None = None,
    bones: dict[str, tuple[float, float, float, float]] | None = None,
    root_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Pose:
    """The neutral pose with the named values changed."""
    pose = neutral_pose(schema)
    values, turns = pose.params.copy(), pose.bones_xyzw.copy()
    for name, value in (params or {}).items():
        values[schema.names.index(name)] = value
    for bone, turn in (bones or {}).items():
        turns[schema.bones.index(bone)] = turn
    return Pose(frozen(values), frozen(turns), frozen(root_m))


def frame_of(
    schema: RigSchema,
    *poses: Pose,
    seq: int = 0,
    t_ns: int = 0,
    status: Status = Status.LIVE,
    profiles: tuple[Profile, ...] = (Profile(),),
) -> AvatarFrame:
    """A frame that shows one pose per profile; without poses a neutral one."""
    frame = neutral_frame(schema, profiles, seq=seq, t_ns=t_ns, signals=len(RAW_SIGNALS))
    state = dataclasses.replace(frame.state, status=status)
    given = dict(zip(profiles, poses, strict=True)) if poses else frame.poses
    return dataclasses.replace(frame, status=status, state=state, poses=given)


def tracked(frame: AvatarFrame, rng: np.random.Generator) -> AvatarFrame:
    """`frame` with a random face, signals and classifier sample behind it."""
    face = Face(
        landmarks_px=frozen(rng.normal(0, 300, (478, 3))),
        shapes=frozen(rng.random(len(SHAPES))),
        camera_from_head=frozen(rng.normal(size=(4, 4))),
        crop_px=frozen(rng.random(4) * 640),
        confidence=float(rng.random()),
    )
    probs = rng.dirichlet(np.ones(8))
    return dataclasses.replace(
        frame,
        track=Track(frame.seq, frame.t_ns, face),
        emotion=Emotion(frame.t_ns - 40_000_000, frozen(probs)),
        raw=frozen(rng.normal(size=len(RAW_SIGNALS))),
    )
