"""OpenSeeFace packets."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["OpenSeeFaceSink"]


class OpenSeeFaceSink(FaceDriven):
    """OpenSeeFace packets: VSeeFace, VTube Studio and others take them."""

    example: ClassVar[str] = "openseeface://127.0.0.1:11573"

    kind: Literal["openseeface"] = "openseeface"
    host: str = "127.0.0.1"
    """Address of the machine that listens. Packets are 1785 bytes: best on this machine."""
    port: Port = 11573
    """The port it listens on."""
