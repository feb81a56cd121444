"""Sinks at work: each degrades, recovers and is counted by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from vtdrive.errors import SinkError, TargetInUse
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.base import Sink
from vtdrive.types import AvatarFrame, RigSchema

__all__ = ["Outlet", "Outlets"]

_RETRY_NS: Final = 2_000_000_000
_FIFO: Final = 1800
"""Frames that a recorder may lag behind (30 s at 60 fps) before it loses some."""
Tell = Callable[[str], None]


class Outlet:
    """One sink, with its faults kept to itself."""

    def __init__(self, sink: Sink, schema: RigSchema, tell: Tell) -> None:
        self.sink = sink
        self._schema = schema
        self._tell = tell
        self._retry_ns: int | None = None
        self._failures = 0
        self._opened = False

    @property
    def healthy(self) -> bool:
        """Whether the last attempt worked."""
        return self._failures == 0

    def open(self) -> None:
        """Build templates and connect; raises SinkError."""
        self.sink.open(self._schema)
        self._opened = True

    def begin(self) -> None:
        """The first opening. A receiver that is not there yet is waited for; a target that another
        instance serves is not."""
        try:
            self.open()
        except TargetInUse:
            raise
        except SinkError as fault:
            self._fall(fault, 0)

    def reopen(self, schema: RigSchema) -> None:
        """New names, same sockets."""
        self._schema = schema
        try:
            self.open()
        except SinkError as fault:
            self._fall(fault, 0)

    def send(self, frame: AvatarFrame, now_ns: int) -> None:
        """Deliver, unless the sink is resting after a failure."""
        if self._retry_ns is not None and now_ns < self._retry_ns:
            return
        try:
            if not self._opened:
                self.open()
            self.sink.send(frame)
        except SinkError as fault:
            self._fall(fault, now_ns)
            return
        if self._failures:
            self._tell(f"{self.sink.name}: works again")
            self._failures, self._retry_ns = 0, None

    def _fall(self, fault: SinkError, now_ns: int) -> None:
        self._failures += 1
        self._retry_ns = now_ns + _RETRY_NS
        self.sink.stats.last_error = fault.what
        if self._failures == 1:
            self._tell(f"{self.sink.name}: {fault}; trying again, other outputs are unaffected")


@dataclass(frozen=True, slots=True)
class _Lane:
    """A slow sink's own thread and what feeds it."""

    outlet: Outlet
    put: Callable[[AvatarFrame], None]


class Outlets:
    """All sinks of a run. Cheap ones are served inline, slow ones from threads of their own."""

    def __init__(self, outlets: Sequence[Outlet], tell: Tell) -> None:
        self.all = tuple(outlets)
        self._tell = tell
        self._inline = [o for o in self.all if not o.sink.slow]
        self._lanes: list[_Lane] = []
        self._stack = ExitStack()
        self.lost = 0
        """Frames that a recorder could not take in time."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for outlet in self.all:
                # Registered before `open`, since `close` is owed also after a failed one.
                stack.callback(outlet.sink.close)
                outlet.begin()
                if outlet.sink.slow:
                    self._lanes.append(self._lane(outlet, stack))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def send(self, frame: AvatarFrame, now_ns: int) -> None:
        """One frame to everybody."""
        for outlet in self._inline:
            outlet.send(frame, now_ns)
        for lane in self._lanes:
            lane.put(frame)

    def reopen(self, schema: RigSchema) -> None:
        """The config changed the names: rebuild every template."""
        for outlet in self.all:
            outlet.reopen(schema)

    def _lane(self, outlet: Outlet, stack: ExitStack) -> _Lane:
        def failed(fault: BaseException) -> None:
            self._tell(f"{outlet.sink.name}: stopped: {fault}")

        if outlet.sink.every_frame:
            fifo: queue.Queue[AvatarFrame | None] = queue.Queue(_FIFO)

            def drain(stop: threading.Event) -> None:
                while (frame := fifo.get()) is not None:
                    outlet.send(frame, frame.t_ns)

            stack.enter_context(
                Worker(outlet.sink.name, drain, on_failure=failed, wake=lambda: fifo.put(None))
            )

            def put(frame: AvatarFrame) -> None:
                try:
                    fifo.put_nowait(frame)
                except queue.Full:
                    self.lost += 1

            return _Lane(outlet, put)
        slot: Latest[AvatarFrame] = Latest()

        def follow(stop: threading.Event) -> None:
            while not stop.is_set():
                frame = slot.take(0.5)
                if frame is not None:
                    outlet.send(frame, frame.t_ns)

        stack.enter_context(Worker(outlet.sink.name, follow, on_failure=failed, wake=slot.close))
        return _Lane(outlet, slot.put)
