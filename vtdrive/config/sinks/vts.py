"""VTube Studio as a plugin."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["VtsSink"]


class VtsSink(FaceDriven):
    """VTube Studio on this or another computer, as a plugin."""

    example: ClassVar[str] = "vts://127.0.0.1:8001"

    kind: Literal["vts"] = "vts"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 8001
    """The port it listens on."""
