"""One connection to VTube Studio: requests, the replies that belong to them, and events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from vtdrive.errors import SinkError
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.lookup import Lookup
from vtdrive.sinks.udp import endpoint
from vtdrive.wire.vts import MAX_CHARS, Call, Message, parse, request_text
from vtdrive.wire.vts_errors import explained

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

__all__ = ["RefusedError", "VtsLink", "connected"]

REPLY_S: Final = 5.0
"""A request that is not answered for so long means that nobody answers any more."""
_CONNECT_S: Final = 5.0
_CLOSE_S: Final = 0.5


class RefusedError(SinkError):
    """VTube Studio answered a request with an error."""

    def __init__(self, message: Message, about: str = "") -> None:
        super().__init__(*explained(message.error_id, said=message.said, about=about))
        self.error_id = message.error_id
        self.said = message.said


async def connected(
    host: str,
    port: int,
    *,
    lookup: Lookup,
    stats: SinkStats,
    on_event: Callable[[Message], None],
) -> VtsLink:
    """A link to VTube Studio's API; raises SinkError saying why there is none.

    `lookup` is of that host and port; a name server that hangs costs it one second.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidURI

    where = endpoint(host, port)
    try:
        address = await _address(lookup)
        socket = await connect(
            f"ws://{where}",
            host=address,
            port=port,
            compression=None,
            proxy=None,
            ping_interval=None,
            open_timeout=_CONNECT_S,
            close_timeout=_CLOSE_S,
            max_size=MAX_CHARS,
        )
    except ConnectionRefusedError:
        raise SinkError(
            f"nothing listens on {where}",
            "start VTube Studio and switch on Start API in its settings; vtdrive keeps trying",
        ) from None
    except TimeoutError:
        raise SinkError(
            f"{where} does not answer",
            "check the address and that machine's firewall; vtdrive keeps trying",
        ) from None
    except (InvalidHandshake, InvalidURI, EOFError) as fault:
        raise SinkError(
            f"what listens on {where} is not VTube Studio's API ({type(fault).__name__})",
            "look up the port in VTube Studio's settings",
        ) from None
    except (OSError, UnicodeError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise SinkError(
            f"{where} cannot be reached: {reason}",
            "check the address; it is the one of the machine that runs VTube Studio",
        ) from None
    return VtsLink(socket, stats=stats, on_event=on_event)


async def _address(lookup: Lookup) -> str:
    try:
        _, address = await asyncio.to_thread(lookup)
    except TimeoutError as fault:
        # Not one of the connection's own time limits.
        raise OSError(str(fault)) from None
    return address[0]


class VtsLink:
    """Any number of requests at once, each with an id of its own."""

    def __init__(
        self, socket: ClientConnection, *, stats: SinkStats, on_event: Callable[[Message], None]
    ) -> None:
        """`on_event` is called in the event loop and must not block."""
        self._socket = socket
        self._stats = stats
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._waiting: dict[str, tuple[Call, asyncio.Future[Message]]] = {}
        self._lost: SinkError | None = None
        self.heard_s = asyncio.get_running_loop().time()
        """Loop time of the last sign of life."""
        self.ignored = 0
        """Messages that were no message of this API, or that answered nothing."""
        self._reader = asyncio.create_task(self._read(), name="vts-reader")

    async def call(self, call: Call, *, timeout_s: float = REPLY_S, about: str = "") -> Message:
        """The reply. Raises RefusedError where VTube Studio refuses, SinkError where none comes."""
        request_id = self.next_id()
        text = request_text(call, request_id=request_id)
        reply = await self.post(text, call, request_id=request_id)
        try:
            async with asyncio.timeout(timeout_s):
                message = await reply
        except TimeoutError:
            raise _silent(timeout_s) from None
        finally:
            self._waiting.pop(request_id, None)
        if message.is_error:
            raise RefusedError(message, about)
        return message

    def next_id(self) -> str:
        """An id that no other request of this link has."""
        return f"v{next(self._ids)}"

    async def post(self, text: str, call: Call, *, request_id: str) -> asyncio.Future[Message]:
        """Send `text`, which is `call` with that id; what is returned gets the reply, an error
        reply too, or a SinkError when the connection ends."""
        from websockets.exceptions import ConnectionClosed

        if self._lost is not None:
            raise self._lost
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = (call, reply)
        try:
            async with asyncio.timeout(REPLY_S):
                await self._socket.send(text)
        except (TimeoutError, ConnectionClosed):
            self._waiting.pop(request_id, None)
            raise self._lost or _silent(REPLY_S) from None
        self._stats.packets += 1
        self._stats.bytes_sent += len(text)
        return reply

    async def close(self) -> None:
        """Say goodbye; bounded in time and silent about faults."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        with contextlib.suppress(Exception):
            await self._socket.close()

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async for text in self._socket:
                self._take(parse(text))
            self._end("VTube Studio closed the connection")
        except ConnectionClosed as fault:
            told = f" ({fault.rcvd.reason or fault.rcvd.code})" if fault.rcvd else ""
            self._end(f"the connection to VTube Studio broke{told}")

    def _take(self, message: Message | None) -> None:
        self.heard_s = asyncio.get_running_loop().time()
        if message is None:
            self.ignored += 1
        elif message.is_event:
            self._on_event(message)
        else:
            call, reply = self._waiting.get(message.request_id, (None, None))
            if call is None or not (message.is_error or message.kind == call.reply):
                self.ignored += 1
                return
            del self._waiting[message.request_id]
            if reply is not None and not reply.done():
                reply.set_result(message)

    def _end(self, what: str) -> None:
        self._lost = SinkError(what, "vtdrive connects again by itself")
        for _, reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(self._lost)
                reply.exception()  # whoever no longer waits for it must not be warned of it
        self._waiting.clear()


def _silent(timeout_s: float) -> SinkError:
    return SinkError(
        f"VTube Studio has not answered for {timeout_s:g} s",
        "if it hangs, start it again; vtdrive connects again by itself",
    )
