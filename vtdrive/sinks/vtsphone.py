"""A phone with VTube Studio, imitated: asked for its tracking, or sending unasked."""

from __future__ import annotations

from typing import cast

from vtdrive.config.sinks import VtsPhoneSink
from vtdrive.sinks.base import Sink
from vtdrive.sinks.face_datagrams import FaceDatagramSink
from vtdrive.sinks.phone_server import PhoneServer
from vtdrive.types import AvatarFrame
from vtdrive.wire.face import PlainFace
from vtdrive.wire.vtsphone import PhoneEncoder

__all__ = ["PhonePush", "vts_phone"]


def vts_phone(config: VtsPhoneSink) -> Sink:
    """The sink for `config`: one that sends unasked with `push`, else one that is asked."""
    return cast("Sink", PhonePush(config) if config.push else PhoneServer(config))


class PhonePush(FaceDatagramSink):
    """Sends the phone's frames to one app that did not ask."""

    def __init__(self, config: VtsPhoneSink) -> None:
        super().__init__(config, kind=config.kind, host=config.host, port=config.port)
        self._encoder = PhoneEncoder(config.keys)

    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        return self._encoder.encode(face)
