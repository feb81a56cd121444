"""A WebSocket server that sends every frame as JSON, and shows one page: the overlay."""

from __future__ import annotations

import asyncio
import errno
import http
import logging
import socket
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from vtdrive import __version__
from vtdrive.config.sinks import WebSocketSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.listening import is_loopback, who_can_reach
from vtdrive.secrets import secret
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.udp import endpoint
from vtdrive.sinks.ws_client import Client
from vtdrive.sinks.ws_door import Refused, Wish, admit
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.stream import FIELDS, Field, FrameTemplate, hello_text

__all__ = ["WebSocketOutput"]

_BUFFER: Final = 1 << 14
"""Bytes on their way to one client, here and in the system each: about three full frames, since
old ones are worth nothing."""
_LARGEST_PAGE: Final = 4 << 20
_FLUSH_S: Final = 0.5

_LOGGER: Final = logging.getLogger("vtdrive.ws")
# Broken handshakes are the clients' business; by default their tracebacks would go to stderr.
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class WebSocketOutput(LoopSink):
    """Listens; each client gets a hello, then frames as fast as it takes them, the newest first."""

    def __init__(self, config: WebSocketSink) -> None:
        where = endpoint(config.host, config.port)
        super().__init__(name=f"ws {where}", target=f"tcp-listen:{where}", profile=config.profile)
        self._config = config
        self._fields: tuple[Field, ...] = config.fields or FIELDS
        self._clients: set[Client] = set()
        self._server: Server | None = None
        self._first_ns: int | None = None
        self._shown: RigSchema | None = None
        self._templates: dict[tuple[Field, ...], FrameTemplate] = {}
        self._page = b""
        self._token = secret(config.token, env=config.token_env, service="", account="") or ""

    @property
    def port(self) -> int:
        """The port it listens on, 0 while it does not."""
        server = self._server
        return next((int(s.getsockname()[1]) for s in server.sockets), 0) if server else 0

    def check(self, schema: RigSchema) -> None:
        if self._page:
            return
        path = self._config.page
        try:
            page = Path(path) if path else files("vtdrive.sinks") / "overlay.html"
            self._page = page.read_bytes()
        except OSError as fault:
            raise SinkUnusable(
                f"{self.name}: cannot read the page {path}: {(fault.strerror or fault)}".lower(),
                "name an HTML file after page=, or leave it out for the example",
            ) from fault
        if len(self._page) > _LARGEST_PAGE:
            raise SinkUnusable(
                f"{self.name}: the page {path} is larger than 4 MiB",
                "put pictures and sounds beside it, on a server of your own",
            )

    async def serve(self) -> None:
        try:
            server = await serve(
                self._handle,
                self._config.host or None,
                self._config.port,
                process_request=self._door,
                logger=_LOGGER,
                compression=None,
                max_size=4096,
                max_queue=4,
                write_limit=_BUFFER,
                close_timeout=0.5,
                open_timeout=5,
                server_header="vtdrive",
            )
        except OSError as fault:
            raise self._unbound(fault) from fault
        async with server:
            self._server = server
            self._note_clients()
            self.mended()
            try:
                while (frame := await self.newest()) is not None:
                    self._broadcast(frame)
                await self._flush()
            finally:
                self._server = None

    def _broadcast(self, frame: AvatarFrame) -> None:
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        if not self._clients:
            return
        schema = self.schema
        if schema is None or len(schema.params) != len(frame.poses[self.profile].params):
            return  # names changed just now: the next frame fits them
        self._take_names()
        texts: dict[tuple[Field, ...], str] = {}
        t_s = (frame.t_ns - self._first_ns) * 1e-9
        for client in self._clients:
            if client.due(frame.t_ns):
                fields = client.wish.fields
                if fields not in texts:
                    texts[fields] = self._template(schema, fields).fill(frame, t_s=t_s)
                client.offer(texts[fields])

    def _take_names(self) -> None:
        """Greet everyone anew where the names are not those they know."""
        if self.schema is not self._shown:
            self._shown, self._templates = self.schema, {}
            for client in self._clients:
                client.greet(self._hello(client.wish))

    def _template(self, schema: RigSchema, fields: tuple[Field, ...]) -> FrameTemplate:
        if fields not in self._templates:
            self._templates[fields] = FrameTemplate(schema, self.profile, fields)
        return self._templates[fields]

    def _hello(self, wish: Wish) -> str:
        assert self._shown is not None
        rates = [hz for hz in (wish.max_hz, self._config.max_hz) if hz > 0]
        return hello_text(
            self._shown,
            self.profile,
            wish.fields,
            program_version=__version__,
            max_hz=min(rates, default=0.0),
        )

    def _door(self, link: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        if "websocket" not in ",".join(headers.get_all("Upgrade")).lower():
            return self._page_of(link, request)
        try:
            self._admit(request)
        except Refused as fault:
            self.stats.last_error = f"{self.name}: a client was turned away: {fault}"
            self.stats.remedy = ""  # the sentence holds it
            return link.respond(fault.status, f"{fault}\n")
        if len(self._clients) >= self._config.max_clients:
            self.stats.last_error = (
                f"{self.name}: a client was turned away: there are"
                f" {self._config.max_clients} already"
            )
            self.stats.remedy = "close some, or raise max_clients="
            return link.respond(503, "too many clients\n")
        return None

    def _admit(self, request: Request) -> Wish:
        def only(name: str) -> str | None:
            found = request.headers.get_all(name)
            return ",".join(found) if found else None

        return admit(
            request.path,
            origin=only("Origin"),
            host=only("Host"),
            fields=self._fields,
            token=self._token,
            origins=self._config.origins,
        )

    def _page_of(self, link: ServerConnection, request: Request) -> Response:
        if request.path.partition("?")[0] != "/":
            return link.respond(404, "there is only one page here: /\n")
        headers = Headers(
            {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(self._page)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Connection": "close",
            }
        )
        return Response(http.HTTPStatus.OK, "OK", headers, self._page)

    async def _handle(self, link: ServerConnection) -> None:
        assert link.request is not None
        wish = self._admit(link.request)
        client = Client(link, wish, self.stats)
        raw = link.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._take_names()
        client.greet(self._hello(wish))
        self._clients.add(client)
        self._note_clients()
        # Somebody got in: whoever was turned away before is no news any more.
        self.mended()
        try:
            await client.serve()
        finally:
            self._clients.discard(client)
            self._note_clients()

    async def _flush(self) -> None:
        """Give each client a moment to take the last frame: the avatar at rest."""
        for client in self._clients:
            client.finish()
        end = asyncio.get_running_loop().time() + _FLUSH_S
        while self._clients and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)
        for client in self._clients:
            client.abort()

    def _note_clients(self) -> None:
        self.stats.note = "; ".join(self._notes())

    def _notes(self) -> Iterator[str]:
        count = len(self._clients)
        yield f"{count} client{'s' * (count != 1)}"
        reach = who_can_reach(self._config.host, self._config.port)
        if reach:
            yield reach
            if not self._token:
                yield "without token= all of them can read the face"

    def _unbound(self, fault: OSError) -> SinkError:
        # asyncio says it all in one text; the number is what counts.
        taken = fault.errno in (errno.EADDRINUSE, 10048)
        if taken:
            return SinkError(
                f"{self.name}: another program has port {self._config.port}",
                "close it, or give another port; a second vtdrive may be running",
            )
        if fault.errno in (errno.EACCES, 10013):
            return SinkError(
                f"{self.name}: the system does not allow port {self._config.port}",
                "choose a port above 1023",
            )
        where = "this machine" if is_loopback(self._config.host) else "an address of this machine"
        return SinkError(
            f"{self.name}: cannot listen there: {(fault.strerror or str(fault)).lower()}",
            f"{self._config.host} must be {where}: 127.0.0.1, 0.0.0.0 or what the system shows",
        )
