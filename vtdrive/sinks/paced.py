"""`max_hz`: any sink, but not more often than that."""

from __future__ import annotations

import contextlib

from vtdrive.errors import SinkError
from vtdrive.sinks.base import Sink
from vtdrive.types import AvatarFrame, RigSchema

__all__ = ["Paced"]


class Paced:
    """Passes on at most `max_hz` frames a second, by capture time; the last frame never gets lost.

    A frame that is held back goes out at `close` unless a newer one did before, so the avatar ends
    up where the run ended.
    """

    def __init__(self, sink: Sink, *, max_hz: float) -> None:
        self.name = sink.name
        self.target = sink.target
        self.profile = sink.profile
        self.slow = sink.slow
        self.every_frame = sink.every_frame
        self.stats = sink.stats
        self.inner = sink
        self._period_ns = round(1e9 / max_hz)
        self._due_ns: int | None = None
        self._held: AvatarFrame | None = None

    def open(self, schema: RigSchema) -> None:
        # A frame of the old schema does not fit the new one.
        self._held = None
        self.inner.open(schema)

    def send(self, frame: AvatarFrame) -> None:
        period_ns = self._period_ns
        if self._due_ns is None or frame.t_ns - self._due_ns >= period_ns:
            self._due_ns = frame.t_ns
        # A quarter of a period early is on time: cameras jitter, and 30 fps must pass 30 Hz whole.
        if frame.t_ns < self._due_ns - period_ns // 4:
            self._held = frame
            return
        self._held = None
        self._due_ns += period_ns
        self.inner.send(frame)

    def close(self) -> None:
        held, self._held = self._held, None
        # A sink that fails says so in `stats`, and there is nobody left to retry for.
        with contextlib.suppress(SinkError):
            if held is not None:
                self.inner.send(held)
        self.inner.close()
