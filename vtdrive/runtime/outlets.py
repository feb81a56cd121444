"""Sinks at work: each degrades, recovers and is counted by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from vtdrive.errors import SinkError, SinkUnusable, TargetInUse, VtdriveError
from vtdrive.runtime.fifo import Fifo
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.base import Sink
from vtdrive.types import AvatarFrame, RigSchema

__all__ = ["Extra", "Outlet", "Outlets"]

_RETRY_NS: Final = 2_000_000_000
_PATIENCE_S: Final = 10.0
_FIFO: Final = 1800
"""Frames that a recorder may lag behind (30 s at 60 fps) before it loses some."""
_PATIENT_FIFO: Final = 120
"""The same where it is waited for: more would only put the waiting off to the end."""
_DRAIN_S: Final = 10.0
"""How long the end of a run waits for a recorder that takes nothing of what it lags behind."""
_TELL_LAG_S: Final = 2.0
"""After waiting that long the user hears for what."""
_FOLLOW_S: Final = 2.0
"""The same for a sink that only wants the newest frame, and for the last one of any."""
_CLOSE_S: Final = 1.0
_NAP_S: Final = 0.2
Tell = Callable[[str], None]


class Outlet:
    """One sink, with its faults kept to itself, also those that break the sinks' contract."""

    def __init__(self, sink: Sink, schema: RigSchema, tell: Tell) -> None:
        self.sink = sink
        # Only ever contended at the end of a run, by a sink that does not come back from `send`.
        self._lock = threading.Lock()
        self._closed = False
        self._schema = schema
        self._tell = tell
        self._retry_ns: int | None = None
        self._failures = 0
        self._opened = False
        self._hint = ""
        self._remedy = ""
        """Of the fault that it rests after."""
        self._note = ""
        self._connected: bool | None = None

    @property
    def healthy(self) -> bool:
        """Whether the last attempt worked."""
        return self._failures == 0

    @property
    def connected(self) -> bool | None:
        """Whether the receiver was there at the last frame; None where the protocol cannot tell."""
        return self._connected

    @property
    def trouble(self) -> str:
        """What is wrong now, to stand behind the sink's name; empty where all is well."""
        return self.sink.stats.last_error.removeprefix(f"{self.sink.name}: ")

    def open(self) -> None:
        """Build templates and connect; raises SinkError."""
        self.sink.open(self._schema)
        self._opened = True

    def begin(self) -> None:
        """The first opening. A receiver that is not there yet is waited for; options or a path
        that cannot work, and a target that another instance serves, are told at once."""
        try:
            self.open()
        except (SinkUnusable, TargetInUse):
            raise
        except SinkError as fault:
            self._fall(fault, 0)

    def send(self, frame: AvatarFrame, schema: RigSchema, now_ns: int) -> None:
        """Deliver, unless the sink is resting after a failure.

        Where `schema` is not the one it was opened with, it is opened anew first: new names, same
        sockets, and in the sink's own thread, between the last frame of the old and the first of
        the new.
        """
        with self._lock:
            if not self._closed:
                self._send(frame, schema, now_ns)

    def close(self) -> None:
        """Close the sink; one that is stuck in `send` is left behind."""
        if not self._lock.acquire(timeout=_CLOSE_S):
            self._tell(f"{self.sink.name}: does not answer and was left behind")
            return
        try:
            self._closed = True
            self.sink.close()
            if self.healthy:
                self._pass_on_words()
        except Exception as fault:  # it may not raise, and what others owe must not wait for it
            self._tell(f"{self.sink.name}: broke while it was closed: {fault!r}")
        finally:
            self._lock.release()

    def _send(self, frame: AvatarFrame, schema: RigSchema, now_ns: int) -> None:
        if schema is not self._schema:
            self._schema, self._opened, self._retry_ns = schema, False, None
        if self._retry_ns is not None and now_ns < self._retry_ns:
            return
        try:
            if not self._opened:
                self.open()
            self.sink.send(frame)
        except Exception as fault:  # only this sink degrades, whatever it raises
            self._fall(fault, now_ns)
            return
        if self._failures:
            self._tell(f"{self.sink.name}: works again")
            self._failures, self._retry_ns = 0, None
            self._hint = self.sink.stats.last_error
            if self.sink.stats.remedy == self._remedy:
                self.sink.stats.remedy = ""
        self._pass_on()

    def _pass_on(self) -> None:
        """What a sink found out by itself, each thing once: reached, lost, open to others."""
        stats = self.sink.stats
        if stats.connected != self._connected:
            self._connected = stats.connected
            if stats.connected:
                self._tell(f"{self.sink.name}: connected")
        self._pass_on_words()

    def _pass_on_words(self) -> None:
        stats = self.sink.stats
        if stats.last_error != self._hint:
            self._hint = stats.last_error
            if self._hint:
                self._tell(str(SinkError(self._named(self._hint), stats.remedy)))
        if stats.note != self._note:
            self._note = stats.note
            if self._note:
                self._tell(self._named(self._note))

    def _fall(self, fault: Exception, now_ns: int) -> None:
        if not isinstance(fault, VtdriveError):
            fault = SinkError(f"broke: {fault!r}", "report this to the author of the sink")
        self._failures += 1
        self._retry_ns = now_ns + _RETRY_NS
        self._remedy = fault.remedy
        self.sink.stats.last_error, self.sink.stats.remedy = fault.what, fault.remedy
        if self._failures == 1:
            again = "" if isinstance(fault, SinkUnusable) else " trying again every 2 s,"
            said = f"{self._named(fault.what)};{again} other outputs are unaffected"
            self._tell(str(SinkError(said, fault.remedy)))

    def _named(self, said: str) -> str:
        """`said` with the sink's name before it; most say it already."""
        return said if said.startswith(self.sink.name) else f"{self.sink.name}: {said}"


