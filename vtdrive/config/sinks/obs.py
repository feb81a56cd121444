"""OBS Studio."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import Port, SinkTable
from vtdrive.types import Profile

__all__ = ["ObsSink"]


class ObsSink(SinkTable):
    """OBS Studio over obs-websocket: scenes, sources and filters follow the face by rules."""

    example: ClassVar[str] = "obs://127.0.0.1:4455"

    kind: Literal["obs"] = "obs"
    host: str = "127.0.0.1"
    """Address of the machine that runs OBS."""
    port: Port = 4455
    """The port in OBS, Tools, WebSocket Server Settings."""

    @property
    def profile(self) -> Profile:
        return Profile()
