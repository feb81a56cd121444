"""Live Link Face over UDP, to Unreal Engine."""

from __future__ import annotations

import uuid

from vtdrive.config.sinks import LiveLinkSink
from vtdrive.sinks.face_datagrams import FaceDatagramSink
from vtdrive.types import AvatarFrame
from vtdrive.wire.face import PlainFace
from vtdrive.wire.livelink import LiveLinkEncoder

__all__ = ["LiveLinkOutput"]


class LiveLinkOutput(FaceDatagramSink):
    """Sends each face as a phone would that carries the subject's name."""

    def __init__(self, config: LiveLinkSink) -> None:
        super().__init__(config, kind=config.kind, host=config.host, port=config.port)
        self._always = config.when_lost == "ease"
        gains = {
            "head_yaw": config.yaw_gain,
            "head_pitch": config.pitch_gain,
            "head_roll": config.roll_gain,
        }
        for eye in ("left_eye", "right_eye"):
            gains |= {f"{eye}_yaw": config.eye_yaw_gain, f"{eye}_pitch": config.eye_pitch_gain}
        self._encoder = LiveLinkEncoder(
            # The same device in every run, another one for another subject.
            device=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{config.subject}.vtdrive")).upper(),
            subject=config.subject,
            unit=config.angles,
            gains=gains,
        )

    def _encoded(self, face: PlainFace, frame: AvatarFrame) -> bytes:
        return self._encoder.encode(face, with_face=face.found or self._always)
