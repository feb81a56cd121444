"""A performance without a performer, for finding out whether an app listens: `sinks test`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from vtdrive.config.schema import Config
from vtdrive.core.poser import Poser
from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.spaces import quat_from_euler
from vtdrive.types import (
    F32,
    AvatarFrame,
    EmotionState,
    FaceState,
    Profile,
    RigSchema,
    Status,
    frozen,
)
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX

__all__ = ["PASSAGES", "Passage", "Pattern"]

_EASE_S: Final = 0.25
"""Of every rise and fall: as quick as a face, and no jump for a receiver to reject."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing to look for on the avatar."""

    says: str
    """What the user should see."""
    seconds: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    nods: int = 0
    """How often the head goes through `pitch_deg`."""
    shapes: tuple[tuple[str, float], ...] = ()
    emotion: int = 0
    """Index in `vocab.EMOTIONS`."""


PASSAGES: Final[tuple[Passage, ...]] = (
    Passage("rest", 1.0),
    Passage("nod twice", 2.0, pitch_deg=-15.0, nods=2),
    Passage("turn the head to its own left", 1.5, yaw_deg=25.0),
    Passage("blink with its own left eye", 1.5, shapes=(("eyeBlinkLeft", 1.0),)),
    Passage("open the mouth", 1.5, shapes=(("jawOpen", 0.8),)),
    Passage("smile", 1.5, shapes=(("mouthSmileLeft", 0.9), ("mouthSmileRight", 0.9))),
    *(
        Passage(f"expression: {name}", 1.5, emotion=i)
        for i, name in enumerate(EMOTIONS)
    ),
)  # fmt: skip
"""In the order they are played. Left is the avatar's own; a mirrored target shows the other."""


class Pattern:
    """Plays the passages for some profiles under one config's mapping."""

    def __init__(self, config: Config, profiles: Collection[Profile]) -> None:
        self._poser = Poser(config, tuple(dict.fromkeys(profiles)) or (Profile(),))

    @property
    def schema(self) -> RigSchema:
        return self._poser.schema

    def frames(
        self, *, fps: float, begin: Callable[[Passage], None] = lambda _: None
    ) -> Iterator[AvatarFrame]:
        """Every frame, `t_ns` from 0; `begin` hears of each passage just before its first."""
        seq, start_s = 0, 0.0
        for passage in PASSAGES:
            begin(passage)
            for i in range(round(passage.seconds * fps)):
                at_s = i / fps
                yield self._frame(passage, at_s, seq=seq, t_ns=round((start_s + at_s) * 1e9))
                seq += 1
            start_s += passage.seconds
        yield self._frame(Passage("rest", 1.0), 0.0, seq=seq, t_ns=round(start_s * 1e9))

    def _frame(self, passage: Passage, at_s: float, *, seq: int, t_ns: int) -> AvatarFrame:
        state = _state(passage, at_s)
        return AvatarFrame(
            seq=seq,
            t_ns=t_ns,
            status=state.status,
            poses=MappingProxyType(self._poser.poses(state)),
            track=None,
            emotion=None,
            raw=frozen(np.zeros(len(RAW_SIGNALS))),
            state=state,
        )


def _state(passage: Passage, at_s: float) -> FaceState:
    share = _rise(at_s, passage.seconds)
    turn = math.sin(math.pi * passage.nods * at_s / passage.seconds) ** 2 if passage.nods else share
    shapes: F32 = np.zeros(52, np.float32)
    for name, value in passage.shapes:
        shapes[SHAPE_INDEX[name]] = value * share
    weights: F32 = np.zeros(8, np.float32)
    if passage.emotion:
        weights[passage.emotion] = share
    probs = np.eye(8, dtype=np.float32)[passage.emotion]
    return FaceState(
        status=Status.LIVE,
        head_xyzw=frozen(
            quat_from_euler(
                yaw=math.radians(passage.yaw_deg) * share,
                pitch=math.radians(passage.pitch_deg) * turn,
                roll=0.0,
            )
        ),
        head_m=frozen(np.zeros(3)),
        gaze_rad=frozen(np.zeros((2, 2))),
        shapes=frozen(shapes),
        emotion=EmotionState(frozen(probs), frozen(weights), passage.emotion, passage.emotion),
        speaking=0.0,
        breath=0.0,
    )


def _rise(at_s: float, seconds: float) -> float:
    """0..1: up at the start, down before the end."""
    share = max(0.0, min(at_s, seconds - at_s, _EASE_S) / _EASE_S)
    return share * share * (3 - 2 * share)
