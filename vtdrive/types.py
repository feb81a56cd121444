"""The values that stages hand to each other. Frozen, with read-only arrays.

Space: right-handed, +Y up, the face looks towards +Z, so +X is the subject's left. Metres, radians,
quaternions xyzw. Left and right are always the subject's own. Times are nanoseconds of a monotonic
clock; `t_ns` is always the moment of *capture*, never the moment of computing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "F32",
    "U8",
    "AvatarFrame",
    "BoneName",
    "Drive",
    "Emotion",
    "EmotionState",
    "Face",
    "FaceState",
    "Incoming",
    "Param",
    "Pose",
    "Profile",
    "RigSchema",
    "Status",
    "Track",
    "VideoFrame",
    "all_finite",
    "frozen",
]

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Drive = Literal["both", "shapes", "presets"]
BoneName = Literal["Neck", "Head", "UpperChest", "Spine", "LeftEye", "RightEye"]


def frozen(array: npt.ArrayLike) -> F32:
    """A read-only f32 array: a view where the argument is already f32, else a copy."""
    out = np.asarray(array, np.float32).view()
    out.setflags(write=False)
    return out


def all_finite(array: F32) -> bool:
    """Whether every value is a number. For the few values of one face: plain floats add up faster
    than numpy checks them, neither overflow nor warn, and one bad value spoils the sum."""
    return math.isfinite(sum(array.ravel().tolist()))


_SILENT = frozen(np.zeros(6))


class Status(IntEnum):
    """What the avatar is following."""

    LOST = 0
    """No face for longer than the hold: easing to, or resting at, neutral."""
    HELD = 1
    """No face just now: the last state is held."""
    LIVE = 2


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture, as the camera saw it: unmirrored."""

    seq: int
    t_ns: int
    """When the grab returned, before colour conversion."""
    image: U8
    """(H, W, 3) RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face as the tracker measured it. Unfiltered."""

    landmarks_px: F32
    """(478, 3) full-frame pixels, x right, y down, z in the same scale (nearer is smaller)."""
    shapes: F32
    """(52,) in [0, 1], in `vocab.SHAPES` order."""
    camera_from_head: F32
    """(4, 4) rigid; metres. A face one metre in front of the lens has z = -1 here."""
    crop_px: F32
    """(4,) region the tracker searched: x, y, width, height in pixels."""
    confidence: float
    """In [0, 1]; 1 where the backend reports none."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What one frame showed. No face is data, not an exception."""

    seq: int
    t_ns: int
    face: Face | None


@dataclass(frozen=True, slots=True, eq=False)
class Emotion:
    """What the classifier believed about one crop. Unsmoothed."""

    t_ns: int
    """Capture time of the crop, not the time inference ended."""
    probs: F32
    """(8,) in [0, 1], sums to 1, in `vocab.EMOTIONS` order."""


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """What another program or device measured, in our units and anatomical. What it does not
    measure is None, or not `known`."""

    t_ns: int
    """When it arrived."""
    found: bool
    """Whether the sender sees a face (hears a voice)."""
    shapes: F32
    """(52,) finite, in [0, 1], in `vocab.SHAPES` order; 0 where not `known`."""
    known: npt.NDArray[np.bool_]
    """(52,) which shapes the sender measures."""
    head_xyzw: F32 | None = None
    """(4,) unit rotation, as the sender's neutral has it."""
    head_m: F32 | None = None
    """(3,) position."""
    gaze_rad: F32 | None = None
    """(2, 2) rows left, right; columns yaw (+ towards the subject's left), pitch (+ up)."""
    weights: F32 | None = None
    """(8,) in [0, 1], expressions that the sender names, in `vocab.EMOTIONS` order."""
    voice: F32 | None = None
    """(6,) in [0, 1]: A, I, U, E, O and volume."""


@dataclass(frozen=True, slots=True, eq=False)
class EmotionState:
    """The emotion an avatar shows now, and why."""

    probs: F32
    """(8,) smoothed probabilities."""
    weights: F32
    """(8,) eased intensity in [0, 1]; neutral's is always 0."""
    leading: int
    """argmax of `probs`, before any threshold."""
    shown: int
    """The emotion that passed enter threshold and dwell; 0 (neutral) while unsure."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A face after calibration, correction and smoothing. Anatomical, never mirrored."""

    status: Status
    head_xyzw: F32
    """(4,) rotation relative to the user's neutral."""
    head_m: F32
    """(3,) position relative to the user's neutral."""
    gaze_rad: F32
    """(2, 2) rows left, right; columns yaw (+ towards the subject's left), pitch (+ up)."""
    shapes: F32
    """(52,) corrected, in [0, 1]."""
    emotion: EmotionState
    speaking: float
    """0 or 1, eased: whether the mouth moves like speech."""
    breath: float
    """-1..1, the idle breathing wave; 0 where idle motion is off."""
    voice: F32 = field(default_factory=lambda: _SILENT)
    """(6,) in [0, 1]: A, I, U, E, O and volume; 0 without a voice."""
    still: bool = False
    """The avatar does nothing by itself, such as breathing: it is frozen, or no idle motion is
    wanted at all."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one target wants to be driven. Frames carry one `Pose` for each distinct profile."""

    drive: Drive = "both"
    mirror: bool = False
    overrides: bool = False
    """The avatar settles by itself what an expression does to blinks and vowels, as VRM 1 models
    do: they are not damped here as well."""


@dataclass(frozen=True, slots=True)
class Param:
    """One output of the mapping: its name on the avatar, its range and its rest value."""

    name: str
    lo: float = 0.0
    hi: float = 1.0
    neutral: float = 0.0
    kind: Literal["preset", "shape", "custom"] = "custom"


@dataclass(frozen=True, slots=True)
class RigSchema:
    """Names cross a seam once, here; frames then carry bare vectors in this order."""

    params: tuple[Param, ...]
    bones: tuple[str, ...]
    """Unity HumanBodyBones names, parents before children."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(param.name for param in self.params)


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What one target profile receives in one tick."""

    params: F32
    """(P,) in `RigSchema.params` order and ranges."""
    bones_xyzw: F32
    """(B, 4) local rotations in `RigSchema.bones` order."""
    root_m: F32
    """(3,) offset of the whole avatar."""


@dataclass(frozen=True, slots=True, eq=False)
class AvatarFrame:
    """One tick of the engine, complete: what came in, what was decided, what goes out."""

    seq: int
    t_ns: int
    status: Status
    poses: Mapping[Profile, Pose]
    track: Track | None
    emotion: Emotion | None
    """The classifier sample this tick read, which may be older than the track."""
    raw: F32
    """(S,) signals before calibration and filters, in `core.signals` order, for the recorder."""
    state: FaceState
    commands: tuple[str, ...] = ()
    """What the user asked for in this tick (`core.commands`), with toggles settled."""
    inputs: tuple[Incoming | None, ...] = ()
    """What this tick read of each live input, in the order of the config; may be old."""
    stages_ns: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Monotonic time of `captured`, `taken`, `tracked`, `stepped` and `sent`, by the runtime."""
