"""What the sinks that send datagrams share: a template, a link, and the life cycle."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.udp import UdpLink, endpoint, udp_target
from vtdrive.types import AvatarFrame, Profile, RigSchema

__all__ = ["DatagramSink", "SentTap"]

SentTap = Callable[[str, int, tuple[bytes, ...]], None]
"""Called with the sink's name, the frame's `seq` and copies of what was sent."""


class DatagramSink(ABC):
    """A cheap sink: one frame, a few datagrams, one socket.

    `on_sent`, when set, sees each frame's datagrams after they left; the recorder uses it.
    """

    slow = False
    every_frame = False

    def __init__(self, *, kind: str, host: str, port: int, profile: Profile) -> None:
        self.name = f"{kind} {endpoint(host, port)}"
        self.target = udp_target(host, port)
        self.profile = profile
        self.stats = SinkStats()
        self.on_sent: SentTap | None = None
        self._ready = False
        self._link = UdpLink(label=self.name, host=host, port=port, stats=self.stats)

    def open(self, schema: RigSchema) -> None:
        # Until the new template stands, nothing is sent: the old one would misplace values.
        self._ready = False
        try:
            self._build(schema)
        except ValueError as fault:
            raise SinkUnusable(
                f"{self.name}: {fault}", "rename an output, or change this sink's options"
            ) from fault
        self._link.open()
        self._ready = True

    def send(self, frame: AvatarFrame) -> None:
        if not self._ready:
            raise SinkError(f"{self.name}: not open", "wait for it to be opened again")
        datagrams = self._filled(frame)
        try:
            self._link.send(datagrams)
        except SinkError as fault:
            self.stats.last_error = fault.what
            raise
        self.stats.frames += 1
        if self.on_sent is not None:
            self.on_sent(self.name, frame.seq, tuple(map(bytes, datagrams)))

    def close(self) -> None:
        self._ready = False
        self._link.close()

    @abstractmethod
    def _build(self, schema: RigSchema) -> None:
        """Make the template; raises ValueError."""

    @abstractmethod
    def _filled(self, frame: AvatarFrame) -> Sequence[bytes | memoryview]:
        """The frame's datagrams, valid until the next call."""
