"""What the formats of face trackers share: one face as plain, finite numbers, and the way back.

Encoders of phones and trackers take a `PlainFace`; their decoders hand what they read to `heard`,
which refuses what is no number, clips what is out of range and knows our units and signs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.spaces import euler_from_quat, quat_from_euler
from vtdrive.types import Incoming, frozen
from vtdrive.vocab import SHAPE_INDEX, SHAPES

__all__ = ["LOOK_DEG", "Euler", "PlainFace", "checked", "gaze_from_look", "heard", "plain_face"]

LOOK_DEG: Final = 35.0
"""How far an ARKit eye turns at eyeLook… = 1, as phones report both."""

_FURTHEST_M: Final = 100.0
_WIDEST: Final = math.radians(89.0)


@dataclass(frozen=True, slots=True)
class Euler:
    """A rotation in degrees: yaw + to the subject's left, pitch + up, roll + crown to the
    subject's right; roll first, yaw last."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class PlainFace:
    """One face as Python's own numbers, all of them finite, in vtdrive's space."""

    t_ns: int
    found: bool
    head: Euler
    head_xyzw: tuple[float, float, float, float]
    head_m: tuple[float, float, float]
    """+ subject's left, up, towards the camera; from the user's neutral."""
    eyes: tuple[Euler, Euler]
    """Left, right; without roll."""
    shapes: tuple[float, ...]
    """52 in [0, 1], in `vocab.SHAPES` order."""


def plain_face(
    *,
    t_ns: int,
    found: bool,
    head_xyzw: npt.ArrayLike,
    head_m: npt.ArrayLike,
    gaze_rad: npt.ArrayLike,
    shapes: npt.ArrayLike,
) -> PlainFace:
    """The face to send. What is not a number goes out as at rest: no rotation, 0."""
    turn = _floats(head_xyzw)
    size = math.hypot(*turn)
    if not (math.isfinite(size) and size > 1e-6):
        turn, size = [0.0, 0.0, 0.0, 1.0], 1.0
    x, y, z, w = (v / size for v in turn)
    yaw, pitch, roll = map(math.degrees, euler_from_quat(np.array((x, y, z, w))))
    look = [math.degrees(_finite(v)) for v in _floats(gaze_rad)]
    px, py, pz = (_finite(v) for v in _floats(head_m))
    return PlainFace(
        t_ns=t_ns,
        found=found,
        head=Euler(yaw, pitch, roll),
        head_xyzw=(x, y, z, w),
        head_m=(px, py, pz),
        eyes=(Euler(look[0], look[1], 0.0), Euler(look[2], look[3], 0.0)),
        shapes=_unit(_floats(shapes)),
    )


def heard(
    *,
    t_ns: int,
    found: bool,
    shapes: Mapping[str, float],
    head: Euler | npt.ArrayLike | None,
    head_m: Sequence[float] | None,
    eyes: tuple[Euler, Euler] | None,
) -> Incoming:
    """The measurement of another tracker; `head` in degrees or as a unit quaternion.

    Shapes that `SHAPES` does not name are left out; values are clipped. Raises ValueError where a
    number is not finite, or a position not of this world.
    """
    values = np.zeros(len(SHAPES), np.float32)
    known = np.zeros(len(SHAPES), np.bool_)
    for name, value in shapes.items():
        at = SHAPE_INDEX.get(name)
        if at is not None:
            values[at] = min(1.0, max(0.0, checked(value, name)))
            known[at] = True
    known.setflags(write=False)
    if head_m is not None and max(abs(checked(v, "a position")) for v in head_m) > _FURTHEST_M:
        raise ValueError("a head more than 100 m away")
    return Incoming(
        t_ns=t_ns,
        found=found,
        shapes=frozen(values),
        known=known,
        head_xyzw=None if head is None else frozen(_rotation(head)),
        head_m=None if head_m is None else frozen([float(v) for v in head_m]),
        gaze_rad=None if eyes is None else frozen([_look(eye) for eye in eyes]),
    )


def gaze_from_look(shapes: Mapping[str, float]) -> tuple[Euler, Euler] | None:
    """Where the eyes look by their eyeLook… shapes, whose names leave no doubt about sides."""
    eyes = []
    for side, outwards in (("Left", 1.0), ("Right", -1.0)):
        names = [f"eyeLook{way}{side}" for way in ("Out", "In", "Up", "Down")]
        if any(name not in shapes for name in names):
            return None
        out, into, up, down = (checked(shapes[name], name) for name in names)
        eyes.append(Euler((out - into) * outwards * LOOK_DEG, (up - down) * LOOK_DEG, 0.0))
    return eyes[0], eyes[1]


def checked(value: float, what: str) -> float:
    """`value`, which must be finite; raises ValueError naming `what`."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{what} is not a number")
    return number


def _rotation(head: Euler | npt.ArrayLike) -> npt.NDArray[np.float64]:
    if isinstance(head, Euler):
        degrees = (head.yaw_deg, head.pitch_deg, head.roll_deg)
        # Whole turns first: the sine of 1e300 is noise.
        yaw, pitch, roll = (
            math.radians(math.remainder(checked(v, "an angle"), 360.0)) for v in degrees
        )
        return quat_from_euler(yaw=yaw, pitch=pitch, roll=roll)
    turn = [checked(v, "a rotation") for v in _floats(head)]
    size = math.hypot(*turn)
    if not 0.5 < size < 2.0:
        raise ValueError("a rotation that is no unit quaternion")
    return np.array(turn) / size


def _look(eye: Euler) -> tuple[float, float]:
    angles = (eye.yaw_deg, eye.pitch_deg)
    yaw, pitch = (
        math.radians(math.remainder(checked(v, "an angle of an eye"), 360.0)) for v in angles
    )
    return min(_WIDEST, max(-_WIDEST, yaw)), min(_WIDEST, max(-_WIDEST, pitch))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _unit(values: list[float]) -> tuple[float, ...]:
    # As good as always all is well, and to see that is quicker than to mend each value.
    if math.isfinite(sum(values)) and min(values) >= 0.0 and max(values) <= 1.0:
        return tuple(values)
    return tuple(min(1.0, max(0.0, _finite(v))) for v in values)


def _floats(values: npt.ArrayLike) -> list[float]:
    flat = values if isinstance(values, np.ndarray) else np.asarray(values, float)
    plain: list[float] = flat.ravel().tolist()
    return plain
