"""The seam that finished tracking comes through: recordings, and other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vtdrive.types import F32, Emotion, Incoming, Track

__all__ = ["Tick", "TrackSource"]


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """What one step of the driver was given."""

    seq: int
    t_ns: int
    track: Track | None
    """None where the step had no new frame."""
    emotion: Emotion | None
    """The classifier sample the step read, which may be older."""
    commands: tuple[str, ...] = ()
    """What the user asked for just before this step, in order."""
    raw: F32 | None = None
    """(S,) the signals solved from `track` then; None where the source has none."""
    inputs: tuple[Incoming | None, ...] = ()
    """The measurement of each live input that the step read."""


@runtime_checkable
class TrackSource(Protocol):
    """Delivers tracking instead of pictures. `open`, `read`, `close` all come from one thread.

    `t_ns` never falls within one source. `read` raises EndOfStream when a finite source is over and
    SourceLost when a program that sent has fallen silent. `close` is called exactly once, also
    after a failed `open`.
    """

    name: str
    """For the user: `recording take1.mcap`."""

    def open(self) -> None:
        """Start delivering; raises SourceNotFound with a remedy."""

    def read(self) -> Tick:
        """The next tick."""

    def close(self) -> None:
        """Release files and sockets."""
