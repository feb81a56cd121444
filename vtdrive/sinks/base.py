"""The seam that outputs implement."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vtdrive.config.avatar import AvatarConfig
from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8, AvatarFrame, Profile, RigSchema

__all__ = ["Commandable", "Dressed", "Seeing", "Sink", "SinkStats"]


@runtime_checkable
class Sink(Protocol):
    """Receives avatar frames. All calls come from one thread.

    A sink with `slow` False must return from `send` within 1 ms and is called inline; one with
    `slow` True gets a thread of its own and a newest-wins slot (or, for `every_frame`, a queue).
    `send` raises SinkError when the frame could not be delivered: the sink counts as degraded and
    the next frame is tried again, at most every 2 s after repeated failures. `open` may be called
    again between frames with a changed schema: templates are rebuilt, sockets kept. `close` is
    called exactly once, also after a failed `open`; the runtime has sent a neutral frame before. It
    does not raise: what went wrong then stands in `stats.last_error`.
    """

    name: str
    """For the user: `vmc 127.0.0.1:39539`."""
    target: str
    """What must not be shared by two instances (`udp:127.0.0.1:39539`); empty = may be shared."""
    profile: Profile
    slow: bool
    every_frame: bool
    stats: SinkStats

    def open(self, schema: RigSchema) -> None:
        """Build templates and connect; raises SinkError with a remedy."""

    def send(self, frame: AvatarFrame) -> None:
        """Deliver one frame."""

    def close(self) -> None:
        """Release sockets and files."""


@runtime_checkable
class Commandable(Protocol):
    """What a sink may offer besides: to do things that its receiver can, when the user asks."""

    def command(self, name: str) -> str | None:
        """Do `name` (`replay save`) and say what was done: `the replay is saved`.

        None where this sink knows no such command. Called from any thread, also while the
        receiver is away; must return within 3 s; raises SinkError with the reason and a remedy
        where it cannot be done.
        """


@runtime_checkable
class Dressed(Protocol):
    """What a sink may offer besides: it shows the built-in avatar, whose look may change."""

    def relook(self, look: AvatarConfig) -> None:
        """Show `look` from now on. From any thread; raises SinkError where that cannot be."""


@runtime_checkable
class Seeing(Protocol):
    """What a sink may offer besides: to be shown what the camera sees."""

    @property
    def sees(self) -> bool:
        """Whether it wants that now."""

    def see(self, image: U8) -> None:
        """The newest (H, W, 3) RGB picture, unmirrored and read-only. From the sinks' thread;
        must return within 1 ms, and never store it."""
