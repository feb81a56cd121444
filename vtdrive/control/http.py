"""Commands by HTTP POST: one small request a connection, bounded in every way."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Final

from vtdrive.control.base import Tell, in_use
from vtdrive.control.desk import LIMITED, Desk
from vtdrive.control.http_door import Door, refusal, told
from vtdrive.control.token import load_token, token_path
from vtdrive.errors import UsageError
from vtdrive.http_request import MOST_HEAD_BYTES, BadRequest, parse_head
from vtdrive.listening import who_can_reach
from vtdrive.sinks.udp import endpoint

__all__ = ["HttpListener"]

_MOST_CLIENTS: Final = 16
_READ_S: Final = 5.0
"""Whole requests arrive within this time, or the connection ends."""
_WRITE_S: Final = 5.0
_START_S: Final = 5.0
_CLOSE_S: Final = 3.0


class HttpListener:
    """A server in a thread with an event loop; commands are done in others."""

    def __init__(
        self,
        host: str,
        port: int,
        desk: Desk,
        tell: Tell,
        *,
        origins: Collection[str] = (),
        token_file: Path | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._desk = desk
        self._tell = tell
        self._origins = origins
        self._token_file = token_file or token_path()
        self.name = f"http {endpoint(host, port)}"
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._fault: OSError | None = None
        self._clients = 0
        # One for each client, so that a panic never waits behind a preset.
        self._pool = ThreadPoolExecutor(_MOST_CLIENTS, "vtdrive-control-do")

    @property
    def port(self) -> int:
        """The one that is listened on."""
        return self._port

    def open(self) -> None:
        token = load_token(self._token_file)
        door = Door(self._desk, token=token, host=self._host, origins=self._origins)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(door)), name="vtdrive-control-http", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_S):
            raise UsageError(f"control {self.name}: did not start in time", "try again")
        if self._fault is not None:
            raise in_use(self.name, self._fault) from self._fault
        reach = who_can_reach(self._host, self._port)
        self._tell(
            f"control: {self.name} takes commands; its token is in {self._token_file}"
            " (`vtdrive control token` prints it)" + (f"; {reach}" if reach else "")
        )

    def close(self) -> None:
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it ended in between
                loop.call_soon_threadsafe(stop.set)
        if self._thread is not None:
            self._thread.join(_CLOSE_S)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, door: Door) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._client(door, reader, writer)

        try:
            server = await asyncio.start_server(
                client, self._host, self._port, limit=MOST_HEAD_BYTES, backlog=_MOST_CLIENTS
            )
        except OSError as fault:
            self._fault = fault
            self._ready.set()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            # Not waited for: a client that dawdles must not hold up the end of a run.
            server.close()

    async def _client(
        self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._clients += 1
        try:
            if self._clients > _MOST_CLIENTS:
                raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections at once")
            peer = writer.get_extra_info("peername") or ("?",)
            out = await self._exchange(door, reader, writer, str(peer[0]))
        except BadRequest as fault:
            out = refusal(fault)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            out = b""
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            self._clients -= 1
        await _finish(writer, out)

    async def _exchange(
        self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> bytes:
        async with asyncio.timeout(_READ_S):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError as fault:
                raise BadRequest(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    f"more than {MOST_HEAD_BYTES} bytes of headers",
                ) from fault
            request = parse_head(head)
            grants = door.grants(request)
            try:
                if preflight := door.preflight(request):
                    return preflight
                door.check(request)
                # Only now: what web pages and other strangers ask must not use up what the user's
                # own pads may ask. The token is too long for guesses to be worth counting.
                if not self._desk.admits(peer):
                    return told(LIMITED, "", grants)
                if request.awaits_go_ahead:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(request.body_bytes)
            except BadRequest as fault:
                return refusal(fault, grants)
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, door.answer, request, body
        )


async def _finish(writer: asyncio.StreamWriter, out: bytes) -> None:
    try:
        async with asyncio.timeout(_WRITE_S):
            writer.write(out)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
