"""A WebSocket server."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from vtdrive.config.base import Secret
from vtdrive.config.sinks.base import Driven, Port

__all__ = ["StreamField", "WebSocketSink"]

StreamField = Literal["head", "head_m", "gaze", "emotion", "speaking", "params", "bones", "root_m"]


class WebSocketSink(Driven):
    """A WebSocket server: every client is sent each frame as JSON. Overlays, robots."""

    example: ClassVar[str] = "ws://127.0.0.1:8765"

    kind: Literal["ws"] = "ws"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: only this machine; 0.0.0.0: the network."""
    port: Port = 8765
    """The port to listen on."""
    fields: tuple[StreamField, ...] = ()
    """What each frame holds: head, head_m, gaze, emotion, speaking, params, bones, root_m. Empty:
    all. A client may ask for fewer: ws://127.0.0.1:8765/?fields=emotion&max_hz=10"""
    page: str = ""
    """The HTML file that http://HOST:PORT/ shows; empty: the example overlay."""
    origins: tuple[str, ...] = ()
    """Web pages that may connect besides those from this machine's own servers, as browsers name
    them: https://example.org; `null` is any file, and a trick by which every web page can come in;
    * is every page."""
    token: Secret = SecretStr("")
    """If set, every client must give it: ws://127.0.0.1:8765/?token=… Config files only."""
    token_env: str = "VTDRIVE_WS_TOKEN"
    """The environment variable that holds the token, where `token` is empty."""
    max_clients: Annotated[int, Field(ge=1, le=256)] = 16
    """More are turned away."""
