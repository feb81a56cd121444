"""Answers apps that take vtdrive for a phone with VTube Studio."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import socket
import time
from collections.abc import Callable
from typing import Any, Final, cast

from vtdrive.config.sinks import VtsPhoneSink
from vtdrive.errors import SinkError
from vtdrive.listening import who_can_reach
from vtdrive.sinks.face_out import FaceTap
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.udp import endpoint, quiet_resets
from vtdrive.types import RigSchema
from vtdrive.wire.face import PlainFace, plain_face
from vtdrive.wire.vtsphone import PhoneEncoder, decode_request

__all__ = ["PhoneServer"]

_MOST_HOSTS: Final = 16
_MOST_PLACES: Final = 64
"""Places that are served at once: more would let one request of a stranger cost too much."""
_BUFFER: Final = 1 << 16
_QUIET_S: Final = 0.25
"""An app that has heard nothing for so long is answered at once; some give up after 0.5 s."""
_IDLE_S: Final = 1.0

Place = tuple[Any, ...]
"""A socket address: the host that asked, and the port that it named."""


class PhoneServer(LoopSink):
    """Listens for requests, and sends each frame to whoever asked, until their time is over."""

    def __init__(self, config: VtsPhoneSink) -> None:
        where = endpoint(config.host, config.port)
        super().__init__(
            name=f"{config.kind} {where}", target=f"udp-listen:{where}", profile=config.profile
        )
        self._host, self._port = config.host, config.port
        self._encoder = PhoneEncoder(config.keys)
        self._transport: asyncio.DatagramTransport | None = None
        self._tap: tuple[RigSchema, FaceTap] | None = None
        self._until_s: dict[Place, float] = {}
        self._sent_s = 0.0
        self._face = _nobody()
        self.malformed = 0
        """Datagrams that were no request."""

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Door(self._asked), sock=self._bound()
        )
        self._transport = transport
        self.stats.last_error = self.stats.remedy = ""
        try:
            await self._follow()
        finally:
            self._transport = None
            self._until_s.clear()
            transport.close()

    async def _follow(self) -> None:
        self._tidy()
        while True:
            try:
                frame = await self.newest(_IDLE_S)
            except TimeoutError:
                # No frame for so long: a face that is not looked for is not found either.
                self._face = dataclasses.replace(self._face, found=False)
                self._tidy()
                continue
            if frame is None:
                return
            schema = self.schema
            if schema is None or len(schema.params) != len(frame.poses[self.profile].params):
                continue  # names changed just now: the next frame fits them
            if self._tap is None or self._tap[0] is not schema:
                self._tap = schema, FaceTap(self.profile, schema)
            self._face = self._tap[1](frame).plain()
            self._tidy()
            self._send(list(self._until_s))

    def _asked(self, datagram: bytes, sender: Place) -> None:
        try:
            request = decode_request(datagram)
        except ValueError:
            self.malformed += 1
            return
        now_s = time.monotonic()
        hosts = {place[0] for place in self._until_s}
        if sender[0] not in hosts and len(hosts) >= _MOST_HOSTS:
            return
        fresh = []
        for port in request.ports:
            # The address of the sender, whatever it says: nobody can order tracking for others.
            place = (sender[0], port, *sender[2:])
            known = place in self._until_s
            if known or len(self._until_s) < _MOST_PLACES:
                self._until_s[place] = now_s + request.seconds
                if not known or now_s - self._sent_s > _QUIET_S:
                    fresh.append(place)
        self._tidy()
        self._send(fresh)

    def _send(self, places: list[Place]) -> None:
        transport = self._transport
        if not places or transport is None:
            return
        datagram = self._encoder.encode(self._face)
        # The annotations of the standard library leave it out for datagrams; it is there.
        backlog = cast("Callable[[], int]", transport.get_write_buffer_size)  # type: ignore[attr-defined]
        self._sent_s = time.monotonic()
        for place in places:
            if backlog() > _BUFFER:
                self.stats.dropped += 1
                continue
            transport.sendto(datagram, place)
            self.stats.packets += 1
            self.stats.bytes_sent += len(datagram)

    def _tidy(self) -> None:
        """Forget whose time is over, and tell the user who is left."""
        now_s = time.monotonic()
        for place in [p for p, until_s in self._until_s.items() if until_s < now_s]:
            del self._until_s[place]
        self.stats.connected = bool(self._until_s)
        notes = [who_can_reach(self._host, self._port)]
        if not self._until_s:
            notes.insert(0, "no app asks for tracking yet: name this machine as its iPhone")
        self.stats.note = "; ".join(filter(None, notes))

    def _bound(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(
                self._host or None, self._port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, address = sorted(found, key=lambda f: f[0] != socket.AF_INET)[0]
            listener = socket.socket(family, socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as fault:
            raise self._cannot(fault) from fault
        try:
            # Never SO_REUSEADDR: it would take requests away from whoever has the port.
            exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
            if exclusive is not None:
                listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
            quiet_resets(listener)
            listener.setblocking(False)
            listener.bind(address)
        except OSError as fault:
            listener.close()
            raise self._cannot(fault) from fault
        return listener

    def _cannot(self, fault: Exception) -> SinkError:
        if getattr(fault, "errno", None) in (errno.EADDRINUSE, errno.EACCES):
            return SinkError(
                f"{self.name}: another program has UDP port {self._port}",
                "close it, or give another port here and in the app; an app that takes the port"
                " itself, as vpuppr does, wants vtdrive on another machine",
            )
        reason = str(getattr(fault, "strerror", None) or fault).lower()
        return SinkError(
            f"{self.name}: cannot listen there: {reason}",
            "listen on 127.0.0.1, on 0.0.0.0, or on an address of this machine",
        )


class _Door(asyncio.DatagramProtocol):
    """Hands on what arrives. Ports that are closed again are no fault: their time runs out."""

    def __init__(self, asked: Callable[[bytes, Place], None]) -> None:
        self._asked = asked

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._asked(data, cast("Place", addr))


def _nobody() -> PlainFace:
    """What is sent before the first frame."""
    return plain_face(
        t_ns=0,
        found=False,
        head_xyzw=(0, 0, 0, 1),
        head_m=(0, 0, 0),
        gaze_rad=((0, 0), (0, 0)),
        shapes=[0.0] * 52,
    )
