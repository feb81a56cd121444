"""Recordings."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.base import Hz
from vtdrive.config.sinks.base import SinkTable
from vtdrive.types import Profile

__all__ = ["McapSink"]


class McapSink(SinkTable):
    """A recording of every tap, for `vtdrive replay`. No picture is stored."""

    example: ClassVar[str] = "mcap:FILE"

    kind: Literal["mcap"] = "mcap"
    path: str
    """The file; `{time}` in it becomes the time of the start."""
    landmarks: bool = True
    """False: smaller files that replay only from the solved signals on."""
    flush_hz: Hz = 1.0
    """How often what is recorded reaches the disk."""

    @property
    def profile(self) -> Profile:
        return Profile()
