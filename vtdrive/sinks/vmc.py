"""VMC over UDP."""

from __future__ import annotations

from collections.abc import Sequence

from vtdrive.config.sinks import VmcSink
from vtdrive.errors import SinkError
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.vmc import VmcTemplate

__all__ = ["VmcOutput"]


class VmcOutput(DatagramSink):
    """Sends each frame whole, zeros included, to one VMC receiver.

    `/VMC/Ext/T` counts from the first frame sent, also across a changed schema.
    """

    def __init__(self, config: VmcSink) -> None:
        super().__init__(
            kind=config.kind, host=config.host, port=config.port, profile=config.profile
        )
        self._config = config
        self._template: VmcTemplate | None = None
        self._first_ns: int | None = None

    def _build(self, schema: RigSchema) -> None:
        config = self._config
        self._template = VmcTemplate(
            schema,
            names=config.names,
            shapes=config.shapes,
            bundle=config.bundle,
            eyes=config.eyes,
        )

    def _filled(self, frame: AvatarFrame) -> Sequence[memoryview]:
        if self._template is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        return self._template.fill(
            frame.poses[self.profile],
            t_s=(frame.t_ns - self._first_ns) * 1e-9,
            status=frame.status,
        )
