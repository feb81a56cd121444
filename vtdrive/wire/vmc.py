"""VMC protocol, Performer to Marionette. With its neighbours `vmc_assistant` and `vmc_in` the only
place that knows Unity's left-handed space.

Inside, +X is the subject's left and the face looks towards +Z, right-handed. In Unity an avatar
that faces +Z has +X on its right. So anatomically (the avatar's left is my left; a mirrored pose
comes mirrored already) a rotation is sent as (x, -y, -z, w) and a position as (-x, y, z).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vtdrive.spaces import IDENTITY
from vtdrive.types import F32, Pose, RigSchema, Status
from vtdrive.wire import osc
from vtdrive.wire.gltf_humanoid import Joint, Vec, raw_rotation
from vtdrive.wire.names import EYE_BONES, Names, Shapes, is_look, vmc_names
from vtdrive.wire.packets import Draft, Live, LiveInt, Template

__all__ = ["VmcFrame", "VmcTemplate", "decode", "expression_drafts"]

_T, _ROOT, _BONES = 0, 1, 4
_CALIBRATED, _NORMAL_MODE = 3, 0
_ZERO = np.float32(0.0)


class VmcTemplate:
    """Encodes poses of one schema for one target; all names are settled here.

    `names` and `shapes` spell presets and the 52. `eyes="bones"` sends the eye bones, and every
    look preset and EyeLook shape as exactly 0; `"shapes"` sends those and no eye bone.
    `bundle="off"` puts each message into a datagram of its own.

    Without `rest`, bones carry their rotation and position 0, 0, 0. With it, each bone stands where
    it rests in that model, and bones that the model lacks are left out; `raw` turns rotations and
    positions to the model's own resting bones.

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
        rest: Mapping[str, Joint] | None = None,
        raw: bool = False,
    ) -> None:
        count = len(schema.bones)
        self._params_at = _BONES + 4 * count
        self._raw = _raw_matrices(schema.bones, rest) if raw and rest else None
        unturned = np.tile(IDENTITY, (count, 1))
        if self._raw is not None:
            unturned = (self._raw @ unturned[..., None])[..., 0]
        signs = [1.0, -1.0, 1.0, 1.0, *((1.0, -1.0, -1.0, 1.0) * count)]
        self._signs = np.array(signs, np.float32)
        still = [0.0, 0.0, 0.0, 0.0, *unturned.reshape(-1).tolist()]
        neutral = [param.neutral for param in schema.params]
        self._values = np.array([*still, *neutral], np.float32)
        self._values[: self._params_at] *= self._signs
        self._values += _ZERO
        drafts = [
            Draft("/VMC/Ext/OK", (1, _CALIBRATED, _NORMAL_MODE, LiveInt())),
            Draft("/VMC/Ext/T", (Live(_T),)),
            Draft("/VMC/Ext/Root/Pos", ("root", *_lives(_ROOT, 3), 0.0, 0.0, 0.0, 1.0)),
            *(
                Draft("/VMC/Ext/Bone/Pos", (bone, *place, *_lives(_BONES + 4 * i, 4)))
                for i, bone, place in _placed(schema.bones, rest, raw=raw)
                if eyes == "bones" or bone not in EYE_BONES
            ),
            *expression_drafts(
                schema, start=self._params_at, names=names, shapes=shapes, eyes=eyes
            ),
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
        turns = pose.bones_xyzw
        if self._raw is not None:
            with np.errstate(invalid="ignore"):  # infinities become NaN, which `fill` mends
                turns = (self._raw @ turns[..., None])[..., 0]
        values[_T] = t_s
        values[_ROOT:_BONES] = pose.root_m
        values[_BONES:params_at] = turns.reshape(-1)
        values[params_at:] = pose.params
        turned = values[:params_at]
        np.multiply(turned, self._signs, out=turned)
        # -0.0 becomes 0.0: the same pose must give the same bytes, and zeros are exact zeros.
        np.add(values, _ZERO, out=values)
        return self._template.fill(values, number=int(status is Status.LIVE))


def expression_drafts(
    schema: RigSchema,
    *,
    start: int,
    names: Names,
    shapes: Shapes,
    eyes: Literal["bones", "shapes"],
) -> Iterator[Draft]:
    """One `/VMC/Ext/Blend/Val` for each name of each parameter, whose values begin at `start`.

    Raises ValueError when two parameters would be sent under one name.
    """
    sent: dict[str, str] = {}
    for i, param in enumerate(schema.params):
        still = eyes == "bones" and is_look(param)
        for name in vmc_names(param, names=names, shapes=shapes):
            if name in sent:
                raise ValueError(
                    f"the outputs {sent[name]!r} and {param.name!r} would both be sent as {name!r}"
                )
            sent[name] = param.name
            yield Draft("/VMC/Ext/Blend/Val", (name, 0.0 if still else Live(start + i)))


def _lives(start: int, count: int) -> tuple[Live, ...]:
    return tuple(Live(start + i) for i in range(count))


def _placed(
    bones: tuple[str, ...], rest: Mapping[str, Joint] | None, *, raw: bool
) -> Iterator[tuple[int, str, Vec]]:
    """Index, name and resting position in Unity's space of each bone that is sent."""
    for i, bone in enumerate(bones):
        if rest is None:
            yield i, bone, (0.0, 0.0, 0.0)
        elif bone in rest:
            x, y, z = rest[bone].local_m if raw else rest[bone].offset_m
            yield i, bone, (0.0 - x, y + 0.0, z + 0.0)


def _raw_matrices(bones: tuple[str, ...], rest: Mapping[str, Joint]) -> F32:
    """(B, 4, 4): what turns each bone's rotation into its local one on the model's own bones."""
    units = np.eye(4, dtype=np.float32)
    rows = [
        np.transpose([raw_rotation(rest[bone], unit) for unit in units]) if bone in rest else units
        for bone in bones
    ]
    return np.array(rows, np.float32).reshape(-1, 4, 4)


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
    eye: tuple[float, ...] = ()
    """An assistant's gaze: whether it counts, then the point that the eyes look at."""
    addresses: list[str] = field(default_factory=list)
    """Every address, in the order of arrival."""


_TAGS = {
    "/VMC/Ext/OK": "iiii",
    "/VMC/Ext/T": "f",
    "/VMC/Ext/Root/Pos": "sfffffff",
    "/VMC/Ext/Bone/Pos": "sfffffff",
    "/VMC/Ext/Blend/Val": "sf",
    "/VMC/Ext/Blend/Apply": "",
    "/VMC/Ext/Set/Eye": "ifff",
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
        case "Set/Eye":
            frame.eye = numbers
        case "Blend/Val":
            if name in frame.values:
                raise osc.MalformedPacket(f"{name!r} is sent twice in one frame")
            (frame.values[name],) = numbers
