"""A face as VTube Studio's inputs: its own (FaceAngleX, EyeOpenLeft …) and vtdrive's custom ones.

Live2D's signs: a positive X looks to the right of the *screen*, which is the model's own left; a
positive Y looks up; a positive Z tilts the head clockwise on the screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32, FaceState, Status
from vtdrive.vocab import EMOTIONS, SHAPES, pascal

__all__ = ["ARKIT", "CUSTOM", "DEFAULT_INPUTS", "EMOTION_INPUTS", "Custom", "FaceInputs"]

_ANGLE_SOFT_DEG: Final = 24.0
_ANGLE_MOST_DEG: Final = 30.0
_CM_PER_M: Final = (100.0, 100.0, 50.0)
_POSITION_MOST: Final = (15.0, 15.0, 10.0)
_GAZE_GAIN: Final = 1.2
_OUTER_BROW, _INNER_BROW, _LOW_BROW = 0.35, 0.15, 0.5
_ROLL_IN, _FUNNEL_OPENS = 0.2, 0.2


@dataclass(frozen=True, slots=True)
class Custom:
    """A parameter that vtdrive creates where it is missing; all of them go from 0 to 1."""

    name: str
    explanation: str
    rest: float = 0.0


ARKIT: Final = {pascal(name): i for i, name in enumerate(SHAPES)}
"""PascalCase name -> place in `vocab.SHAPES`. CheekPuff and TongueOut are inputs of VTube Studio
itself, and so are more of them in its newer versions."""

EMOTION_INPUTS: Final = tuple(f"Vtdrive{pascal(name)}" for name in EMOTIONS)

CUSTOM: Final[Mapping[str, Custom]] = {
    **{
        name: Custom(name, f"ARKit blendshape {SHAPES[i]}, as vtdrive tracks it.")
        for name, i in ARKIT.items()
    },
    **{
        name: Custom(name, f"How much {emotion} vtdrive shows.", float(emotion == "neutral"))
        for name, emotion in zip(EMOTION_INPUTS, EMOTIONS, strict=True)
    },
}

DEFAULT_INPUTS: Final = (
    "FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY", "FacePositionZ",
    "EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY",
    "MouthOpen", "MouthSmile", "MouthX", "Brows", "BrowLeftY", "BrowRightY",
    "CheekPuff", "FaceAngry", "TongueOut",
)  # fmt: skip
"""VTube Studio's own inputs that a face drives."""


