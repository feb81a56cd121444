"""Frames as JSON: what the WebSocket server, MQTT and JSON lines share. Schema version 1.

A stream is one `hello`, again whenever the names change, and then frames. docs/reference/stream.md
explains the fields; `wire/stream_schema.py` makes the JSON Schema from the layouts below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Final, Literal, cast, get_args

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, AvatarFrame, FaceState, Pose, Profile, RigSchema, Status
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.jsontext import JsonTemplate, Layout, Slot

__all__ = ["FIELDS", "SCHEMA_VERSION", "Field", "FrameTemplate", "frame_layout", "hello_text"]

SCHEMA_VERSION: Final = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""

Field = Literal["head", "head_m", "gaze", "emotion", "speaking", "params", "bones", "root_m"]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)
"""What a receiver can choose. `v`, `seq`, `t` and `status` are in every frame."""

_N: Final = Slot.SHORT
_STATUS: Final = {status: f'"{status.name.lower()}"' for status in Status}
_NAMED: Final = tuple(f'"{name}"' for name in EMOTIONS)


def frame_layout(
    schema: RigSchema, fields: Collection[Field] = FIELDS, *, typed: bool = True
) -> dict[str, Layout]:
    """The keys of one frame in their order; `typed`: it says that it is a frame."""
    parts: dict[Field, Layout] = {
        "head": dict.fromkeys(("yaw_deg", "pitch_deg", "roll_deg"), _N),
        "head_m": [_N] * 3,
        "gaze": {side: {"yaw_deg": _N, "pitch_deg": _N} for side in ("left", "right")},
        "emotion": {
            "leading": Slot.TEXT,
            "shown": Slot.TEXT,
            "probs": dict.fromkeys(EMOTIONS, _N),
            "weights": dict.fromkeys(EMOTIONS, _N),
        },
        "speaking": _N,
        "params": dict.fromkeys(schema.names, _N),
        "bones": {bone: [_N] * 4 for bone in schema.bones},
        "root_m": [_N] * 3,
    }
    layout: dict[str, Layout] = {"type": "frame"} if typed else {}
    layout |= {"v": SCHEMA_VERSION, "seq": Slot.INT, "t": Slot.F64, "status": Slot.TEXT}
    return layout | {name: part for name, part in parts.items() if name in fields}


class FrameTemplate:
    """Encodes frames of one schema and profile, with the chosen fields, as one line of JSON."""

    def __init__(
        self,
        schema: RigSchema,
        profile: Profile,
        fields: Collection[Field] = FIELDS,
        *,
        typed: bool = True,
    ) -> None:
        self._profile = profile
        self._fields = tuple(name for name in FIELDS if name in fields)
        self._template = JsonTemplate(frame_layout(schema, self._fields, typed=typed))

    def fill(self, frame: AvatarFrame, *, t_s: float) -> str:
        """The frame; `t_s` counts from the first one. What is not finite becomes `null`.

        Raises ValueError or TypeError for a frame of another schema.
        """
        pose = frame.poses[self._profile]
        values: list[object] = [frame.seq, round(t_s, 6), _STATUS[frame.status]]
        for name in self._fields:
            values += _values(name, frame.state, pose)
        return self._template.fill(values)


def _values(name: Field, state: FaceState, pose: Pose) -> list[object]:
    match name:
        case "head":
            # -0.0 becomes 0.0: the same face must give the same text.
            return [math.degrees(angle) + 0.0 for angle in euler_from_quat(state.head_xyzw)]
        case "head_m":
            return _plain(state.head_m)
        case "gaze":
            return [math.degrees(angle) + 0.0 for angle in state.gaze_rad.reshape(-1).tolist()]
        case "emotion":
            felt = state.emotion
            named = [_NAMED[felt.leading], _NAMED[felt.shown]]
            return [*named, *_plain(felt.probs), *_plain(felt.weights)]
        case "speaking":
            return [float(state.speaking)]
        case "params":
            return _plain(pose.params)
        case "bones":
            return _plain(pose.bones_xyzw.reshape(-1))
        case "root_m":
            return _plain(pose.root_m)


def _plain(values: F32) -> list[object]:
    return cast("list[object]", (values + np.float32(0.0)).tolist())


def hello_text(
    schema: RigSchema,
    profile: Profile,
    fields: Collection[Field] = FIELDS,
    *,
    program_version: str,
    max_hz: float,
) -> str:
    """What a receiver is told first: versions, names and ranges. `max_hz` 0: every frame."""
    params = [
        {"name": p.name, "lo": p.lo, "hi": p.hi, "neutral": p.neutral, "kind": p.kind}
        for p in schema.params
    ]
    hello = {
        "type": "hello",
        "v": SCHEMA_VERSION,
        "program": "vtdrive",
        "program_version": program_version,
        "profile": {"drive": profile.drive, "mirror": profile.mirror},
        "fields": [name for name in FIELDS if name in fields],
        "max_hz": max_hz,
        "emotions": EMOTIONS,
        "params": params,
        "bones": schema.bones,
    }
    return json.dumps(hello, separators=(",", ":"))
