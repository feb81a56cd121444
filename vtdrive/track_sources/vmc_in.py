"""VMC from any app, over UDP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import VmcInput
from vtdrive.listening import who_can_reach
from vtdrive.track_sources.live import DatagramInput
from vtdrive.track_sources.one_sender import OneSender
from vtdrive.types import Incoming
from vtdrive.wire import osc
from vtdrive.wire.vmc_in import VmcReader

__all__ = ["VmcIn"]

_LARGEST_BYTES: Final = 16384
"""Some apps send all bones as one datagram, of 4 kB. The worst four times that long takes 8 ms to
parse, so that a flood slows the reader and no more."""
_TOLD_NS: Final = 3_000_000_000


class VmcIn(DatagramInput):
    """Hears one VMC sender; others are ignored while it lives.

    A message whose arguments are wrong is counted as malformed and skipped, with the rest of its
    packet read; a packet that is no OSC is skipped as a whole.
    """

    def __init__(self, config: VmcInput, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(kind=config.kind, host=config.host, port=config.port, clock=clock)
        self._reader = VmcReader(mirror=config.mirror, root=config.root)
        self._sender = OneSender()
        self._told_ns: int | None = None

    def sender_of(self, address: Sequence[object]) -> str:
        """With its port, which tells two apps on one machine apart."""
        return f"{address[0]}:{address[1]}"

    def decode(self, datagram: bytes, sender: str, t_ns: int) -> Incoming | None:
        if len(datagram) > _LARGEST_BYTES:
            raise ValueError(f"{len(datagram)} bytes, more than {_LARGEST_BYTES}")
        messages = osc.decode(datagram)
        if not self._sender.takes(sender, t_ns):
            self._told_ns = t_ns
            self.stats.malformed += 1
            self.stats.note = (
                f"{sender} sends here too and is ignored while {self._sender.leader} does"
            )
            return None
        if self._told_ns is not None and t_ns - self._told_ns > _TOLD_NS:
            self._told_ns, self.stats.note = None, who_can_reach(self._host, self.port)
        if self._sender.is_new:
            self._reader.reset()
        complete = False
        for message in messages:
            try:
                complete |= self._reader.take(message, t_ns)
            except ValueError as fault:
                self.stats.malformed += 1
                self.stats.last_error = f"a message from {sender} makes no sense: {fault}"
        return self._reader.frame(t_ns) if complete else None
