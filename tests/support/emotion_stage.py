"""The emotion machine on a stage of its own: scripted samples, 10 a second, at 60 ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from vtdrive.config.emotion import EmotionConfig
from vtdrive.core.emotion import EmotionContext, EmotionMachine
from vtdrive.testing import make_emotion
from vtdrive.types import Emotion, EmotionState, Status
from vtdrive.vocab import EMOTION_INDEX

MS = 1_000_000
FPS = 60
REST = EmotionContext(
    status=Status.LIVE,
    speaking=False,
    yaw_rad=0.0,
    lids_shut=False,
    brow_up=0.0,
    brow_down=0.0,
    smile=0.0,
    sneer_or_squint=0.0,
)
HAPPY, SURPRISE, SAD, ANGRY = (
    EMOTION_INDEX[n] for n in ("happiness", "surprise", "sadness", "anger")
)

Feeling = dict[str, float]
Script = Callable[[float], Feeling | None]
"""Seconds -> named probabilities, or None: the classifier is silent."""


class Stage:
    """A machine with a classifier at `rate_hz` and a tick rate beside it."""

    def __init__(self, config: EmotionConfig | None = None, *, rate_hz: float = 10.0) -> None:
        self.config = config or EmotionConfig()
        self.machine = EmotionMachine(self.config)
        self.rate_hz = rate_hz
        self.t_s = 0.0
        self.sample: Emotion | None = None

    def run(
        self, seconds: float, script: Script | Feeling, context: EmotionContext = REST
    ) -> list[tuple[float, EmotionState]]:
        """(seconds since this call, state) of each tick."""
        out = []
        for i in range(round(seconds * FPS)):
            at = i / FPS
            t_ns = round((self.t_s + at) * 1e9)
            slot = math.floor((self.t_s + at) * self.rate_hz + 1e-9)
            due = round(slot / self.rate_hz * 1e9)
            if self.sample is None or due > self.sample.t_ns:
                feeling = script if isinstance(script, dict) else script(at)
                if feeling is not None:
                    self.sample = make_emotion(due, **feeling)
            out.append((at, self.machine.step(self.sample, context, t_ns)))
        self.t_s += seconds
        return out


def shown_at(states: Iterable[tuple[float, EmotionState]], emotion: int) -> float:
    """When an emotion first shows; infinity if never."""
    return next((t for t, s in states if s.shown == emotion), math.inf)


def with_timing(name: str, **keys: Any) -> EmotionConfig:
    base = EmotionConfig()
    return base.model_copy(
        update={"timing": {**base.timing, name: base.of(name).model_copy(update=keys)}}
    )


NEUTRAL: Feeling = {"neutral": 0.9}


# --- entering -------------------------------------------------------------------------------
