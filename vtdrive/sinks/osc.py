"""Plain OSC over UDP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vtdrive.config.sinks import OscSink
from vtdrive.core.mirror import mirrored
from vtdrive.errors import SinkError
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.osc_params import OscTemplate

__all__ = ["OscOutput"]

_REFRESH_NS: Final = 1_000_000_000


class OscOutput(DatagramSink):
    """Sends the chosen values to one OSC receiver: all in every frame, or what changed and all once
    a second, so that a receiver that was started late, or missed a packet, catches up."""

    def __init__(self, config: OscSink) -> None:
        super().__init__(
            kind=config.kind, host=config.host, port=config.port, profile=config.profile
        )
        self._config = config
        # Several patterns may go to one port; the same one twice is a mistake.
        only = f" {','.join(sorted(config.only))}" if config.only else ""
        self.target += f"{config.address}{only}"
        if config.address != OscSink().address:
            self.name += f" {config.address}"
        self._template: OscTemplate | None = None
        self._whole_ns: int | None = None

    def _build(self, schema: RigSchema) -> None:
        config = self._config
        self._template = OscTemplate(
            schema,
            address=config.address,
            only=config.only,
            kind=config.type,
            scale=config.scale,
            threshold=config.threshold,
            bundle=config.bundle,
        )
        self._whole_ns = None

    def _filled(self, frame: AvatarFrame) -> Sequence[bytes | memoryview]:
        if self._template is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        state = mirrored(frame.state) if self.profile.mirror else frame.state
        since_ns = -1 if self._whole_ns is None else frame.t_ns - self._whole_ns
        whole = self._config.send == "all" or not 0 <= since_ns < _REFRESH_NS
        if whole:
            self._whole_ns = frame.t_ns
        return self._template.fill(frame.poses[self.profile], state, changes=not whole)
