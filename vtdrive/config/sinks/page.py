"""A page with the avatar, for a browser or media source."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.sinks.base import Port, SinkTable

__all__ = ["PageSink"]


class PageSink(SinkTable):
    """The avatar as a transparent web page for an OBS browser source, and as an MJPEG feed."""

    example: ClassVar[str] = "page://127.0.0.1:8770"

    kind: Literal["page"] = "page"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: only this machine; 0.0.0.0: the network."""
    port: Port = 8770
    """The port to listen on."""
    fps: Annotated[float, Field(ge=0, le=60)] = 30.0
    """At most this many pictures in a second; 0 = as `[avatar] fps`."""
    quality: Annotated[int, Field(ge=30, le=100)] = 90
    """Of the JPEG pictures."""
    max_clients: Annotated[int, Field(ge=1, le=16)] = 4
    """More are turned away."""
