"""OpenSeeFace packets over UDP."""

from __future__ import annotations

from vtdrive.config.sinks import OpenSeeFaceSink
from vtdrive.sinks.face_datagrams import FaceDatagramSink
from vtdrive.types import AvatarFrame, Face, Status
from vtdrive.wire import openseeface
from vtdrive.wire.face import PlainFace
from vtdrive.wire.face_points import mesh_points, resting_points

__all__ = ["OpenSeeFaceOutput"]


class OpenSeeFaceOutput(FaceDatagramSink):
    """Sends pose, points and features. Where the camera shows no face the points are those of a
    face at rest, with confidence 0."""

    def __init__(self, config: OpenSeeFaceSink) -> None:
        super().__init__(config, kind=config.kind, host=config.host, port=config.port)
        self._seen: Face | None = None
        self._last_s = 0.0

    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        if frame.status is Status.LOST:
            self._seen = None
        elif frame.track is not None and frame.track.face is not None:
            self._seen = frame.track.face
        points = None
        if self._seen is not None:
            points = mesh_points(self._seen, face, mirror=self.profile.mirror)
        # Receivers drop what is not newer than what they have.
        self._last_s = max(self._last_s + 1e-4, frame.t_ns * 1e-9)
        return openseeface.encode(face, points or resting_points(face), t_s=self._last_s)
