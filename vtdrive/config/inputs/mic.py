"""The microphone: the mouth from the voice."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.inputs.base import InputTable

__all__ = ["MicInput"]


class MicInput(InputTable):
    """The microphone: the mouth moves with the voice, also where the camera cannot see it."""

    example: ClassVar[str] = "mic-in:"

    kind: Literal["mic-in"] = "mic-in"
    rank: Literal["first", "fallback"] = "fallback"
    """`fallback`: the voice moves the mouth only while the camera sees no face and no other input
    has the mouth; `first`: whenever a voice is heard."""
    device: str = ""
    """Part of the microphone's name; empty: the system's default."""
