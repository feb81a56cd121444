"""What sinks that hold a connection share: a thread with an event loop, and coming back by itself.

`send` only leaves the frame in a slot, so a receiver that is down or slow delays nobody.
"""

from __future__ import annotations

import asyncio
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.rousing import ROUSER
from vtdrive.types import AvatarFrame, Profile, RigSchema

__all__ = ["LoopSink"]

_CLOSE_S: Final = 2.0
"""How long `close` waits for the last frame to leave and the connection to be closed."""
_UNREACHED_S: Final = 0.7
"""The same while there is no connection: nothing is owed to who was not reached."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 5.0
_STEADY_S: Final = 10.0
"""A connection that lasted for so long was good. One that ends sooner may be ended on purpose each
time, by a server that does not want us, so that pauses go on growing."""


class LoopSink(ABC):
    """A cheap sink whose work is done by `serve` in an event loop of its own.

    `serve` connects, then awaits `newest()` and sends, until that returns None (the end of the
    run: leave the receiver at rest and return). It may raise SinkError whenever the connection is
    lost: it is told once, and `serve` is called again after a pause that grows to 5 s. SinkUnusable
    means never again: a wrong password, a receiver that refuses for good. Anything else that it
    raises counts as a lost connection too.
    """

    slow: ClassVar[bool] = False
    every_frame: ClassVar[bool] = False

    def __init__(self, *, name: str, target: str, profile: Profile) -> None:
        self.name = name
        self.target = target
        self.profile = profile
        self.stats = SinkStats()
        self.stats.connected = False
        self.schema: RigSchema | None = None
        """Of the frames to come; `serve` sees a change between two of them."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._serving: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._frame: AvatarFrame | None = None
        self._closing = threading.Event()
        self._started = threading.Event()

    @abstractmethod
    async def serve(self) -> None:
        """One connection, from start to end; set `stats.connected` once it is up."""

    def check(self, schema: RigSchema) -> None:  # noqa: B027 - most have nothing to check
        """Refuse a schema that cannot be served; raises SinkUnusable. Called by `open`."""

    def open(self, schema: RigSchema) -> None:
        """Start connecting; never waits for the receiver."""
        self.check(schema)
        with self._lock:
            # A frame of the old schema does not fit the new one.
            self._frame, self.schema = None, schema
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(
                target=self._run, name=f"vtdrive-{self.name}", daemon=True
            )
            self._thread.start()
            ROUSER.join()

    def send(self, frame: AvatarFrame) -> None:
        if self._thread is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        with self._lock:
            self._frame = frame
        self.stats.frames += 1
        ROUSER.ask(self._rouse)

    def close(self) -> None:
        self._closing.set()
        self._rouse()
        self._soon(self._end_soon)
        thread = self._thread
        if thread is not None:
            ROUSER.leave()
            thread.join(_CLOSE_S)
            if thread.is_alive():
                self.stats.last_error = f"{self.name}: did not close in time and was left behind"
                self._cancel()
                thread.join(0.5)

    @property
    def closing(self) -> bool:
        """Whether the run is over."""
        return self._closing.is_set()

    async def newest(self, timeout_s: float | None = None) -> AvatarFrame | None:
        """The newest frame that was not taken yet, waiting for one.

        Raises TimeoutError after `timeout_s`. None once the run is over and all is taken.
        """
        assert self._wake is not None
        while True:
            with self._lock:
                frame, self._frame = self._frame, None
                self._wake.clear()
            if frame is not None:
                return frame
            if self._closing.is_set():
                return None
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()

    def _rouse(self) -> None:
        if self._wake is not None:
            self._soon(self._wake.set)

    def _soon(self, call: Callable[[], object]) -> None:
        """Have `call` called in the event loop, where there is one."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(call)
            except RuntimeError:  # closed since: nobody is left to call it
                return

    def _end_soon(self) -> None:
        asyncio.get_running_loop().call_later(_UNREACHED_S, self._give_up)

    def _give_up(self) -> None:
        if self._serving is not None and not self.stats.connected:
            self._serving.cancel()

    def _cancel(self) -> None:
        loop = self._loop
        if loop is not None:
            self._soon(partial(_cancel_all, loop))

    def _run(self) -> None:
        # Windows' default loop lacks what some MQTT and UDP code wants; this one is enough.
        loop = asyncio.SelectorEventLoop()
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            self._loop = loop
            try:
                runner.run(self._forever())
            except asyncio.CancelledError:
                return

    async def _forever(self) -> None:
        self._wake = asyncio.Event()
        if self._closing.is_set():  # before there was a loop to be told of it
            self._end_soon()
        pause_s = _FIRST_PAUSE_S
        while True:
            began_s = asyncio.get_running_loop().time()
            try:
                self._serving = asyncio.create_task(self.serve(), name="serve")
                await self._serving
            except SinkUnusable as fault:
                self._note(fault)
                await self._drain()
                return
            except Exception as fault:
                lasted_s = asyncio.get_running_loop().time() - began_s
                steady = bool(self.stats.connected) and lasted_s >= _STEADY_S
                pause_s = _FIRST_PAUSE_S if steady else min(_LONGEST_PAUSE_S, pause_s * 2)
                self._note(fault)
            self.stats.connected = False
            if self._closing.is_set():
                return
            await self._pause(pause_s * random.uniform(0.8, 1.2))

    async def _pause(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._closing.is_set():
            left_s = end - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            await asyncio.sleep(min(0.1, left_s))

    async def _drain(self) -> None:
        while await self.newest() is not None:
            pass

    def _note(self, fault: Exception) -> None:
        self.stats.connected = False
        if isinstance(fault, SinkError):
            self.stats.remedy, self.stats.last_error = fault.remedy, fault.what
        else:
            self.stats.remedy = "trying again by itself"
            self.stats.last_error = f"{type(fault).__name__}: {fault}".rstrip(": ")

    def mended(self) -> None:
        """Say that the connection is up."""
        self.stats.connected, self.stats.last_error, self.stats.remedy = True, "", ""


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
