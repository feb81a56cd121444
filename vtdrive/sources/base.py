"""The seam that cameras, files and streams implement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vtdrive.types import VideoFrame

__all__ = ["Obtained", "Source"]


@dataclass(frozen=True, slots=True)
class Obtained:
    """What a source really delivers, as opposed to what was asked of it."""

    name: str
    """For the user: `camera 0 (Integrated Webcam)`, `clip.mp4`."""
    width: int
    height: int
    fps: float
    """0 where the source does not tell."""
    pixel_format: str = ""
    backend: str = ""
    live: bool = False
    """True: frames that nobody takes are gone, and a loss is worth a retry."""
    lockstep: bool = False
    """True: nothing may be dropped, `t_ns` is media time, and the reader sets the pace."""
    notes: tuple[str, ...] = ()
    """A sentence for the user about each wish that was not met."""


@runtime_checkable
class Source(Protocol):
    """Delivers frames. `open`, `read`, `close` all come from one thread.

    `read` blocks for at most about `stall_s` of its config and then raises SourceLost. It raises
    EndOfStream when a finite source is over, and SourceLost when the device went away; afterwards
    only `close` is called. `t_ns` of a frame is taken when the grab returned, before colour
    conversion; it strictly rises within one source, and so does `seq`, whose gaps are frames that
    were skipped. `image` is read-only and never written again. `close` is called exactly once, also
    after a failed `open`, and may be called while no frame was ever read.
    """

    def open(self) -> Obtained:
        """Start delivering; raises SourceNotFound with a remedy."""

    def read(self) -> VideoFrame:
        """The next frame."""

    def close(self) -> None:
        """Release the device."""
