"""The seam of live inputs: other programs, phones and microphones, mixed in by channel."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.errors import SourceNotFound
from vtdrive.listening import listen_remedy, who_can_reach
from vtdrive.types import Incoming

__all__ = ["DatagramInput", "InputStats", "TrackInput"]

_LARGEST: Final = 65536
_REGREET_S: Final = 1.0


class InputStats:
    """What one input received; written by its own thread, read from any."""

    __slots__ = ("bytes_read", "frames", "last_error", "malformed", "note")

    def __init__(self) -> None:
        self.frames = 0
        self.bytes_read = 0
        self.malformed = 0
        """Packets that made no sense, or came from somebody else. They are skipped."""
        self.last_error = ""
        """What is wrong now, for the user; empty again once it is mended."""
        self.note = ""
        """What the user should know: who can reach the listener."""


@runtime_checkable
class TrackInput(Protocol):
    """Delivers tracking from elsewhere. `open`, `read`, `close` all come from one thread.

    A sender that is silent, late or gone is no fault: `read` returns None. A device that has gone
    is: `read` raises SourceLost, and another input is made and opened. What makes no sense is
    counted in `stats.malformed` and skipped, never raised. `close` is called exactly once, also
    after a failed `open`, and may be called from another thread to end a `read`.
    """

    name: str
    """For the user: `vmc-in 127.0.0.1:39540`."""
    stats: InputStats

    def open(self) -> None:
        """Start listening; raises SourceNotFound (port taken, no such device) with a remedy."""

    def read(self, timeout_s: float) -> Incoming | None:
        """The newest measurement, waiting for one up to `timeout_s`; never an old one twice."""

    def close(self) -> None:
        """Release sockets and devices."""


class DatagramInput(ABC):
    """An input that hears UDP: bound to one port, drained to the newest, never blocked by a flood.

    `decode` turns one datagram into a measurement. `greet`, called at `open` and once a second,
    asks a phone to send, where its protocol wants that.
    """

    def __init__(self, *, kind: str, host: str, port: int, clock: Clock = SYSTEM_CLOCK) -> None:
        self.name = f"{kind} {host}:{port}"
        self.stats = InputStats()
        self._host, self._port = host, port
        self._clock = clock
        self._socket: socket.socket | None = None
        self._greeted_s: float | None = None

    @abstractmethod
    def decode(self, datagram: bytes, sender: str, t_ns: int) -> Incoming | None:
        """The measurement in `datagram`, which `sender` (an address) sent; None: not complete yet.

        Raises ValueError where it makes no sense.
        """

    def greet(self, link: socket.socket) -> None:  # noqa: B027 - most senders need no asking
        """Ask the sender to go on sending."""

    def sender_of(self, address: Sequence[object]) -> str:
        """What `decode` is told of who sent; by default the host without its port."""
        return str(address[0])

    def bind_to(self) -> tuple[str, int]:
        """The address and port to listen on; port 0 where any will do."""
        return self._host, self._port

    @property
    def port(self) -> int:
        """The port it listens on, once open."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else 0

    def open(self) -> None:
        host, port = self.bind_to()
        try:
            found = socket.getaddrinfo(
                host or None, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, address = sorted(found, key=lambda f: f[0] != socket.AF_INET)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.bind(address)
        except (OSError, UnicodeError) as fault:
            self.close()
            reason = str(getattr(fault, "strerror", None) or fault).lower()
            raise SourceNotFound(
                f"{self.name}: cannot listen there: {reason}",
                listen_remedy(
                    fault,
                    taken="close the program that has this port,"
                    " or give another port here and in the sender",
                ),
            ) from fault
        self.stats.note = who_can_reach(host, self.port)

    def read(self, timeout_s: float) -> Incoming | None:
        end_s = time.monotonic() + timeout_s
        newest: Incoming | None = None
        # Bounded: a flood must not keep the reader from handing on what it has.
        for _ in range(256):
            link = self._socket
            if link is None:
                return newest
            self._greet(link)
            wait_s = 0.0 if newest is not None else max(0.0, end_s - time.monotonic())
            got = self._receive(link, min(wait_s, _REGREET_S))
            if got is None:
                if newest is not None or time.monotonic() >= end_s:
                    return newest
                continue
            newest = self._taken(*got) or newest
        return newest

    def close(self) -> None:
        link, self._socket = self._socket, None
        if link is not None:
            link.close()

    def _greet(self, link: socket.socket) -> None:
        now_s = time.monotonic()
        if self._greeted_s is None or now_s - self._greeted_s >= _REGREET_S:
            self._greeted_s = now_s
            try:
                self.greet(link)
            except OSError as fault:
                self.stats.last_error = f"cannot ask for tracking: {fault.strerror or fault}"

    def _receive(self, link: socket.socket, wait_s: float) -> tuple[bytes, str] | None:
        try:
            link.settimeout(max(wait_s, 1e-4))
            datagram, sender = link.recvfrom(_LARGEST)
        except (TimeoutError, BlockingIOError, InterruptedError):
            return None
        except OSError:
            # Closed meanwhile, or (Windows) an earlier question was refused: nothing to read.
            return None
        return datagram, self.sender_of(sender)

    def _taken(self, datagram: bytes, sender: str) -> Incoming | None:
        self.stats.bytes_read += len(datagram)
        try:
            found = self.decode(datagram, sender, self._clock.now_ns())
        except Exception as fault:  # a stranger's packet, whatever it breaks, ends no listening
            self.stats.malformed += 1
            why = str(fault) if isinstance(fault, ValueError) else repr(fault)
            self.stats.last_error = f"a packet from {sender} makes no sense: {why[:200]}"
            return None
        if found is not None:
            self.stats.frames += 1
            self.stats.last_error = ""
        return found