class FaceInputs:
    """Turns faces into `{name: value}`."""

    def __init__(
        self,
        *,
        eye_rest: float = 0.75,
        flip_x: bool = False,
        flip_y: bool = False,
        flip_z: bool = False,
    ) -> None:
        """`eye_rest` is EyeOpen with relaxed lids; `flip_…` turns a FaceAngle round."""
        self._eye_rest = eye_rest
        self._turns = tuple(-1.0 if flip else 1.0 for flip in (flip_x, flip_y, flip_z))
        nobody = np.zeros(len(SHAPES), np.float32)
        self.rest: Mapping[str, float] = {
            **self._own([0.0] * len(SHAPES), 0.0, [0.0] * 3, [0.0] * 3),
            **_arkit(nobody),
            **{name: CUSTOM[name].rest for name in EMOTION_INPUTS},
        }
        """What a relaxed face gives: `add` sends the difference from it."""

    def values(self, state: FaceState, shapes: F32) -> dict[str, float]:
        """Every input, finite and in range.

        `state` is mirrored already where that is wanted, `shapes` (52,) in [0, 1] too.
        """
        weights = _finite(state.emotion.weights.tolist())
        yaw, pitch, roll = euler_from_quat(state.head_xyzw)
        # Roll is positive towards the subject's right shoulder: anticlockwise on the screen.
        angles = _finite([math.degrees(yaw), math.degrees(pitch), -math.degrees(roll)])
        place = _finite(state.head_m.tolist())
        own = self._own(shapes.tolist(), weights[EMOTIONS.index("anger")], angles, place)
        return {**own, **_arkit(shapes), **_emotions(weights, state.status)}

    def _own(
        self, s: list[float], anger: float, deg: list[float], head_m: list[float]
    ) -> dict[str, float]:
        def at(name: str) -> float:
            return s[_AT[name]]

        def both(stem: str) -> float:
            return s[_AT[f"{stem}Left"]] + s[_AT[f"{stem}Right"]]

        brow_left, brow_right = _brow(at, "Left"), _brow(at, "Right")
        angles = [_soft(turn * angle) for turn, angle in zip(self._turns, deg, strict=True)]
        places = [
            _within(m * cm, most)
            for m, cm, most in zip(head_m, _CM_PER_M, _POSITION_MOST, strict=True)
        ]
        mouth_open = (
            at("jawOpen") - at("mouthClose")
            - _ROLL_IN * (at("mouthRollUpper") + at("mouthRollLower"))
            + _FUNNEL_OPENS * at("mouthFunnel")
        )  # fmt: skip
        smile = (
            2.0 - both("mouthFrown") - at("mouthPucker")
            + both("mouthSmile") + 0.5 * both("mouthDimple")
        ) / 4.0  # fmt: skip
        aside = at("mouthLeft") - at("mouthRight") + at("mouthSmileLeft") - at("mouthSmileRight")
        values = (
            *angles, *places,
            self._open(at, "Left"), self._open(at, "Right"),
            _look(at("eyeLookOutLeft") - at("eyeLookInLeft")),
            _look(at("eyeLookUpLeft") - at("eyeLookDownLeft")),
            _look(at("eyeLookInRight") - at("eyeLookOutRight")),
            _look(at("eyeLookUpRight") - at("eyeLookDownRight")),
            _unit(mouth_open), _unit(smile), _within(aside, 1.0),
            (brow_left + brow_right) / 2.0, brow_left, brow_right,
            at("cheekPuff"), _unit(anger), at("tongueOut"),
        )  # fmt: skip
        return dict(zip(DEFAULT_INPUTS, values, strict=True))

    def _open(self, at: Callable[[str], float], side: str) -> float:
        blink, wide = at(f"eyeBlink{side}"), at(f"eyeWide{side}")
        return _unit(self._eye_rest * (1.0 - blink) + (1.0 - self._eye_rest) * wide)


_AT: Final = {name: i for i, name in enumerate(SHAPES)}


def _arkit(shapes: F32) -> dict[str, float]:
    return dict(zip(ARKIT, shapes.tolist(), strict=True))


def _emotions(weights: list[float], status: Status) -> dict[str, float]:
    """Neutral is what the strongest emotion leaves over."""
    shown = [_unit(weight) for weight in weights]
    shown[0] = 1.0 - max(shown[1:])
    return dict(zip(EMOTION_INPUTS, shown, strict=True))


def _brow(at: Callable[[str], float], side: str) -> float:
    raised = _OUTER_BROW * at(f"browOuterUp{side}") + _INNER_BROW * at("browInnerUp")
    return _unit(0.5 + raised - _LOW_BROW * at(f"browDown{side}"))


def _look(share: float) -> float:
    return _within(_GAZE_GAIN * share, 1.0)


def _soft(angle_deg: float) -> float:
    """Up to 24° as it is, from there ever less towards 30°: never a hard stop."""
    over = abs(angle_deg) - _ANGLE_SOFT_DEG
    if over <= 0.0:
        return angle_deg
    room = _ANGLE_MOST_DEG - _ANGLE_SOFT_DEG
    return math.copysign(_ANGLE_SOFT_DEG + room * math.tanh(over / room), angle_deg)


def _finite(values: list[float]) -> list[float]:
    return [value if math.isfinite(value) else 0.0 for value in values]


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def _within(value: float, most: float) -> float:
    return min(most, max(-most, value))
