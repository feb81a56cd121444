"""Live Link Face."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["LiveLinkSink"]

_Gain = Annotated[float, Field(ge=-10, le=10)]


class LiveLinkSink(FaceDriven):
    """What Live Link Face on an iPhone sends: Unreal Engine."""

    example: ClassVar[str] = "livelink://127.0.0.1:11111"

    kind: Literal["livelink"] = "livelink"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 11111
    """The port it listens on."""
    subject: Annotated[str, Field(min_length=1, max_length=60)] = "vtdrive"
    """The name under which Unreal lists this face."""
    angles: Literal["radians", "half-turns"] = "radians"
    """How angles are sent. The head turns three times too far: half-turns."""
    yaw_gain: _Gain = 1.0
    """Multiplies the turn of the head; -1: the other way. At 1 the subject's left is positive."""
    pitch_gain: _Gain = 1.0
    """The same for the nod; up is positive."""
    roll_gain: _Gain = 1.0
    """The same for the tilt; the crown to the subject's right is positive."""
    eye_yaw_gain: _Gain = 1.0
    """The same for the turn of both eyes."""
    eye_pitch_gain: _Gain = 1.0
    """The same for the eyes up and down."""
    when_lost: Literal["ease", "no-face"] = "ease"
    """Without a face: `ease` sends how the avatar eases to rest; `no-face` says that there is none,
    as the phone does, and Unreal then keeps its last pose."""
