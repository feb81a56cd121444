"""Tracking from iFacialMocap on an iPhone, over UDP."""

from __future__ import annotations

import dataclasses
from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import IFacialMocapInput
from vtdrive.track_sources.phones import PhoneInput
from vtdrive.types import Incoming
from vtdrive.wire import ifacialmocap

__all__ = ["IFacialMocapIn"]

_SILENT_NS: Final = 1_500_000_000
_FROZEN: Final = 10
"""Equal frames in a row after which the phone follows no face: a live one never keeps so still."""


class IFacialMocapIn(PhoneInput):
    """Greets the phone once a second until it sends, and again when it falls silent."""

    app = "start iFacialMocap there, and let its port be 49983, or give that port here"

    def __init__(self, config: IFacialMocapInput, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(
            kind=config.kind,
            host=config.host,
            port=config.port,
            # The phone answers to the same port, whoever asks.
            listen_port=config.port,
            clock=clock,
        )
        self._hello = ifacialmocap.HELLO[config.version]
        self._heard_ns: int | None = None
        self._last = b""
        self._same = 0

    def request(self) -> bytes | None:
        if self._heard_ns is not None and self._clock.now_ns() - self._heard_ns < _SILENT_NS:
            return None
        return self._hello

    def measured(self, datagram: bytes, t_ns: int) -> Incoming | None:
        if datagram == self._hello:
            # A sender on this machine has no port of its own: we greeted ourselves.
            return None
        found = ifacialmocap.decode(datagram, t_ns=t_ns)
        self._heard_ns = t_ns
        self._same = self._same + 1 if datagram == self._last else 0
        self._last = datagram
        return dataclasses.replace(found, found=found.found and self._same < _FROZEN)
