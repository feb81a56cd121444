"""One connection to OBS: connect, identify, ask. Nothing is sent before OBS has identified us."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidURI,
)
from websockets.typing import Subprotocol

from vtdrive.config.sinks import ObsSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.obs_password import Password, find_password
from vtdrive.sinks.udp import endpoint
from vtdrive.wire import obs

__all__ = ["ObsLink"]

Said = TypeVar("Said", obs.Hello, obs.Identified)

_OPEN_S: Final = 5.0
_ANSWER_S: Final = 5.0
_ALIVE_S: Final = 5.0
"""OBS that hangs or a cable that is pulled shows within twice this."""
_SETTINGS: Final = "in OBS: Tools, WebSocket Server Settings"


class ObsLink:
    """Use `opened`, then run `listen` beside `ask`. All methods raise SinkError with a remedy,
    SinkUnusable where connecting again would be useless."""

    def __init__(self, socket: ClientConnection, stats: SinkStats) -> None:
        self._socket = socket
        self._stats = stats
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[obs.Response]] = {}
        self.obs_version = ""
        self.offered: frozenset[str] = frozenset()
        """The requests that this OBS knows."""

    @classmethod
    async def opened(cls, config: ObsSink, stats: SinkStats) -> ObsLink:
        """A connection on which OBS has identified us."""
        place = endpoint(config.host, config.port)
        try:
            connection = await connect(
                f"ws://{place}",
                subprotocols=[Subprotocol(obs.SUBPROTOCOL)],
                open_timeout=_OPEN_S,
                close_timeout=1.0,
                ping_interval=_ALIVE_S,
                ping_timeout=_ALIVE_S,
                max_size=2**23,
                compression=None,
                proxy=None,
            )
        except (
            OSError,
            UnicodeError,
            InvalidURI,
            InvalidHandshake,
            InvalidMessage,
            EOFError,
        ) as fault:
            raise _unreached(fault, place) from None
        link = cls(connection, stats)
        try:
            await link._identify(config)
        except BaseException:
            await link.close()
            raise
        return link

    async def listen(self) -> None:
        """Take answers until the connection ends, which raises."""
        try:
            async for text in self._socket:
                answer = obs.parse(text)
                waiting = self._waiting.get(getattr(answer, "request_id", ""))
                if isinstance(answer, obs.Response) and waiting and not waiting.done():
                    waiting.set_result(answer)
        except ConnectionClosed:
            pass
        raise self._ended(None)

    async def ask(self, name: str, data: Mapping[str, Any] | None = None) -> obs.Response:
        """OBS' answer to one request, be it a refusal. `listen` must be running."""
        request_id = str(next(self._ids))
        answer: asyncio.Future[obs.Response] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            await self._send(obs.request(name, data or {}, request_id=request_id))
            async with asyncio.timeout(_ANSWER_S):
                return await answer
        except TimeoutError:
            raise SinkError(
                f"OBS does not answer {name}", "if it hangs, restart it; vtdrive connects again"
            ) from None
        finally:
            del self._waiting[request_id]

    def learn(self, version: obs.Response) -> None:
        """Take version and requests from the answer to GetVersion."""
        self.obs_version = version.word("obsVersion")
        offered = version.data.get("availableRequests")
        if isinstance(offered, list):
            self.offered = frozenset(name for name in offered if isinstance(name, str))

    async def close(self) -> None:
        """End the connection; does not raise."""
        await self._socket.close()

    async def _identify(self, config: ObsSink) -> None:
        password: Password | None = None
        try:
            async with asyncio.timeout(_OPEN_S):
                hello = await self._hear(obs.Hello)
            if hello.wants_password:
                password = await find_password(config)
                if not password.text:
                    raise SinkUnusable(f"OBS wants a password: {password.place}", password.remedy)
            await self._send(obs.identify(hello, password.text if password else ""))
            async with asyncio.timeout(_OPEN_S):
                await self._hear(obs.Identified)
        except TimeoutError:
            raise SinkError(
                f"what listens at {endpoint(config.host, config.port)}"
                " does not speak obs-websocket 5",
                f"OBS 28 or newer is needed; check the port {_SETTINGS}",
            ) from None
        except ConnectionClosed:
            raise self._ended(password) from None

    async def _hear(self, kind: type[Said]) -> Said:
        while True:
            said = obs.parse(await self._socket.recv())
            if isinstance(said, kind):
                return said

    async def _send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            raise self._ended(None) from None
        self._stats.packets += 1
        self._stats.bytes_sent += len(text.encode())

    def _ended(self, password: Password | None) -> SinkError:
        closing = obs.closing(self._socket.close_code or 1006, self._socket.close_reason or "")
        if password is not None and self._socket.close_code == 4009:
            return SinkUnusable(f"OBS refused the password from {password.place}", password.remedy)
        made = SinkUnusable if closing.final else SinkError
        return made(closing.what, closing.remedy)


def _unreached(fault: Exception, place: str) -> SinkError:
    """Why there is no connection, in words."""
    if isinstance(fault, (socket.gaierror, UnicodeError, InvalidURI)):
        return SinkError(
            f"there is no machine {place.rpartition(':')[0]!r}",
            "check `host`; an address works too",
        )
    # A name with several addresses, as localhost has, makes one error out of several.
    several = isinstance(fault, OSError) and str(fault).startswith("Multiple exceptions")
    if isinstance(fault, ConnectionRefusedError) or several:
        return SinkError(
            f"nothing listens at {place}",
            f"start OBS, and {_SETTINGS}: tick Enable WebSocket server, and compare the port",
        )
    if isinstance(fault, TimeoutError):
        return SinkError(
            f"{place} does not answer", "check the address, and the firewall of that machine"
        )
    if isinstance(fault, OSError):
        reason = fault.strerror or str(fault)
        return SinkError(f"{place} cannot be reached: {reason}", "check the address and the cable")
    return SinkError(
        f"what listens at {place} is not OBS", f"check the port {_SETTINGS}: usually 4455"
    )
