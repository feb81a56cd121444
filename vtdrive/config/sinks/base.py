"""What the tables of sinks share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from vtdrive.config.base import Table
from vtdrive.types import Drive, Profile

__all__ = ["Driven", "FaceDriven", "Port", "SinkTable"]

Port = Annotated[int, Field(ge=1, le=65535)]


class SinkTable(Table):
    """A sink's options. One with a `host` is written `kind://HOST:PORT`, one with a `path`
    `kind:FILE`."""

    example: ClassVar[str]
    """A URL that works, for messages and `vtdrive sinks list`."""


class Driven(SinkTable):
    """Options of every sink that receives poses."""

    drive: Drive = "both"
    """`presets`: Joy, A, Blink …; `shapes`: the 52 ARKit shapes with emotion mixed in (for
    perfect-sync models); `both`: presets and the 52 as tracked."""
    mirror: bool = False
    """True: the avatar moves like a mirror image."""
    max_hz: Annotated[float, Field(ge=0, le=240)] = 0.0
    """Send at most this often; 0 = every frame."""

    @property
    def profile(self) -> Profile:
        return Profile(self.drive, self.mirror)


class FaceDriven(SinkTable):
    """Options of sinks that send a face as a tracker would: head, gaze and the 52 shapes."""

    drive: Drive = "shapes"
    """`shapes`: the 52 with emotion mixed in; `both`: the 52 as tracked."""
    mirror: bool = False
    """True: the avatar moves like a mirror image."""
    max_hz: Annotated[float, Field(ge=0, le=240)] = 0.0
    """Send at most this often; 0 = every frame."""

    @property
    def profile(self) -> Profile:
        return Profile(self.drive, self.mirror)
