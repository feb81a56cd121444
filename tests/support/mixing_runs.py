"""Runs of a driver with a camera and live inputs that a test scripts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from live_inputs import heard

from vtdrive.config.inputs import InputTable
from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.spaces import euler_from_quat
from vtdrive.testing import make_face, make_track
from vtdrive.types import AvatarFrame, Emotion, Face, Incoming, Profile
from vtdrive.vocab import SHAPE_INDEX

EASE_MS, VOICE_MS = 250, 80
CAMERA = 0.477
"""What the default config makes of the camera's jawOpen of 0.2."""
Say = Callable[[float], Incoming | None]
Look = Callable[[float], Face | None]


def driver(config: Config, *tables: InputTable, auto: bool = False, **changed: Any) -> Driver:
    neutral = config.neutral.model_copy(update={"auto": auto})
    update = {"inputs": list(tables), "neutral": neutral, **changed}
    return Driver(config.model_copy(update=update), (Profile(), Profile("shapes", mirror=True)))


def run(
    made: Driver,
    times: Sequence[int],
    *say: Say,
    look: Look | None = lambda t: make_face(shapes={"jawOpen": 0.2}),
    emotion: Callable[[float], Emotion | None] = lambda t: None,
    commands: Callable[[float], Sequence[str]] = lambda t: (),
) -> list[AvatarFrame]:
    """The frames of a run; `look` None: a run without a camera. Inputs are asked at each tick."""
    frames = []
    for i, t_ns in enumerate(times):
        t = t_ns * 1e-9
        track = None if look is None else make_track(look(t), t_ns, seq=i)
        inputs = tuple(one(t) for one in say)
        frames.append(made.step(track, emotion(t), t_ns, commands(t), inputs=inputs))
    return frames


def at(shapes: dict[str, float], **more: Any) -> Say:
    """The same measurement again and again, fresh each time."""
    return lambda t: heard(round(t * 1e9), shapes, **more)


def until(end_s: float, say: Say, again_s: float = math.inf) -> Say:
    """Nothing new between `end_s` and `again_s`: the register keeps the last."""
    last: list[Incoming | None] = [None]

    def register(t: float) -> Incoming | None:
        if t < end_s or t >= again_s:
            last[0] = say(t)
        return last[0]

    return register


def shape(frame: AvatarFrame, name: str) -> float:
    return float(frame.state.shapes[SHAPE_INDEX[name]])


def yaw_deg(frame: AvatarFrame) -> float:
    return math.degrees(euler_from_quat(frame.state.head_xyzw)[0])


def lively(t: float) -> Incoming:
    return heard(
        round(t * 1e9),
        {"jawOpen": 0.5 + 0.4 * math.sin(9 * t), "mouthSmileLeft": 0.5 + 0.5 * math.sin(4 * t)},
        yaw_deg=20 * math.sin(2 * t),
        at_m=(0.05 * math.sin(3 * t), 0.0, -0.4),
        gaze_deg=((8 * math.sin(t), 3.0), (8 * math.sin(t), 3.0)),
        weights={"happiness": 0.5 + 0.5 * math.sin(t)},
    )
