"""Tracking from OpenSeeFace's facetracker."""

from __future__ import annotations

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import OpenSeeFaceInput
from vtdrive.track_sources.live import DatagramInput
from vtdrive.types import Incoming
from vtdrive.wire import openseeface

__all__ = ["OpenSeeFaceIn"]


class OpenSeeFaceIn(DatagramInput):
    """Listens; of several faces the one with number 0 counts."""

    def __init__(self, config: OpenSeeFaceInput, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(kind=config.kind, host=config.host, port=config.port, clock=clock)

    def decode(self, datagram: bytes, sender: str, t_ns: int) -> Incoming | None:
        return openseeface.decode(datagram, t_ns=t_ns)
