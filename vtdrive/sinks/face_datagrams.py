"""What the sinks share that send one datagram per face."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from vtdrive.config.sinks import FaceDriven
from vtdrive.errors import SinkError
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.sinks.face_out import FaceTap
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.face import PlainFace

__all__ = ["FaceDatagramSink"]


class FaceDatagramSink(DatagramSink):
    """Sends each frame's face as one datagram that `_encoded` makes."""

    def __init__(self, config: FaceDriven, *, kind: str, host: str, port: int) -> None:
        super().__init__(kind=kind, host=host, port=port, profile=config.profile)
        self._tap: FaceTap | None = None

    @abstractmethod
    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        """The datagram; `face` is mirrored already where the profile says so."""

    def _build(self, schema: RigSchema) -> None:
        self._tap = FaceTap(self.profile, schema)

    def _filled(self, frame: AvatarFrame) -> Sequence[memoryview]:
        if self._tap is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        return (memoryview(self._encoded(self._tap.plain(frame), frame)),)
