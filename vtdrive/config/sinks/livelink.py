"""Live Link Face."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["LiveLinkSink"]


class LiveLinkSink(FaceDriven):
    """What Live Link Face on an iPhone sends: Unreal Engine."""

    example: ClassVar[str] = "livelink://127.0.0.1:11111"

    kind: Literal["livelink"] = "livelink"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 11111
    """The port it listens on."""
