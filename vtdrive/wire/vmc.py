"""VMC protocol, Performer to Marionette. The only place that knows Unity's left-handed space.

Inside, +X is the subject's left and the face looks towards +Z, right-handed. In Unity an avatar
that faces +Z has +X on its right. So anatomically (the avatar's left is my left; a mirrored pose
comes mirrored already) a rotation is sent as (x, -y, -z, w) and a position as (-x, y, z).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vtdrive.types import Pose, RigSchema, Status
from vtdrive.wire import osc
from vtdrive.wire.names import EYE_BONES, LOOK_PRESETS, Names, Shapes, vmc_names
from vtdrive.wire.packets import Draft, Live, LiveInt, Template

__all__ = ["VmcFrame", "VmcTemplate", "decode"]

_T, _ROOT, _BONES = 0, 1, 4
_CALIBRATED, _NORMAL_MODE = 3, 0
_ZERO = np.float32(0.0)


class VmcTemplate:
    """Encodes poses of one schema for one target; all names are settled here.

    `names` and `shapes` spell presets and the 52. `eyes="bones"` sends the eye bones and every look
    preset as exactly 0; `"shapes"` sends the look presets and no eye bone. `bundle="off"` puts each
    message into a datagram of its own. Bones carry their rotation and position 0, 0, 0.

    Raises ValueError when two parameters would be sent under one name, or a name is too long.
    """

    def __init__(
        self,
        schema: RigSchema,
        *,
        names: Names = "vrm0",
        shapes: Shapes = "pascal",
        bundle: Literal["auto", "off"] = "auto",
        eyes: Literal["bones", "shapes"] = "bones",
    ) -> None:
        count = len(schema.bones)
        self._params_at = _BONES + 4 * count
        rest = [0.0, 0.0, 0.0, 0.0, *((0.0, 0.0, 0.0, 1.0) * count)]
        rest += [param.neutral for param in schema.params]
        self._values = np.array(rest, np.float32)
        signs = [1.0, -1.0, 1.0, 1.0, *((1.0, -1.0, -1.0, 1.0) * count)]
        self._signs = np.array(signs, np.float32)
        drafts = [
            Draft("/VMC/Ext/OK", (1, _CALIBRATED, _NORMAL_MODE, LiveInt())),
            Draft("/VMC/Ext/T", (Live(_T),)),
            Draft("/VMC/Ext/Root/Pos", ("root", *_lives(_ROOT, 3), 0.0, 0.0, 0.0, 1.0)),
            *(
                Draft("/VMC/Ext/Bone/Pos", (bone, 0.0, 0.0, 0.0, *_lives(_BONES + 4 * i, 4)))
                for i, bone in enumerate(schema.bones)
                if eyes == "bones" or bone not in EYE_BONES
            ),
            *self._expressions(schema, names=names, shapes=shapes, eyes=eyes),
            Draft("/VMC/Ext/Blend/Apply"),
        ]
        quads = slice(_BONES, self._params_at)
        self._template = Template(drafts, self._values, bundled=bundle == "auto", quads=quads)

    @property
    def datagrams(self) -> tuple[memoryview, ...]:
        """What the last `fill` wrote; at rest before the first."""
        return self._template.datagrams

    @property
    def replaced(self) -> int:
        """How many values were not finite and went out as their rest value."""
        return self._template.replaced

    def fill(self, pose: Pose, *, t_s: float, status: Status) -> tuple[memoryview, ...]:
        """The whole frame as datagrams, valid until the next call.

        `t_s` is the time since the first frame. What is not finite is sent as its rest value (a
        bone's rotation as a whole), for a NaN breaks some avatars until they are loaded again.
        """
        values, params_at = self._values, self._params_at
        values[_T] = t_s
        values[_ROOT:_BONES] = pose.root_m
        values[_BONES:params_at] = pose.bones_xyzw.reshape(-1)
        values[params_at:] = pose.params
        turned = values[:params_at]
        np.multiply(turned, self._signs, out=turned)
        # -0.0 becomes 0.0: the same pose must give the same bytes, and zeros are exact zeros.
        np.add(values, _ZERO, out=values)
        return self._template.fill(values, number=int(status is Status.LIVE))

    def _expressions(
        self,
        schema: RigSchema,
        *,
        names: Names,
        shapes: Shapes,
        eyes: Literal["bones", "shapes"],
    ) -> Iterable[Draft]:
        sent: dict[str, str] = {}
        for i, param in enumerate(schema.params):
            still = eyes == "bones" and param.kind == "preset" and param.name in LOOK_PRESETS
            for name in vmc_names(param, names=names, shapes=shapes):
                if name in sent:
                    raise ValueError(
                        f"the outputs {sent[name]!r} and {param.name!r} would both be sent"
                        f" as {name!r}"
                    )
                sent[name] = param.name
                value = 0.0 if still else Live(self._params_at + i)
                yield Draft("/VMC/Ext/Blend/Val", (name, value))


def _lives(start: int, count: int) -> tuple[Live, ...]:
    return tuple(Live(start + i) for i in range(count))


@dataclass(slots=True)
class VmcFrame:
    """What a receiver makes of one frame, in Unity's space, as sent."""

    ok: tuple[int, ...] = ()
    time_s: float | None = None
    root: tuple[float, ...] = ()
    """Position, then rotation xyzw."""
    bones: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Bone -> position, then rotation xyzw."""
    values: dict[str, float] = field(default_factory=dict)
    """Expression -> weight, committed by the last message."""
    addresses: list[str] = field(default_factory=list)
    """Every address, in the order of arrival."""


_TAGS = {
    "/VMC/Ext/OK": "iiii",
    "/VMC/Ext/T": "f",
    "/VMC/Ext/Root/Pos": "sfffffff",
    "/VMC/Ext/Bone/Pos": "sfffffff",
    "/VMC/Ext/Blend/Val": "sf",
    "/VMC/Ext/Blend/Apply": "",
}


def decode(datagrams: Sequence[bytes | memoryview]) -> VmcFrame:
    """Read one frame back; raises MalformedPacket where bytes, type tags or names are not VMC."""
    frame = VmcFrame()
    for datagram in datagrams:
        for message in osc.decode(datagram):
            _take(frame, message)
    return frame


def _take(frame: VmcFrame, message: osc.Message) -> None:
    address = message.address
    if _TAGS.get(address) != message.tags:
        raise osc.MalformedPacket(f"{address} with type tags {message.tags!r} is not VMC")
    frame.addresses.append(address)
    numbers = tuple(arg for arg in message.args if isinstance(arg, (int, float)))
    name = str(message.args[0]) if message.tags.startswith("s") else ""
    match address.removeprefix("/VMC/Ext/"):
        case "OK":
            frame.ok = tuple(int(number) for number in numbers)
        case "T":
            (frame.time_s,) = numbers
        case "Root/Pos":
            frame.root = numbers
        case "Bone/Pos":
            frame.bones[name] = numbers
        case "Blend/Val":
            if name in frame.values:
                raise osc.MalformedPacket(f"{name!r} is sent twice in one frame")
            (frame.values[name],) = numbers
