"""What inputs share that ask a phone for its tracking."""

from __future__ import annotations

import socket
from abc import abstractmethod
from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.errors import SourceNotFound
from vtdrive.track_sources.live import DatagramInput
from vtdrive.types import Incoming

__all__ = ["PhoneInput"]

_UNANSWERED: Final = 3
"""Requests that a phone may leave unanswered before the user is told."""


class PhoneInput(DatagramInput):
    """Asks one phone, and listens to it alone, on the address that leads to it: loopback for a
    phone that is imitated on this machine, else that of this machine in the phone's network."""

    app: str
    """What the user starts on the phone, and what to switch on there."""

    def __init__(
        self, *, kind: str, host: str, port: int, listen_port: int, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        super().__init__(kind=kind, host=host, port=port, clock=clock)
        self._listen_port = listen_port
        self._phone: tuple[str, int] = (host, port)
        self._unanswered = 0

    @abstractmethod
    def request(self) -> bytes | None:
        """What to send to the phone now; None: nothing."""

    @abstractmethod
    def measured(self, datagram: bytes, t_ns: int) -> Incoming | None:
        """The measurement in a datagram of the phone; raises ValueError."""

    def bind_to(self) -> tuple[str, int]:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
            family, _, _, _, address = sorted(found, key=lambda f: f[0] != socket.AF_INET)[0]
            # Connecting a datagram socket sends nothing: it only looks for the way.
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(address)
                here = str(probe.getsockname()[0])
        except (OSError, UnicodeError) as fault:
            reason = str(getattr(fault, "strerror", None) or fault).lower()
            raise SourceNotFound(
                f"{self.name}: there is no way to {self._host}: {reason}",
                "take the address that the app on the phone shows; phone and computer must be in"
                " the same network",
            ) from fault
        self._phone = (str(address[0]), int(address[1]))
        return here, self._listen_port

    def greet(self, link: socket.socket) -> None:
        request = self.request()
        if request is None:
            return
        link.sendto(request, self._phone)
        self._unanswered += 1
        if self._unanswered > _UNANSWERED:
            self.stats.last_error = f"{self._host} does not answer: {self.app}"

    def decode(self, datagram: bytes, sender: str, t_ns: int) -> Incoming | None:
        if sender != self._phone[0]:
            raise ValueError("only the phone that was asked is listened to")
        found = self.measured(datagram, t_ns)
        if found is not None:
            self._unanswered = 0
        return found
