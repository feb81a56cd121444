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
