"""VMC protocol, Assistant to Performer: expressions and gaze for an app that owns the body."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np

from vtdrive.types import Pose, RigSchema, Status
from vtdrive.wire.names import EYE_BONES, Names, Shapes
from vtdrive.wire.packets import Draft, Live, LiveInt, Template
from vtdrive.wire.vmc import expression_drafts

__all__ = ["LOOK_AT_M", "AssistantTemplate"]

LOOK_AT_M: Final = 10.0
"""Distance of the point that the eyes look at. Performers measure it from the head bone, some 6 cm
below the eyes: ten metres away that matters by a third of a degree."""

_PARAMS: Final = 3
_ZERO: Final = np.float32(0.0)


class AssistantTemplate:
    """Encodes poses as an assistant may send them: the gaze, then every expression, then Apply.

    No bone, no root, no OK and no time: those are the performer's. `eyes="bones"` sends the gaze as
    `/VMC/Ext/Set/Eye`, a point relative to the head bone (VMC 2.8 and later), and look expressions
    as exactly 0; `"shapes"` the expressions only. Other options are those of `VmcTemplate`, and so
    is what raises ValueError.
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
        self._eyes = [i for i, bone in enumerate(schema.bones) if bone in EYE_BONES]
        ahead = (0.0, 0.0, LOOK_AT_M)
        rest = [*ahead, *(param.neutral for param in schema.params)]
        self._values = np.array(rest, np.float32)
        drafts = []
        if eyes == "bones" and self._eyes:
            drafts.append(Draft("/VMC/Ext/Set/Eye", (LiveInt(), Live(0), Live(1), Live(2))))
        drafts += expression_drafts(schema, start=_PARAMS, names=names, shapes=shapes, eyes=eyes)
        drafts.append(Draft("/VMC/Ext/Blend/Apply"))
        self._template = Template(drafts, self._values, bundled=bundle == "auto")

    @property
    def replaced(self) -> int:
        """How many values were not finite and went out as their rest value."""
        return self._template.replaced

    def fill(self, pose: Pose, *, status: Status) -> tuple[memoryview, ...]:
        """The whole frame as datagrams, valid until the next call.

        While no face is followed and the eyes rest, the performer is told to move them itself.
        """
        values = self._values
        turns = [pose.bones_xyzw[i].tolist() for i in self._eyes]
        values[:_PARAMS] = _point(turns)
        values[_PARAMS:] = pose.params
        np.add(values, _ZERO, out=values)
        rests = status is Status.LOST and all(turn[:3] == [0.0, 0.0, 0.0] for turn in turns)
        return self._template.fill(values, number=int(not rests))


def _point(turns: list[list[float]]) -> tuple[float, float, float]:
    """Where both eyes look together, in Unity's space: its +X is the avatar's right."""
    x = y = z = 0.0
    for a, b, c, w in turns:
        # The image of +Z, in which an unturned eye looks.
        x += 2 * (a * c + w * b)
        y += 2 * (b * c - w * a)
        z += 1 - 2 * (a * a + b * b)
    scale = LOOK_AT_M / (math.hypot(x, y, z) or 1.0)
    return -x * scale, y * scale, z * scale
