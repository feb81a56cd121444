"""A WebSocket server."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import Driven, Port

__all__ = ["WebSocketSink"]


class WebSocketSink(Driven):
    """A WebSocket server: every client is sent each frame as JSON. Overlays, robots."""

    example: ClassVar[str] = "ws://127.0.0.1:8765"

    kind: Literal["ws"] = "ws"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: only this machine; 0.0.0.0: the network."""
    port: Port = 8765
    """The port to listen on."""
