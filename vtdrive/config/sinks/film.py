"""A film of the avatar."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.sinks.base import SinkTable

__all__ = ["FilmSink"]


class FilmSink(SinkTable):
    """The avatar as a film: .mp4, .webm with transparency, .webp, or a folder of .png pictures."""

    example: ClassVar[str] = "file:out.mp4"

    kind: Literal["file"] = "file"
    path: str
    """out.mp4 (plays everywhere, no transparency), out.webm (VP9, transparent), out.webp (animated,
    transparent), or out.png: a folder `out` of numbered pictures. `{time}` becomes the time."""
    fps: Annotated[float, Field(ge=1, le=120)] = 30.0
    """Constant, whatever the camera's rate."""
    quality: Annotated[int, Field(ge=1, le=100)] = 80
    """Higher: better and larger."""
    overwrite: bool = False
    """Replace a file that exists."""
