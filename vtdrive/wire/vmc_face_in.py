"""From the values that another app's VMC sent to our 52 shapes and gaze."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, frozen
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX, SHAPES
from vtdrive.wire.vmc_names_in import LOOKS, VOWELS, Meaning

__all__ = ["Said", "gaze_of", "shapes_of"]

Flags = npt.NDArray[np.bool_]
Turn = Sequence[float]

_FULL_RAD: Final = (math.radians(30.0), math.radians(25.0))
"""Yaw and pitch of a full look, as our own mapping has it."""
_FULL_DEG: Final = (30.0, 25.0)
_PRESET_FROM_DEG: Final = 1.0
_SHAPE_FROM: Final = 0.06
"""Where a look begins in our own mapping: at 1 degree for LookUp …, at 6 % for EyeLookUp …"""
_FARTHEST_RAD: Final = math.radians(60.0)

_LIDS: Final = [SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]]
_LOOKS: Final = np.array(
    [
        [SHAPE_INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Up", "Down")]
        for side in ("Left", "Right")
    ]
)
"""Out, In, Up, Down for left and right."""
_MOUTH: Final = np.array([name.startswith(("mouth", "jaw")) for name in SHAPES])
_VOWEL_SHAPES: Final[dict[str, dict[str, float]]] = {
    "aa": {"jawOpen": 0.7},
    "ih": {"mouthStretch": 0.9, "mouthSmile": 0.4, "jawOpen": 0.15},
    "ou": {"mouthPucker": 0.85, "mouthFunnel": 0.35, "jawOpen": 0.1},
    "ee": {"mouthStretch": 0.6, "mouthLowerDown": 0.5, "mouthUpperUp": 0.4, "jawOpen": 0.3},
    "oh": {"mouthFunnel": 0.8, "jawOpen": 0.45},
}
"""What the mouth does for each, so that our mapping makes the same vowel of it again."""


def _vowel_rows() -> F32:
    rows = np.zeros((len(VOWELS), len(SHAPES)), np.float32)
    for i, vowel in enumerate(VOWELS):
        for stem, weight in _VOWEL_SHAPES[vowel].items():
            for name in (stem, f"{stem}Left", f"{stem}Right"):
                if name in SHAPE_INDEX:
                    rows[i, SHAPE_INDEX[name]] = weight
    return rows


_VOWEL_ROWS: Final = _vowel_rows()
_OF_VOWELS: Final = _VOWEL_ROWS.any(axis=0)
_SIZES: Final = {
    "shape": len(SHAPES),
    "vowel": len(VOWELS),
    "lids": 3,
    "look": len(LOOKS),
    "emotion": len(EMOTIONS),
}


class Said:
    """Values by what they mean; of several names for one thing the largest counts."""

    def __init__(self) -> None:
        self._values = {kind: [0.0] * size for kind, size in _SIZES.items()}
        self._named = {kind: [False] * size for kind, size in _SIZES.items()}

    def add(self, found: Meaning, value: float) -> None:
        row = self._values[found.kind]
        row[found.at] = max(row[found.at], value * found.share)
        self._named[found.kind][found.at] = True

    def of(self, kind: str) -> F32:
        """All values of one kind, 0 where none was sent."""
        return np.array(self._values[kind], np.float32)

    def named(self, kind: str) -> Flags:
        """Which of a kind were sent."""
        return np.array(self._named[kind], np.bool_)


def shapes_of(said: Said, *, moved: set[str]) -> tuple[F32, Flags]:
    """The 52 and which of them are known. An app's vowels and blinks stand in for shapes of mouth
    and lids that it does not send, or always sends as 0; `moved` are the kinds that ever did."""
    shapes, known = said.of("shape"), said.named("shape")
    if "shape" not in moved and moved & {"vowel", "lids"}:
        known[:] = False
    if said.named("vowel").any() and not known[_MOUTH].any():
        shapes[_MOUTH] = np.minimum(said.of("vowel") @ _VOWEL_ROWS, 1.0)[_MOUTH]
        known |= _OF_VOWELS
    if said.named("lids").any() and not known[_LIDS].any():
        both, left, right = said.of("lids").tolist()
        shapes[_LIDS] = max(both, left), max(both, right)
        known[_LIDS] = True
    return shapes, known


def gaze_of(
    shapes: F32,
    known: Flags,
    said: Said,
    *,
    moved: set[str],
    eyes: tuple[Turn | None, Turn | None],
    look_at: Turn | None,
) -> F32 | None:
    """(2, 2) gaze: from the point looked at, else eye bones, else EyeLook shapes, else LookUp …

    Nothing that never moved counts: full-body apps send eye bones that nobody drives. The EyeLook
    shapes follow (in place) where they are not the source themselves; without gaze, none is known.
    """
    gaze: F32 | None = None
    if look_at is not None and math.hypot(*look_at) > 1e-6:
        x, y, z = look_at
        gaze = _pair(math.atan2(x, z), math.atan2(y, math.hypot(x, z)))
    elif "eyes" in moved:
        gaze = frozen([euler_from_quat(turn or (0, 0, 0, 1))[:2] for turn in eyes])
    elif "eyelook" in moved:
        return frozen(_from_shapes(shapes))
    elif "look" in moved:
        up, down, left, right = said.of("look").tolist()
        gaze = _pair(_preset(left - right, _FULL_DEG[0]), _preset(up - down, _FULL_DEG[1]))
    if gaze is None:
        known[_LOOKS] = False
        shapes[_LOOKS] = 0.0
    elif "eyelook" not in moved:
        shapes[_LOOKS] = _looks(gaze)
        known[_LOOKS] = True
    return gaze


def _pair(yaw: float, pitch: float) -> F32:
    """Both eyes looking the same way, no farther than eyes do."""
    far = _FARTHEST_RAD
    return frozen([[max(-far, min(far, yaw)), max(-far, min(far, pitch))]] * 2)


def _preset(value: float, full_deg: float) -> float:
    """Radians of a LookLeft (positive) or LookRight (negative) of that size."""
    if value == 0.0:
        return 0.0
    turn = _PRESET_FROM_DEG + abs(value) * (full_deg - _PRESET_FROM_DEG)
    return math.copysign(math.radians(turn), value)


def _from_shapes(shapes: F32) -> list[list[float]]:
    rows = []
    for (out, inward, up, down), side in zip(shapes[_LOOKS].tolist(), (1.0, -1.0), strict=True):
        rows.append([side * _look(out - inward, _FULL_RAD[0]), _look(up - down, _FULL_RAD[1])])
    return rows


def _look(value: float, full_rad: float) -> float:
    if value == 0.0:
        return 0.0
    share = _SHAPE_FROM + abs(value) * (1.0 - _SHAPE_FROM)
    return math.copysign(share * full_rad, value)


def _looks(gaze: F32) -> list[list[float]]:
    """(2, 4) EyeLook Out, In, Up, Down for left and right."""
    rows = []
    for (yaw, pitch), side in zip(gaze.tolist(), (1.0, -1.0), strict=True):
        out, up = side * yaw / _FULL_RAD[0], pitch / _FULL_RAD[1]
        looks = [(x - _SHAPE_FROM) / (1.0 - _SHAPE_FROM) for x in (out, -out, up, -up)]
        rows.append([min(1.0, max(0.0, x)) for x in looks])
    return rows
