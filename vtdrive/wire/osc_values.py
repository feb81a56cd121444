"""The values that plain OSC can send: outputs, and head, gaze, emotion and status on request."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, FaceState, Pose, RigSchema, Status
from vtdrive.vocab import EMOTIONS

__all__ = ["EMOTION_NAME", "GROUPS", "STATUS_NAME", "Value", "chosen", "vector"]

_HEAD: Final = tuple(
    f"head/{part}" for part in ("yaw_deg", "pitch_deg", "roll_deg", "x_m", "y_m", "z_m")
)
_GAZE: Final = tuple(
    f"gaze/{side}/{part}" for side in ("left", "right") for part in ("yaw_deg", "pitch_deg")
)
_EMOTION: Final = tuple(f"emotion/{name}" for name in EMOTIONS)
_FOUND: Final = "face/found"
EMOTION_NAME: Final = "emotion/name"
STATUS_NAME: Final = "face/status"

_PARAM_GROUPS: Final = {"shapes": "shape", "presets": "preset", "custom": "custom"}
_FACE_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "head": _HEAD,
    "gaze": _GAZE,
    "emotion": (*_EMOTION, EMOTION_NAME),
    "status": (_FOUND, STATUS_NAME),
}
GROUPS: Final = (*_PARAM_GROUPS, *_FACE_GROUPS)
_TEXTS: Final = (EMOTION_NAME, STATUS_NAME)
_MEASURES: Final = frozenset((*_HEAD, *_GAZE))


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that is sent."""

    name: str
    """Of the output, or `head/yaw_deg` and the like."""
    at: int
    """Its place in `vector`; -1: text."""
    rest: float
    """What goes out in place of a value that is not finite."""
    kind: Literal["level", "measure", "flag", "text"]
    """level: typed and scaled as the user wants; measure: degrees or metres, always a float; flag:
    0 or 1, typed but never scaled."""


def chosen(schema: RigSchema, only: Sequence[str]) -> list[Value]:
    """What `only` asks for, in the order of `vector`; raises ValueError for what there is not."""
    everything = _everything(schema)
    wanted = only or tuple(_PARAM_GROUPS)
    names: set[str] = set()
    for choice in wanted:
        found = {value.name for value in _matching(schema, everything, choice)}
        if not found and choice not in GROUPS:
            raise ValueError(f"only: there is no output {choice!r}; groups are {', '.join(GROUPS)}")
        names |= found
    return [value for value in everything if value.name in names]


def vector(pose: Pose, state: FaceState) -> F32:
    """All values, by `Value.at`. `state` is already mirrored where the user wants that."""
    head = [math.degrees(angle) for angle in euler_from_quat(state.head_xyzw)]
    return np.concatenate(
        (
            pose.params,
            head,
            state.head_m,
            np.degrees(state.gaze_rad).ravel(),
            state.emotion.weights,
            (float(state.status is Status.LIVE),),
        ),
        dtype=np.float32,
    )


def _everything(schema: RigSchema) -> list[Value]:
    values = [Value(p.name, i, p.neutral, "level") for i, p in enumerate(schema.params)]
    at = len(values)
    for name in (*_HEAD, *_GAZE, *_EMOTION, _FOUND):
        kind: Literal["level", "measure", "flag"] = (
            "measure" if name in _MEASURES else "flag" if name == _FOUND else "level"
        )
        values.append(Value(name, at, 0.0, kind))
        at += 1
    return [*values, *(Value(name, -1, 0.0, "text") for name in _TEXTS)]


def _matching(schema: RigSchema, everything: list[Value], choice: str) -> Iterable[Value]:
    count = len(schema.params)
    outputs, face = everything[:count], everything[count:]
    named = [value for value in outputs if value.name == choice]
    if named:  # an output may be called `head`, too
        return named
    if choice in _PARAM_GROUPS:
        kind = _PARAM_GROUPS[choice]
        return [v for v, p in zip(outputs, schema.params, strict=True) if p.kind == kind]
    group = _FACE_GROUPS.get(choice, (choice,))
    return [value for value in face if value.name in group]
