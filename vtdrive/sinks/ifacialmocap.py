"""iFacialMocap's frames over UDP."""

from __future__ import annotations

from vtdrive.config.sinks import IFacialMocapSink
from vtdrive.sinks.face_datagrams import FaceDatagramSink
from vtdrive.types import AvatarFrame
from vtdrive.wire.face import PlainFace
from vtdrive.wire.ifacialmocap import IFacialMocapEncoder

__all__ = ["IFacialMocapOutput"]


class IFacialMocapOutput(FaceDatagramSink):
    """Sends unasked and binds no port: on one machine the port is the receiver's."""

    def __init__(self, config: IFacialMocapSink) -> None:
        super().__init__(config, kind=config.kind, host=config.host, port=config.port)
        self._encoder = IFacialMocapEncoder(config.version)

    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        return self._encoder.encode(face)
