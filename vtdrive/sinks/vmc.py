"""VMC over UDP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from vtdrive.config.sinks import VmcSink
from vtdrive.errors import SinkError
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.sinks.vrm_file import read_vrm
from vtdrive.types import AvatarFrame, Pose, RigSchema, Status
from vtdrive.wire.gltf_humanoid import Joint
from vtdrive.wire.vmc import VmcTemplate
from vtdrive.wire.vmc_assistant import AssistantTemplate

__all__ = ["VmcOutput"]

_Fill = Callable[[Pose, float, Status], Sequence[memoryview]]


class VmcOutput(DatagramSink):
    """Sends each frame whole, zeros included, to one VMC receiver.

    `/VMC/Ext/T` counts from the first frame sent, also across a changed schema. The model's file is
    read once, at the first `open`.
    """

    def __init__(self, config: VmcSink) -> None:
        super().__init__(
            kind=config.kind, host=config.host, port=config.port, profile=config.profile
        )
        self._config = config
        self._rest: dict[str, Joint] | None = None
        self._fill: _Fill | None = None
        self._first_ns: int | None = None

    def _build(self, schema: RigSchema) -> None:
        config = self._config
        if config.vrm and self._rest is None and config.role == "performer":
            self._rest = read_vrm(Path(config.vrm).expanduser(), label=self.name)
        self.stats.note = self._remarks(schema)
        if config.role == "assistant":
            assistant = AssistantTemplate(
                schema,
                names=config.names,
                shapes=config.shapes,
                bundle=config.bundle,
                eyes=config.eyes,
            )
            self._fill = partial(_fill_assistant, assistant)
            return
        template = VmcTemplate(
            schema,
            names=config.names,
            shapes=config.shapes,
            bundle=config.bundle,
            eyes=config.eyes,
            rest=self._rest,
            raw=config.skeleton == "raw",
        )
        self._fill = partial(_fill_performer, template)

    def _filled(self, frame: AvatarFrame) -> Sequence[memoryview]:
        if self._fill is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        t_s = (frame.t_ns - self._first_ns) * 1e-9
        return self._fill(frame.poses[self.profile], t_s, frame.status)

    def _remarks(self, schema: RigSchema) -> str:
        if self._rest is None:
            return ""
        said = []
        missing = [bone for bone in schema.bones if bone not in self._rest]
        if missing:
            said.append(f"the model has no {', '.join(missing)}: not sent")
        if self._config.skeleton == "normalised" and _turned(schema, self._rest):
            said.append('the model\'s bones rest turned: if it looks twisted, try skeleton = "raw"')
        return "; ".join(said)


def _turned(schema: RigSchema, rest: Mapping[str, Joint]) -> bool:
    return any(rest[bone].is_turned for bone in schema.bones if bone in rest)


def _fill_performer(
    template: VmcTemplate, pose: Pose, t_s: float, status: Status
) -> Sequence[memoryview]:
    return template.fill(pose, t_s=t_s, status=status)


def _fill_assistant(
    template: AssistantTemplate, pose: Pose, _t_s: float, status: Status
) -> Sequence[memoryview]:
    return template.fill(pose, status=status)
