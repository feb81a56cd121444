"""Commands by OSC: `/vtdrive/COMMAND`, each answered with `/vtdrive/reply`."""

from __future__ import annotations

import contextlib
import functools
import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from vtdrive.control.base import Tell, in_use
from vtdrive.control.desk import LIMITED, Answer, Desk
from vtdrive.control.words import from_osc
from vtdrive.core.commands import CommandError
from vtdrive.listening import who_can_reach
from vtdrive.sinks.udp import endpoint
from vtdrive.wire.osc import MalformedPacket, Message, decode, encode

__all__ = ["PREFIX", "REPLY", "OscListener"]

PREFIX: Final = "/vtdrive/"
REPLY: Final = "/vtdrive/reply"
_MOST_BYTES: Final = 2048
_MOST_MESSAGES: Final = 16
_LONGEST: Final = 400
"""Characters of an answer, so that it fits one datagram."""
_WAKE_S: Final = 0.5
_LIMITED_EVERY_S: Final = 1.0


class OscListener:
    """One UDP socket and its thread. An answer goes to where the command came from.

    It holds `done` or the reason (`wrong`, `refused`, `limited`), the command and a sentence. What
    is not addressed to `/vtdrive/` is left unanswered, and so is an answer of another vtdrive.
    """

    def __init__(self, host: str, port: int, desk: Desk, tell: Tell) -> None:
        self._host, self._port = host, port
        self._desk = desk
        self._tell = tell
        self.name = f"osc {endpoint(host, port)}"
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._limited_s = -math.inf

    @property
    def port(self) -> int:
        """The one that is listened on."""
        return self._port

    def open(self) -> None:
        try:
            found = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )
            # `localhost` may be ::1 first, where pads that send to 127.0.0.1 would not be heard.
            family, _, _, _, place = sorted(found, key=lambda f: f[0] != socket.AF_INET)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.bind(place)
        except OSError as fault:
            raise in_use(self.name, fault) from fault
        self._socket.settimeout(_WAKE_S)
        self._port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="vtdrive-control-osc", daemon=True)
        self._thread.start()
        reach = who_can_reach(self._host, self._port)
        warned = f"; {reach}: OSC has no password" if reach else ""
        self._tell(f"control: {self.name} takes commands{warned}")

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2 * _WAKE_S)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        assert self._socket is not None
        while not self._stop.is_set():
            try:
                data, sender = self._socket.recvfrom(_MOST_BYTES + 1)
            except TimeoutError:
                continue
            except OSError:
                # Windows reports here that an answer found nobody (WSAECONNRESET).
                if self._stop.wait(0.01):
                    return
                continue
            self._take(data, str(sender[0]), functools.partial(self._send, sender))

    def _send(self, to: Any, reply: bytes) -> None:
        assert self._socket is not None
        with contextlib.suppress(OSError):  # who asked has gone, or the run is over
            self._socket.sendto(reply, to)

    def _take(self, data: bytes, host: str, reply: Callable[[bytes], None]) -> None:
        """Do what one datagram asks; each answer is given to `reply`, now or later."""
        try:
            messages = decode(data) if len(data) <= _MOST_BYTES else ()
        except MalformedPacket:
            return
        ours = [m for m in messages if m.address.startswith(PREFIX) and m.address != REPLY]
        for message in ours[:_MOST_MESSAGES]:
            self._take_one(message, host, reply)

    def _take_one(self, message: Message, host: str, reply: Callable[[bytes], None]) -> None:
        if not self._desk.admits(host):
            # Seldom, or a flood of questions would make a flood of answers.
            now_s = time.monotonic()
            if now_s - self._limited_s >= _LIMITED_EVERY_S:
                self._limited_s = now_s
                reply(_reply(LIMITED, message.address))
            return
        try:
            text = from_osc(message.address.removeprefix(PREFIX).split("/"), message.args)
        except CommandError as fault:
            reply(_reply(Answer("wrong", fault.what, fault.remedy), message.address))
            return
        if not text and message.args:
            reply(_reply(Answer("done", "a button was released"), message.address))
            return
        self._desk.hand_in(text, lambda answer: reply(_reply(answer, text)))


def _reply(answer: Answer, asked: str) -> bytes:
    words = (answer.status, asked, answer.sentence)
    # OSC's strings end at a NUL, which is a letter like others to JSON and files.
    return encode(REPLY, *(word.replace("\0", "")[:_LONGEST] for word in words))
