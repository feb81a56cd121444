"""UDP that never blocks and never mistakes a closed avatar app for a fault."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from vtdrive.errors import SinkError
from vtdrive.listening import endpoint, is_loopback
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.lookup import Address, Lookup

__all__ = ["UdpLink", "endpoint", "udp_target"]

_SIO_UDP_CONNRESET = 0x9800000C
_NO_ROOM = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.ENOMEM})
_REFUSED_FOR_S: Final = 3.0
"""Linux refuses a stranger's datagrams once a second at most, whatever number arrives."""

Datagram = bytes | memoryview


def udp_target(host: str, port: int) -> str:
    """The lock name of an endpoint; spellings of this machine's loopback are one."""
    plain = host.lower().rstrip(".")
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(plain)
        plain = str(getattr(address, "ipv4_mapped", None) or address)
    # What is sent to "any address" arrives at this machine.
    here = plain in ("localhost", "::1", "0.0.0.0", "::")
    return f"udp:{endpoint('127.0.0.1' if here else plain, port)}"


class UdpLink:
    """A connected, non-blocking UDP socket to one receiver.

    UDP is one way: nobody listening is no fault, only a hint in `stats.last_error`. Datagrams the
    system has no room for are counted as dropped. All else raises SinkError naming `label`.
    """

    def __init__(self, *, label: str, host: str, port: int, stats: SinkStats) -> None:
        self._label = label
        self._host = host
        self._port = port
        self._stats = stats
        self._lookup = Lookup(host, port)
        self._socket: socket.socket | None = None
        self._is_far = False
        self._refused_s: float | None = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self) -> None:
        """Resolve the host and bind a socket to it; does nothing when that is done already."""
        if self._socket is not None:
            return
        family, address = self._resolved()
        try:
            link = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as fault:
            raise self._failed(fault) from fault
        try:
            link.setblocking(False)
            quiet_resets(link)
            link.connect(address)
        except OSError as fault:
            link.close()
            raise self._failed(fault) from fault
        self._socket = link
        self._is_far = not is_loopback(str(address[0]))

    def send(self, datagrams: Sequence[Datagram]) -> None:
        """Send all; a datagram that is dropped does not keep the others back."""
        if self._socket is None:
            raise SinkError(f"{self._label}: not connected", "wait for it to be opened again")
        unheard, dropped = False, False
        for datagram in datagrams:
            sent, refused = self._push(self._socket, datagram)
            unheard |= refused
            dropped |= not sent
            self._stats.packets += sent
            self._stats.bytes_sent += len(datagram) if sent else 0
            self._stats.dropped += not sent
        unheard = self._still_refused(unheard)
        self._stats.last_error = self._hint(unheard=unheard, dropped=dropped)

    def close(self) -> None:
        link, self._socket = self._socket, None
        if link is not None:
            link.close()

    def _push(self, link: socket.socket, datagram: Datagram) -> tuple[bool, bool]:
        """(left this machine, an earlier one was refused)."""
        refused = False
        for _ in range(3):
            try:
                link.send(datagram)
            except (ConnectionRefusedError, ConnectionResetError):
                # Tells of an earlier datagram, and kept this one from leaving: try it again.
                refused = True
            except OSError as fault:
                if fault.errno in _NO_ROOM:
                    return False, refused
                raise self._failed(fault) from fault
            else:
                return True, refused
        return False, refused

    def _still_refused(self, refused: bool) -> bool:
        """Whether nobody listens, as far as is known after a frame that was `refused` or not."""
        if not self._is_far:
            return refused
        now_s = time.monotonic()
        if refused:
            self._refused_s = now_s
        return self._refused_s is not None and now_s - self._refused_s < _REFUSED_FOR_S

    def _hint(self, *, unheard: bool, dropped: bool) -> str:
        where = endpoint(self._host, self._port)
        if unheard:
            return (
                f"nobody listens on {where}: start the app that should hear it, or check its port"
            )
        return f"the system has no room for what goes to {where}" if dropped else ""

    def _resolved(self) -> tuple[int, Address]:
        try:
            return self._lookup()
        except (OSError, UnicodeError) as fault:
            reason = str(getattr(fault, "strerror", None) or fault).lower()
            raise SinkError(
                f"{self._label}: the host {self._host!r} is unknown ({reason})",
                "check its spelling, or give its IP address",
            ) from fault

    def _failed(self, fault: OSError) -> SinkError:
        reason = (fault.strerror or str(fault)).lower()
        return SinkError(
            f"{self._label}: {reason}",
            "check the address, the network and the firewall; sending is tried again by itself",
        )


def quiet_resets(
    link: socket.socket,
    *,
    platform: str = sys.platform,
    load: Callable[[str], ctypes.CDLL] = ctypes.CDLL,
) -> None:
    """On Windows, ask that a port without listener does not fail later calls (WSAECONNRESET).

    Does nothing elsewhere. `socket.ioctl` refuses this code, hence the detour through WinSock.
    """
    if platform != "win32":
        return
    off, returned = ctypes.c_ulong(0), ctypes.c_ulong(0)
    load("ws2_32").WSAIoctl(
        ctypes.c_void_p(link.fileno()),
        ctypes.c_ulong(_SIO_UDP_CONNRESET),
        ctypes.byref(off),
        ctypes.sizeof(off),
        None,
        0,
        ctypes.byref(returned),
        None,
        None,
    )
