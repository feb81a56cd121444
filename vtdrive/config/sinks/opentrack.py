"""opentrack, six numbers over UDP."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["OpentrackSink"]


class OpentrackSink(FaceDriven):
    """The head as six numbers for opentrack's "UDP over network": games."""

    example: ClassVar[str] = "opentrack://127.0.0.1:4242"

    kind: Literal["opentrack"] = "opentrack"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 4242
    """The port it listens on."""
    invert: tuple[Literal["x", "y", "z", "yaw", "pitch", "roll"], ...] = ()
    """Axes to turn round, where the view goes the wrong way. Not turned round, x and yaw are + to
    your right, y and pitch up, z away from the screen, roll to your right shoulder."""
