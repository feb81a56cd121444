"""One client of the WebSocket server: a slot, and a task that empties it."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.ws_door import Wish

__all__ = ["Client"]

_CHATTER = 64
"""Messages a client may send before it is shown the door: none mean anything here."""


class Client:
    """Sends texts as fast as this client reads; where it is slow, the newest wins.

    `hello` is never skipped. All methods belong to the loop's thread.
    """

    def __init__(self, link: ServerConnection, wish: Wish, stats: SinkStats) -> None:
        self.wish = wish
        self._link = link
        self._stats = stats
        self._hello: str | None = None
        self._text: str | None = None
        self._wake = asyncio.Event()
        self._ending = False
        self._period_ns = round(1e9 / wish.max_hz) if wish.max_hz > 0 else 0
        self._due_ns: int | None = None

    def due(self, t_ns: int) -> bool:
        """Whether a frame captured at `t_ns` is wanted; asked once for each frame."""
        period_ns = self._period_ns
        if self._due_ns is None or t_ns - self._due_ns >= period_ns:
            self._due_ns = t_ns
        # A quarter of a period early is on time: cameras jitter.
        if t_ns < self._due_ns - period_ns // 4:
            return False
        self._due_ns += period_ns
        return True

    def greet(self, hello: str) -> None:
        """Names are new: frames with the old ones are not sent any more."""
        self._hello, self._text = hello, None
        self._wake.set()

    def offer(self, text: str) -> None:
        """The newest frame."""
        self._stats.dropped += self._text is not None
        self._text = text
        self._wake.set()

    def finish(self) -> None:
        """Send what is waiting, then nothing more."""
        self._ending = True
        self._wake.set()

    def abort(self) -> None:
        """Leave a client that does not take what it asked for."""
        self._link.transport.abort()

    async def serve(self) -> None:
        """Until the client leaves or `finish`."""
        listener = asyncio.create_task(self._listen())
        try:
            await self._send_all()
        except ConnectionClosed:
            return
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await listener

    async def _send_all(self) -> None:
        while True:
            text = self._next()
            if text is not None:
                # Waits while this client's buffer is full; meanwhile the slot is overwritten.
                await self._link.send(text)
                self._stats.packets += 1
                self._stats.bytes_sent += len(text)
            elif self._ending:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    def _next(self) -> str | None:
        if self._hello is not None:
            hello, self._hello = self._hello, None
            return hello
        text, self._text = self._text, None
        return text

    async def _listen(self) -> None:
        """Reads, so that pings are answered, and throws away."""
        heard = 0
        try:
            async for _ in self._link:
                heard += 1
                if heard > _CHATTER:
                    await self._link.close(1008, "this server only sends")
        finally:
            self.finish()
