"""Host names to addresses, without making an avatar wait for the network."""

from __future__ import annotations

import socket
import threading
from typing import Final, cast

__all__ = ["Address", "Lookup"]

Address = tuple[str, int] | tuple[str, int, int, int]
_AT_START_S: Final = 1.0
_LIVE_S: Final = 0.002


class Lookup:
    """Asks the system for one host's UDP address, in a thread of its own.

    A name server that does not answer blocks its caller for seconds, and the caller is the thread
    that moves the avatar. So an answer is waited for at the first call only; later calls raise
    TimeoutError until it is there. Addresses in digits need no answer.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._wait_s = _AT_START_S
        self._thread: threading.Thread | None = None
        self._found: tuple[int, Address] | Exception | None = None

    def __call__(self) -> tuple[int, Address]:
        """The address family and address. Raises OSError or UnicodeError for an unknown host."""
        try:
            return self._ask(socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return self._by_name()

    def _by_name(self) -> tuple[int, Address]:
        if self._thread is None:
            self._found = None
            self._thread = threading.Thread(target=self._run, name="vtdrive-lookup", daemon=True)
            self._thread.start()
            self._thread.join(self._wait_s)
            self._wait_s = _LIVE_S
        found = self._found
        if found is None:
            raise TimeoutError("no name server has answered yet")
        self._thread = None
        if isinstance(found, Exception):
            raise found
        return found

    def _run(self) -> None:
        try:
            self._found = self._ask()
        except Exception as fault:  # handed on to whoever asks next
            self._found = fault

    def _ask(self, flags: int = 0) -> tuple[int, Address]:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM, flags=flags)
        # `localhost` often means ::1 first, and most avatar apps listen on IPv4 only.
        found.sort(key=lambda entry: entry[0] != socket.AF_INET)
        family, _, _, _, address = found[0]
        return family, cast("Address", address)
