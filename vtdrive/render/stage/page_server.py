"""The server behind the avatar's page: one small request a connection, bounded in every way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from vtdrive.errors import SinkError
from vtdrive.http_request import (
    MOST_HEAD_BYTES,
    BadRequest,
    Request,
    answer,
    parse_head,
    response,
)
from vtdrive.listening import listen_remedy
from vtdrive.render.pictures import Colour
from vtdrive.render.stage.page_client import Feed, Stream, Watcher
from vtdrive.render.stage.page_door import Wish, admit
from vtdrive.sink_stats import SinkStats

__all__ = ["PageServer"]

_BESIDE: Final = 16
"""Connections that are not watchers (pages, single pictures, strangers) at once."""
_READ_S: Final = 5.0
_WRITE_S: Final = 5.0
_START_S: Final = 5.0
_FLUSH_S: Final = 0.3
"""How long a client may take to be told that it is over."""
_CLOSE_S: Final = 1.5
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
        " connect-src 'self' ws:; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


class PageServer:
    """Listens in a thread of its own. `open` and `close` belong to one thread, once each."""

    def __init__(
        self,
        name: str,
        *,
        host: str,
        port: int,
        token: str,
        most: int,
        still: Callable[[], bytes],
        stats: SinkStats,
    ) -> None:
        """`still` makes a PNG of the newest picture (empty: there is none yet); it is called in
        another thread. `most` is how many may watch at once."""
        self._name = name
        self._host, self._port = host, port
        self._token = token
        self._most = most
        self._still = still
        self._stats = stats
        self._page = (files("vtdrive.render.stage") / "avatar_page.html").read_bytes()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._fault: OSError | None = None
        self._connections = 0
        self._watchers: set[Watcher] = set()
        self._clients: set[asyncio.Task[None]] = set()
        self._drawing = asyncio.Semaphore(1)
        self.wanted: frozenset[Colour | None] = frozenset()
        """The forms of pictures that somebody watches: a background; None: colour and alpha."""

    def open(self) -> None:
        """Start listening; raises SinkError."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name=f"vtdrive-{self._name}", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_S):
            raise SinkError(f"{self._name}: did not start in time", "trying again by itself")
        if self._fault is not None:
            raise SinkError(
                f"{self._name}: cannot listen there: {_reason(self._fault)}",
                listen_remedy(
                    self._fault,
                    taken=f"another program has port {self._port}: close it (a second vtdrive may"
                    " be running), or give another port",
                ),
            ) from self._fault

    def publish(self, pictures: Mapping[Colour | None, bytes]) -> None:
        """Hand each watcher the picture in its form; from any thread."""
        self._soon(lambda: self._spread(pictures))

    def close(self) -> None:
        """Tell the watchers, and end."""
        stop = self._stop
        if stop is not None:
            self._soon(stop.set)
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def _soon(self, call: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it ended in between
                loop.call_soon_threadsafe(call)

    def _spread(self, pictures: Mapping[Colour | None, bytes]) -> None:
        for watcher in self._watchers:
            if watcher.form in pictures:
                watcher.offer(pictures[watcher.form])

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(
                self._client, self._host or None, self._port, limit=MOST_HEAD_BYTES, backlog=32
            )
        except OSError as fault:
            self._fault = fault
            self._ready.set()
            return
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            server.close()
            for watcher in self._watchers:
                watcher.finish()
            if self._clients:
                await asyncio.wait(self._clients, timeout=_FLUSH_S)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        self._connections += 1
        try:
            out = await self._exchange(reader, writer)
            await _finish(writer, out)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            writer.transport.abort()
        except asyncio.CancelledError:  # the end of a run; asyncio would complain of it
            writer.transport.abort()
        finally:
            self._connections -= 1
            self._clients.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Serve one client; what is still to be sent before its connection ends."""
        try:
            if self._connections > _BESIDE + self._most:
                raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections at once")
            async with asyncio.timeout(_READ_S):
                head = await _head_of(reader)
            request = parse_head(head)
            wish = admit(request, token=self._token, host=self._host)
            if wish.place in ("stream", "mjpeg"):
                await self._watch(wish, request, head, reader, writer)
                return b""
            return await self._plain(wish)
        except BadRequest as fault:
            if fault.status in (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE):
                self._stats.last_error = f"{self._name}: a client was turned away: {fault.why}"
                self._stats.remedy = fault.remedy
            said = {"said": fault.why} | ({"remedy": fault.remedy} if fault.remedy else {})
            return response(fault.status, said)

    async def _plain(self, wish: Wish) -> bytes:
        if wish.place == "":
            return answer(HTTPStatus.OK, self._page, "text/html; charset=utf-8", _PAGE_HEADERS)
        async with self._drawing:
            png = await asyncio.to_thread(self._still)
        if not png:
            raise BadRequest(HTTPStatus.NOT_FOUND, "there is no picture yet", "ask again")
        return answer(HTTPStatus.OK, png, "image/png")

    async def _watch(
        self,
        wish: Wish,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if len(self._watchers) >= self._most:
            raise BadRequest(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self._most} watch already",
                "close some, or raise max_clients=",
            )
        watcher: Watcher
        if wish.place == "mjpeg":
            watcher = Feed(reader, writer, self._stats, wish.background)
        else:
            watcher = Stream(reader, writer, self._stats, head)
        self._watchers.add(watcher)
        try:
            if isinstance(watcher, Stream) and not await watcher.shake_hands():
                return
            self._note_watchers()
            # Somebody got in: whoever was turned away before is no news any more.
            self._stats.last_error = self._stats.remedy = ""
            await watcher.serve()
        finally:
            self._watchers.discard(watcher)
            self._note_watchers()

    def _note_watchers(self) -> None:
        self.wanted = frozenset(watcher.form for watcher in self._watchers)
        self._stats.connected = bool(self._watchers)


def _reason(fault: OSError) -> str:
    # asyncio's own text repeats the address.
    return os.strerror(fault.errno).lower() if fault.errno else str(fault)


async def _head_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as fault:
        raise BadRequest(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"more than {MOST_HEAD_BYTES} bytes of headers",
        ) from fault


async def _finish(writer: asyncio.StreamWriter, out: bytes) -> None:
    async with asyncio.timeout(_WRITE_S):
        writer.write(out)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
