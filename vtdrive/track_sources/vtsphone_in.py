"""Tracking from VTube Studio on an iPhone, or from MeowFace."""

from __future__ import annotations

from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import VtsPhoneInput
from vtdrive.track_sources.phones import PhoneInput
from vtdrive.types import Incoming
from vtdrive.wire import vtsphone

__all__ = ["VtsPhoneIn"]

_FOR_S: Final = 5.0


class VtsPhoneIn(PhoneInput):
    """Asks the phone once a second for five more seconds of tracking."""

    app = 'start VTube Studio there and switch on "3rd party PC clients", or start MeowFace'

    def __init__(self, config: VtsPhoneInput, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(
            kind=config.kind,
            host=config.host,
            port=config.port,
            listen_port=config.listen_port,
            clock=clock,
        )
        self._gaze = config.gaze

    def request(self) -> bytes:
        return vtsphone.encode_request(seconds=_FOR_S, port=self.port, sent_by="vtdrive")

    def measured(self, datagram: bytes, t_ns: int) -> Incoming:
        return vtsphone.decode(datagram, t_ns=t_ns, gaze=self._gaze)
