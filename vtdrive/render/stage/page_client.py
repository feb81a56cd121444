"""What watches the avatar over HTTP: each watcher has a slot, and a task that empties it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import Final

from websockets.frames import CloseCode, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from vtdrive.http_request import answer_head
from vtdrive.render.pictures import Colour
from vtdrive.render.stage.page_picture import BEAT
from vtdrive.sink_stats import SinkStats

__all__ = ["Feed", "Stream", "Watcher"]

_STALL_S: Final = 20.0
"""Who takes nothing for so long is left: a program that hangs, a cable that was pulled."""
_BEAT_S: Final = 1.0
_AHEAD: Final = 2
"""Pictures on their way to a page that it has not drawn yet. What lies between us can hold seconds
of them, each shown too late; and one alone would have to go there and back between two."""
_ENOUGH_BYTES: Final = 1024
"""What a page says is a few bytes a picture."""
_BOUNDARY: Final = "vtdrive-picture"
_CUT: Final = f"--{_BOUNDARY}\r\n".encode()

_LOGGER: Final = logging.getLogger("vtdrive.page")
# Broken handshakes are the clients' business; by default their tracebacks would go to stderr.
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class Watcher(ABC):
    """Sends pictures as fast as one client takes them; where it is slow, the newest wins.

    All methods belong to the loop's thread.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stats: SinkStats
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._stats = stats
        self._data: bytes | None = None
        self._wake = asyncio.Event()
        self._ending = False
        # So that `drain` waits until the system took all: what waits here grows old.
        writer.transport.set_write_buffer_limits(high=0)

    @property
    @abstractmethod
    def form(self) -> Colour | None:
        """The background of the pictures it wants; None: colour and alpha."""

    def offer(self, data: bytes) -> None:
        """The newest picture."""
        self._stats.dropped += self._data is not None
        self._data = data
        self._wake.set()

    def finish(self) -> None:
        """Send nothing more."""
        self._ending = True
        self._wake.set()

    def abort(self) -> None:
        """Leave a client that does not take what it asked for."""
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Until the client leaves, or `finish`. Raises OSError, TimeoutError."""
        listener = asyncio.create_task(self._listen_then_finish())
        try:
            await self._send_all()
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, TimeoutError):
                await listener

    async def _listen_then_finish(self) -> None:
        try:
            await self._listen()
        finally:
            self.finish()

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        async with asyncio.timeout(_STALL_S):
            await self._writer.drain()

    def _count(self, data: bytes) -> None:
        self._stats.packets += 1
        self._stats.bytes_sent += len(data)

    @abstractmethod
    async def _send_all(self) -> None: ...

    @abstractmethod
    async def _listen(self) -> None: ...


class Feed(Watcher):
    """One that shows JPEGs as they come (multipart/x-mixed-replace)."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stats: SinkStats,
        background: Colour,
    ) -> None:
        super().__init__(reader, writer, stats)
        self._background = background

    @property
    def form(self) -> Colour:
        return self._background

    async def _send_all(self) -> None:
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        await self._write(answer_head(HTTPStatus.OK, {"Content-Type": kind}) + _CUT)
        while not self._ending:
            data, self._data = self._data, None
            if data is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            # The boundary at once: browsers show a picture when they have seen what comes after.
            await self._write(head + data + b"\r\n" + _CUT)
            self._count(data)

    async def _listen(self) -> None:
        while await self._reader.read(4096):
            pass


class Stream(Watcher):
    """A page: a WebSocket whose messages are answered, each once it is drawn."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stats: SinkStats,
        head: bytes,
    ) -> None:
        super().__init__(reader, writer, stats)
        self._protocol = ServerProtocol(max_size=_ENOUGH_BYTES, logger=_LOGGER)
        self._protocol.receive_data(head)
        self._undrawn = 0
        self._drawn_s = 0.0

    @property
    def form(self) -> None:
        return None

    async def shake_hands(self) -> bool:
        """Whether the client speaks WebSocket; it has its answer either way."""
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
        await self._flush()
        return self._protocol.state is State.OPEN

    async def _send_all(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._open:
            if self._undrawn and clock() - self._drawn_s > _STALL_S:
                self.abort()
                return
            if self._data is not None and self._undrawn < _AHEAD:
                await self._send_picture(clock())
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(_BEAT_S):
                    await self._wake.wait()
            except TimeoutError:
                if self._open:
                    self._protocol.send_binary(BEAT)
                    await self._flush()
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY, "vtdrive ends")
        await self._flush()

    @property
    def _open(self) -> bool:
        return not self._ending and self._protocol.state is State.OPEN

    async def _send_picture(self, now_s: float) -> None:
        data, self._data = self._data or b"", None
        if not self._undrawn:
            self._drawn_s = now_s
        self._undrawn += 1
        self._protocol.send_binary(data)
        await self._flush()
        self._count(data)

    async def _listen(self) -> None:
        while data := await self._reader.read(4096):
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if getattr(event, "opcode", None) in (Opcode.TEXT, Opcode.BINARY):
                    self._note_drawn()
            await self._flush()
            if self._protocol.state is not State.OPEN:
                return

    def _note_drawn(self) -> None:
        if self._undrawn == 0:
            self._protocol.send_close(CloseCode.POLICY_VIOLATION, "nothing was sent to be drawn")
            return
        self._undrawn -= 1
        self._drawn_s = asyncio.get_running_loop().time()
        self._wake.set()

    async def _flush(self) -> None:
        if data := b"".join(self._protocol.data_to_send()):
            await self._write(data)
