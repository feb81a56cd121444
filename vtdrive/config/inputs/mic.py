"""The microphone: the mouth from the voice."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

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
    gate_db: Annotated[float, Field(ge=3, le=40)] = 10.0
    """How far above the noise of the room a voice begins. The mouth moves by itself: higher. Soft
    words are missed: lower."""
    attack_ms: Annotated[float, Field(ge=0, le=500)] = 12.0
    """How fast the mouth opens, as a time constant."""
    release_ms: Annotated[float, Field(ge=0, le=1000)] = 60.0
    """How fast it closes. Restless: higher."""
