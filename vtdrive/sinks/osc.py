"""Plain OSC over UDP: one float per parameter."""

from __future__ import annotations

from collections.abc import Sequence

from vtdrive.config.sinks import OscSink
from vtdrive.errors import SinkError
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.osc_params import OscTemplate

__all__ = ["OscOutput"]


class OscOutput(DatagramSink):
    """Sends every parameter in every frame to one OSC receiver."""

    def __init__(self, config: OscSink) -> None:
        super().__init__(
            kind=config.kind, host=config.host, port=config.port, profile=config.profile
        )
        self._address = config.address
        self._template: OscTemplate | None = None

    def _build(self, schema: RigSchema) -> None:
        self._template = OscTemplate(schema, address=self._address)

    def _filled(self, frame: AvatarFrame) -> Sequence[memoryview]:
        if self._template is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        return self._template.fill(frame.poses[self.profile])
