"""VRChat avatar parameters."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["VrchatSink"]


class VrchatSink(FaceDriven):
    """VRChat: the parameters that the worn avatar declares."""

    example: ClassVar[str] = "vrchat://127.0.0.1:9000"

    kind: Literal["vrchat"] = "vrchat"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 9000
    """The port it listens on."""
