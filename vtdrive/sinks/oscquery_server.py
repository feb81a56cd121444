"""A little OSCQuery server: tells other programs which OSC messages we take, and takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from vtdrive.wire import osc
from vtdrive.wire.oscquery import HostInfo, Node, answer

__all__ = ["OscQueryServer"]

_TIMEOUT_S: Final = 3.0
_MAX_HEAD: Final = 8192
_MAX_CLIENTS: Final = 16
_REASONS: Final = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found",
                   405: "Method Not Allowed"}  # fmt: skip


class OscQueryServer:
    """HTTP and UDP on one address, each on a port that the system picks.

    `take` is called in the loop's thread with every message that arrives at one of `nodes`; what is
    malformed, or goes elsewhere, is dropped and counted in `refused`.
    """

    def __init__(
        self, *, name: str, host: str, nodes: Sequence[Node], take: Callable[[osc.Message], None]
    ) -> None:
        self.name = name
        self.host = host
        self.http_port = 0
        self.osc_port = 0
        self.refused = 0
        self._nodes = tuple(nodes)
        self._paths = {node.path for node in nodes if node.tags}
        self._take = take
        self._clients: set[asyncio.StreamWriter] = set()
        self._http: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Start to listen; raises OSError."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._arrived), local_addr=(self.host, 0)
        )
        self.osc_port = self._udp.get_extra_info("sockname")[1]
        self._http = await asyncio.start_server(self._serve, self.host, 0, limit=_MAX_HEAD)
        self.http_port = self._http.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening; may be called twice, and after a failed `open`."""
        http, self._http = self._http, None
        udp, self._udp = self._udp, None
        if udp is not None:
            udp.close()
        if http is not None:
            http.close()
        while self._clients:
            for writer in self._clients:
                writer.transport.abort()
            await asyncio.sleep(0)

    def _arrived(self, data: bytes) -> None:
        try:
            messages = osc.decode(data)
        except osc.MalformedPacket:
            self.refused += 1
            return
        for message in messages:
            if message.address in self._paths:
                self._take(message)
            else:
                self.refused += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= _MAX_CLIENTS:
            self.refused += 1
            writer.transport.abort()
            return
        self._clients.add(writer)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status, body = await self._answered(reader)
                head = (
                    f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            self.refused += 1
        finally:
            writer.transport.abort()
            self._clients.discard(writer)

    async def _answered(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = await reader.readuntil(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/") or not words[1].startswith("/"):
            return 400, b""
        if words[0] != "GET":
            return 405, b""
        return answer(words[1], self._nodes, HostInfo(self.name, self.host, self.osc_port))


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes], None]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self._arrived(data)
