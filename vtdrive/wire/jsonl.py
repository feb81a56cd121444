"""One line of JSON per frame, for programs that are none of the others."""

from __future__ import annotations

from typing import Final

from vtdrive.types import AvatarFrame, Profile, RigSchema
from vtdrive.wire.stream import SCHEMA_VERSION, Field, FrameTemplate

__all__ = ["SCHEMA_VERSION", "JsonlTemplate"]

_FIELDS: Final[tuple[Field, ...]] = ("head", "head_m", "gaze", "emotion", "speaking", "params")


class JsonlTemplate:
    """Encodes frames of one schema and profile; docs/reference/osc.md lists the fields."""

    def __init__(self, schema: RigSchema, profile: Profile) -> None:
        self._template = FrameTemplate(schema, profile, _FIELDS, typed=False)

    def fill(self, frame: AvatarFrame, *, t_s: float) -> bytes:
        """The frame as one line, newline included; `t_s` counts from the first frame."""
        return f"{self._template.fill(frame, t_s=t_s)}\n".encode()
