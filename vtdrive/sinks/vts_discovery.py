"""Finding VTube Studio by what it announces in the network every two seconds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psutil

from vtdrive.config.sinks import VtsSink
from vtdrive.errors import SinkError
from vtdrive.listening import is_loopback, who_can_reach
from vtdrive.sinks.lookup import Lookup
from vtdrive.wire.vts_replies import Announced, announced_in

__all__ = ["ANNOUNCE_PORT", "Found", "chosen", "heard", "place_of"]

ANNOUNCE_PORT: Final = 47779
_LISTEN_S: Final = 2.6
"""Announcements come every 2 s."""
_MOST: Final = 64
_ANYWHERE: Final = frozenset({"0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Found:
    """One VTube Studio that was heard."""

    host: str
    """Where to connect to; 127.0.0.1 for this computer."""
    said: Announced


class _Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: dict[tuple[str, int, str], Found] = {}

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        said = announced_in(data)
        if said is None:
            return
        key = (str(addr[0]), said.port, said.instance_id)
        # Bounded, whoever floods the port.
        if key in self.heard or len(self.heard) < _MOST:
            self.heard[key] = Found(str(addr[0]), said)


async def place_of(config: VtsSink, *, again: bool, tell: Callable[[str], None]) -> tuple[str, int]:
    """Host and port to connect to; raises SinkError where the one that is wanted is not heard.

    `tell` is called with what the user should know of the search, last with '' or what stays true.
    With `again` what was told of an earlier search stands until something new is known.
    """
    if not config.discover:
        return config.host, config.port
    if not again:
        reach = who_can_reach("0.0.0.0", ANNOUNCE_PORT)
        tell(f"while it looks for VTube Studio, UDP {reach}")
    found = await heard(config.host)
    if not found and not config.instance and config.host not in _ANYWHERE:
        # Firewalls keep broadcasts out more often than connections.
        tell(f"VTube Studio was not heard; trying port {config.port}")
        return config.host, config.port
    one, others = chosen(found, instance=config.instance)
    tell(others)
    return one.host, one.said.port


async def heard(
    host: str, *, port: int = ANNOUNCE_PORT, listen_s: float = _LISTEN_S
) -> list[Found]:
    """Who announces a VTube Studio on `host`, ordered by address and port.

    A loopback `host` means this computer; 0.0.0.0 any. Others are not heard: the face is sent to
    whom the user named, not to whoever says to be there. Raises SinkError where the port is taken.
    """
    wanted = await _addresses(host)
    loop = asyncio.get_running_loop()
    try:
        ear = _socket(port)
    except OSError as fault:
        raise SinkError(
            f"cannot listen for VTube Studio on UDP port {port}: {fault.strerror or fault}",
            "close the program that has that port, or leave out discover and name the port",
        ) from None
    transport, protocol = await loop.create_datagram_endpoint(_Ear, sock=ear)
    try:
        await asyncio.sleep(listen_s)
    finally:
        transport.close()
    here = _own_addresses()
    found = [
        Found("127.0.0.1", one.said) if one.host in here else one
        for one in protocol.heard.values()
        if wanted is None or one.host in wanted
    ]
    unique = {(one.host, one.said.port, one.said.instance_id): one for one in found}
    return [unique[key] for key in sorted(unique)]


def chosen(found: list[Found], *, instance: str) -> tuple[Found, str]:
    """The one to drive, and a sentence where there were others.

    `instance` is part of a window's title, or an instance ID. Raises SinkError where none fits.
    """
    wanted = instance.casefold()
    fitting = [
        one
        for one in found
        if wanted in one.said.title.casefold() or wanted == one.said.instance_id.casefold()
    ]
    if not fitting:
        titles = ", ".join(repr(one.said.title) for one in found)
        raise SinkError(
            f"no VTube Studio with {instance!r} in its title was heard"
            + (f", only {titles}" if titles else ""),
            "start VTube Studio, or correct `instance`; a firewall may keep UDP port 47779 shut",
        )
    active = [one for one in fitting if one.said.active]
    if not active:
        one = fitting[0]
        raise SinkError(
            f"{one.said.title or 'VTube Studio'} on {one.host} runs with its API switched off",
            "switch on Start API in its settings; vtdrive keeps trying",
        )
    if len(active) == 1:
        return active[0], ""
    others = ", ".join(f"{o.said.title!r} (port {o.said.port})" for o in active[1:])
    note = f"drives {active[0].said.title!r} (port {active[0].said.port}); also heard: {others}"
    return active[0], note


def _socket(port: int) -> socket.socket:
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # Other plugins listen here too.
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            with contextlib.suppress(OSError):
                ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ear.setblocking(False)
        # A broadcast reaches no socket that is bound to 127.0.0.1.
        ear.bind(("0.0.0.0", port))
    except OSError:
        ear.close()
        raise
    return ear


async def _addresses(host: str) -> frozenset[str] | None:
    """The addresses that `host` sends from; None for any."""
    if host in _ANYWHERE:
        return None
    if is_loopback(host):
        return _own_addresses()
    try:
        _, address = await asyncio.to_thread(Lookup(host, ANNOUNCE_PORT))
    except (OSError, UnicodeError) as fault:
        raise SinkError(
            f"{host} is not known: {getattr(fault, 'strerror', None) or fault}",
            "check the name, or write the machine's address in digits",
        ) from None
    return frozenset({address[0]})


def _own_addresses() -> frozenset[str]:
    inet = {
        entry.address
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family == socket.AF_INET
    }
    return frozenset(inet | {"127.0.0.1"})
