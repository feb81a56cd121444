"""What the parent and the process that paints tell each other."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple, Protocol

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Table
from vtdrive.render.stage.lane import LaneReport
from vtdrive.render.stage.output import Output
from vtdrive.render.stage.slot import Slot
from vtdrive.types import U8, FaceState

__all__ = ["Add", "Draws", "Drop", "End", "Makers", "Message", "Order", "Relook", "Report"]


class Draws(Protocol):
    """What the stage needs of `render.drawer.Drawer`; all calls come from one thread."""

    def open(self) -> None: ...

    def draw(self, state: FaceState, t_ns: int, *, backdrop: U8 | None = None) -> U8: ...

    def refresh(self) -> str: ...

    def use(self, look: AvatarConfig) -> None: ...

    def close(self) -> None: ...


class Makers(NamedTuple):
    """Who makes what: functions or classes of a module, looked up by name in the new process."""

    drawer: Callable[[AvatarConfig], Draws]
    output: Callable[[Table], Output]
    check: Callable[[Table, AvatarConfig], None]
    """Raises a VtdriveError for what can be known to go wrong before anything is started: an
    avatar that is not there or broken, a package that is missing. Takes less than 0.1 s."""


class Order(NamedTuple):
    """What a new process starts with."""

    look: AvatarConfig
    makers: Makers
    faces: Slot
    camera: Slot
    bell: Connection
    """Rung by the parent when a face lies there, see `Slot.wait`."""
    line: Connection
    """Commands in, reports out."""


class Add(NamedTuple):
    """Open one more output."""

    key: int
    table: Table


class Drop(NamedTuple):
    """Close an output once it has shown the avatar at rest."""

    key: int


class Relook(NamedTuple):
    """Draw another avatar, or the same one differently."""

    look: AvatarConfig


class End(NamedTuple):
    """Close all outputs once they have shown the avatar at rest, and end."""


Message = Add | Drop | Relook | End


class Report(NamedTuple):
    """How the process is doing; sent four times a second."""

    painted: int
    """Pictures so far."""
    paint_ms: tuple[float, float]
    """Median and 95th percentile of the last pictures; 0 before the first."""
    latency_ms: tuple[float, float]
    """The same, of the time from the capture of a face until the first picture of it was ready."""
    last_error: str
    """Why nothing is painted, or not as asked."""
    remedy: str
    news: tuple[str, ...]
    """What the user should know once: that changed files were taken."""
    lanes: dict[int, LaneReport]
    gone: tuple[int, ...]
    """Keys of the outputs that have been closed after `Drop`."""