_Item = tuple[AvatarFrame, RigSchema]


class Extra:
    """A slow sink that is served for a part of a run. Made by `Outlets.begin`."""

    def __init__(self, outlet: Outlet, put: Callable[[_Item], None], stack: ExitStack) -> None:
        self.outlet = outlet
        self.put = put
        self._stack = stack
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let it write what it lags behind, then close it; from any thread, once or more often."""
        with self._lock:
            self._stack.close()


class Outlets:
    """All sinks of a run. Cheap ones are served inline, slow ones from threads of their own.

    `begin` opens one more, from any thread; `admit` and `dismiss` are called between two frames.
    """

    def __init__(
        self, outlets: Sequence[Outlet], schema: RigSchema, tell: Tell, *, patient: bool = False
    ) -> None:
        """`patient`: slow sinks are waited for instead of losing frames; for work on files."""
        self._patient = patient
        self.all = tuple(outlets)
        self._tell = tell
        # Datagrams leave first: a connection's thread, once roused, competes for the interpreter.
        inline = [o for o in self.all if not o.sink.slow]
        self._inline = sorted(inline, key=lambda o: o.sink.stats.connected is not None)
        self._lanes: list[Callable[[_Item], None]] = []
        self._extras: list[Extra] = []
        self.schema = schema
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for outlet in self.all:
                # Registered before `open`, since `close` is owed also after a failed one.
                stack.callback(outlet.close)
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
        try:
            for extra in self._extras:
                extra.close()
        finally:
            self._stack.__exit__(kind, fault, trace)

    def begin(self, outlet: Outlet) -> Extra:
        """Open a slow sink and start its thread; raises SinkError, and owes nothing then."""
        with ExitStack() as stack:
            stack.callback(outlet.close)
            outlet.begin()
            put = self._lane(outlet, stack)
            return Extra(outlet, put, stack.pop_all())

    def admit(self, extra: Extra) -> None:
        """Serve it from the next frame on."""
        self._extras.append(extra)
        self.all = (*self.all, extra.outlet)

    def dismiss(self, extra: Extra, last: AvatarFrame) -> None:
        """Serve it no longer; `last` is what it gets in the end. It is left to be closed."""
        if extra in self._extras:
            extra.put((last, self.schema))
            self._extras.remove(extra)
            self.all = tuple(outlet for outlet in self.all if outlet is not extra.outlet)

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
        for extra in self._extras:
            extra.put((frame, self.schema))

    def _lane(self, outlet: Outlet, stack: ExitStack) -> Callable[[_Item], None]:
        """A thread for a slow sink; what feeds it."""
        name, every = outlet.sink.name, outlet.sink.every_frame or self._patient
        patience_s = _PATIENCE_S if self._patient else 0.0
        most = _PATIENT_FIFO if self._patient else _FIFO
        feed = Fifo[_Item](most, patience_s=patience_s) if every else Latest[_Item]()

        def follow(stop: threading.Event) -> None:
            while not (stop.is_set() and feed.empty):
                item = feed.take(0.5)
                if item is not None:
                    outlet.send(*item, item[0].t_ns)

        def failed(fault: BaseException) -> None:
            feed.close()
            self._tell(f"{name}: stopped: {fault!r}")

        if isinstance(feed, Fifo):
            stack.callback(self._account, name, feed)
        worker = Worker(name, follow, on_failure=failed, wake=feed.close, join_s=_FOLLOW_S)
        stack.enter_context(worker)
        if isinstance(feed, Fifo):
            stack.push(_Draining(feed, worker, lambda said: self._tell(f"{name}: {said}")))
        return feed.put

    def _account(self, name: str, feed: Fifo[_Item]) -> None:
        """Says after the last frame what a sink that wants every frame has not got."""
        if feed.missing:
            self._tell(f"{name}: could not keep up; {feed.missing} frames are missing")


class _Draining:
    """Leaving it waits for a slow sink as long as it makes headway; not where somebody insists."""

    def __init__(self, feed: Fifo[_Item], worker: Worker, tell: Tell) -> None:
        self._feed = feed
        self._worker = worker
        self._tell = tell

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stop.set()
        self._feed.close()
        began_s = moved_s = time.monotonic()
        left, told = self._feed.waiting, False
        while self._worker.alive and kind is not KeyboardInterrupt:
            self._worker.join(_NAP_S)
            now_s, now_left = time.monotonic(), self._feed.waiting
            if now_left < left:
                moved_s, left = now_s, now_left
            if now_s - moved_s > _DRAIN_S:
                return
            if left and not told and now_s - began_s > _TELL_LAG_S:
                told = True
                self._tell(f"{left} frames are still to be written (Ctrl-C: without them)")
