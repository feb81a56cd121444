"""The head to opentrack over UDP."""

from __future__ import annotations

from vtdrive.config.sinks import OpentrackSink
from vtdrive.sinks.face_datagrams import FaceDatagramSink
from vtdrive.types import AvatarFrame
from vtdrive.wire import opentrack
from vtdrive.wire.face import PlainFace

__all__ = ["OpentrackOutput"]


class OpentrackOutput(FaceDatagramSink):
    """Sends position and angles of the head, relative to the user's neutral."""

    def __init__(self, config: OpentrackSink) -> None:
        super().__init__(config, kind=config.kind, host=config.host, port=config.port)
        self._invert = frozenset(config.invert)

    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        return opentrack.encode(face, invert=self._invert)
