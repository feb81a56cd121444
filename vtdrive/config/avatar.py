"""The built-in avatar: who it is, and how its picture is made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vtdrive.config.base import Table

__all__ = ["AvatarConfig"]

Even = Annotated[int, Field(ge=64, le=3840, multiple_of=2)]


class AvatarConfig(Table):
    """The avatar that vtdrive draws by itself, for the sinks virtualcam, window, page and file."""

    name: str = "mimi"
    """A bundled avatar (`vtdrive avatar list`), or the path of an avatar's folder."""
    width: Even = 1280
    """Of the picture, in pixels."""
    height: Even = 720
    """Of the picture, in pixels."""
    fps: Annotated[float, Field(ge=5, le=120)] = 30.0
    """Pictures in a second. 60 looks smoother and costs twice the CPU."""
    mirror: bool = True
    """True: the avatar moves like your mirror image, as streamers expect."""
    background: str = "transparent"
    """`transparent`, a colour (`#00ff00` for a chroma key), a picture's path, or `blur`: the
    camera's picture, blurred. Where an output has no transparency, transparent is `#00ff00`."""
    zoom: Annotated[float, Field(gt=0.1, le=8)] = 1.0
    """1: the whole avatar fits the picture's height."""
    x: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """Where the avatar stands: -1 at the left edge of the picture, 1 at the right."""
    y: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """-1: a picture's half lower, 1: higher."""
    outline_px: Annotated[float, Field(ge=0, le=24)] = 0.0
    """A light rim around the avatar, which makes it stand out from a busy game; costs CPU."""
