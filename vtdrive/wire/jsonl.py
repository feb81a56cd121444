"""One line of JSON per frame, for programs that are none of the others. Schema version 1."""

from __future__ import annotations

import math

from vtdrive.spaces import euler_from_quat
from vtdrive.types import AvatarFrame, Profile, RigSchema, Status
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.jsontext import JsonTemplate, Slot

__all__ = ["SCHEMA_VERSION", "JsonlTemplate"]

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""

_STATUS = {status: f'"{status.name.lower()}"' for status in Status}
_NAMED = tuple(f'"{name}"' for name in EMOTIONS)


class JsonlTemplate:
    """Encodes frames of one schema and profile; docs/reference/osc.md lists the fields."""

    def __init__(self, schema: RigSchema, profile: Profile) -> None:
        self._profile = profile
        number = Slot.SHORT
        self._template = JsonTemplate(
            {
                "v": SCHEMA_VERSION,
                "seq": Slot.INT,
                "t": Slot.F64,
                "status": Slot.TEXT,
                "head": dict.fromkeys(("yaw_deg", "pitch_deg", "roll_deg"), number),
                "head_m": [number] * 3,
                "gaze": {
                    side: {"yaw_deg": number, "pitch_deg": number} for side in ("left", "right")
                },
                "emotion": {
                    "leading": Slot.TEXT,
                    "shown": Slot.TEXT,
                    "probs": dict.fromkeys(EMOTIONS, number),
                    "weights": dict.fromkeys(EMOTIONS, number),
                },
                "speaking": number,
                "params": dict.fromkeys(schema.names, number),
            }
        )

    def fill(self, frame: AvatarFrame, *, t_s: float) -> bytes:
        """The frame as one line, newline included; `t_s` counts from the first frame."""
        state, emotion = frame.state, frame.state.emotion
        gaze = [math.degrees(angle) for angle in state.gaze_rad.reshape(-1).tolist()]
        values = [
            frame.seq,
            round(t_s, 6),
            _STATUS[frame.status],
            *map(math.degrees, euler_from_quat(state.head_xyzw)),
            *state.head_m.tolist(),
            *gaze,
            _NAMED[emotion.leading],
            _NAMED[emotion.shown],
            *emotion.probs.tolist(),
            *emotion.weights.tolist(),
            state.speaking,
            *frame.poses[self._profile].params.tolist(),
        ]
        return f"{self._template.fill(values)}\n".encode()
