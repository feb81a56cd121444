"""Sinks at work: each degrades, recovers and is counted by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from vtdrive.errors import SinkError, TargetInUse
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.base import Sink
from vtdrive.types import AvatarFrame, RigSchema

__all__ = ["Outlet", "Outlets"]

_RETRY_NS: Final = 2_000_000_000
_PATIENCE_S: Final = 10.0
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
        self._hint = ""

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

    def send(self, frame: AvatarFrame, schema: RigSchema, now_ns: int) -> None:
        """Deliver, unless the sink is resting after a failure.

        Where `schema` is not the one it was opened with, it is opened anew first: new names, same
        sockets, and in the sink's own thread, between the last frame of the old and the first of
        the new.
        """
        if schema is not self._schema:
            self._schema, self._opened, self._retry_ns = schema, False, None
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
            self._hint = self.sink.stats.last_error
        elif self.sink.stats.last_error != self._hint:
            self._hint = self.sink.stats.last_error
            if self._hint:
                self._tell(f"{self.sink.name}: {self._hint}")

    def _fall(self, fault: SinkError, now_ns: int) -> None:
        self._failures += 1
        self._retry_ns = now_ns + _RETRY_NS
        self.sink.stats.last_error = fault.what
        if self._failures == 1:
            self._tell(f"{self.sink.name}: {fault}; trying again, other outputs are unaffected")


_Item = tuple[AvatarFrame, RigSchema]


class Outlets:
    """All sinks of a run. Cheap ones are served inline, slow ones from threads of their own."""

    def __init__(
        self, outlets: Sequence[Outlet], schema: RigSchema, tell: Tell, *, patient: bool = False
    ) -> None:
        """`patient`: slow sinks are waited for instead of losing frames; for work on files."""
        self._patient = patient
        self.all = tuple(outlets)
        self._tell = tell
        self._inline = [o for o in self.all if not o.sink.slow]
        self._lanes: list[Callable[[_Item], None]] = []
        self.schema = schema
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

    @property
    def packets(self) -> int:
        """Packets sent; what goes to files does not count."""
        return sum(o.sink.stats.packets for o in self.all if not o.sink.slow)

    def send(self, frame: AvatarFrame, now_ns: int) -> None:
        """One frame to everybody."""
        for outlet in self._inline:
            outlet.send(frame, self.schema, now_ns)
        for put in self._lanes:
            put((frame, self.schema))

    def _lane(self, outlet: Outlet, stack: ExitStack) -> Callable[[_Item], None]:
        """A thread for a slow sink; what feeds it."""

        def failed(fault: BaseException) -> None:
            self._tell(f"{outlet.sink.name}: stopped: {fault}")

        if outlet.sink.every_frame or self._patient:
            fifo: queue.Queue[_Item | None] = queue.Queue(_FIFO)

            def drain(stop: threading.Event) -> None:
                while (item := fifo.get()) is not None:
                    outlet.send(*item, item[0].t_ns)

            stack.enter_context(
                Worker(outlet.sink.name, drain, on_failure=failed, wake=lambda: fifo.put(None))
            )

            def put(item: _Item) -> None:
                try:
                    fifo.put(item, timeout=_PATIENCE_S if self._patient else 0)
                except queue.Full:
                    self.lost += 1

            return put
        slot: Latest[_Item] = Latest()

        def follow(stop: threading.Event) -> None:
            while not stop.is_set() or not slot.empty:
                item = slot.take(0.5)
                if item is not None:
                    outlet.send(*item, item[0].t_ns)

        stack.enter_context(Worker(outlet.sink.name, follow, on_failure=failed, wake=slot.close))
        return slot.put
