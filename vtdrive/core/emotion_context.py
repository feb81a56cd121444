"""What the face does beside its expression: reasons to believe the classifier less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.types import F32, Status
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["EmotionContext", "upper_face_agrees", "without_mouth"]

_NEUTRAL: Final = 0
_FROM_THE_MOUTH: Final = tuple(
    EMOTION_INDEX[name] for name in ("surprise", "fear", "anger", "disgust")
)
"""What an open, rounded, pressed or stretched mouth is taken for, and what upper faces tell."""
_SURPRISE, _FEAR, _ANGER, _DISGUST = _FROM_THE_MOUTH

_SHARE: Final = np.float32(0.5)
"""Of the leader: what every classifier has to spare for surprise in a face that says nothing."""


@dataclass(frozen=True, slots=True)
class EmotionContext:
    """One tick's face, as far as it bears on what its expression is taken for."""

    status: Status
    speaking: bool
    yaw_rad: float
    lids_shut: bool
    brow_up: float
    brow_down: float
    smile: float
    sneer_or_squint: float
    mouth_stirs: bool = False
    """The mouth moved just now, in words or not."""


def upper_face_agrees(emotion: int, context: EmotionContext) -> bool:
    """Whether brows, lids and nose allow an emotion (its index) that a mouth may imitate.

    True for those that no upper face can confirm.
    """
    if emotion in (_SURPRISE, _FEAR):
        return context.brow_up >= 0.25
    if emotion == _ANGER:
        return context.brow_down >= 0.3 and context.smile < 0.3
    if emotion == _DISGUST:
        return context.sneer_or_squint >= 0.25
    return True


def without_mouth(probs: F32, believed: F32, context: EmotionContext) -> F32:
    """`probs` (8,) as they may count while the mouth moves, when `believed` (8,) was before.

    What only a mouth can have raised may not come above half of what leads the others, unless it
    was above before; what is over goes to the others in the shares in which they were believed. So
    it never takes the lead, and may always lose it. The same array while the mouth is still.
    """
    if not (context.speaking or context.mouth_stirs):
        return probs
    doubted = [i for i in _FROM_THE_MOUTH if not upper_face_agrees(i, context)]
    others = believed.copy()
    others[doubted] = 0
    allowed = np.maximum(believed[doubted], _SHARE * others.max())
    over = np.maximum(probs[doubted] - allowed, 0)
    if not over.any():
        return probs
    total = float(others.sum())
    if total <= 0:
        others[_NEUTRAL] = total = 1.0
    out = probs + others * np.float32(float(over.sum()) / total)
    out[doubted] -= over
    return out
