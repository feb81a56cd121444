"""Faces in motion, for tests of what moves an avatar."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from vtdrive.render.format.avatar import Avatar
from vtdrive.render.motion import Motion
from vtdrive.spaces import quat_from_euler
from vtdrive.testing import shape_vector
from vtdrive.types import F32, EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["Scene", "at_frames", "avatar_of", "face", "faces", "moved", "named", "settled"]

Scene = Callable[[float], FaceState]
"""A face as a function of seconds."""


def avatar_of(**tables: Any) -> Avatar:
    """An avatar without a picture: `avatar_of(springs={"lock": {...}})`."""
    return Avatar.model_validate(
        {"name": "plain", "canvas": (100, 100), "part": [{"name": "all"}], **tables}
    )


def face(
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    at_m: Sequence[float] = (0.0, 0.0, 0.0),
    gaze: Sequence[float] = (0.0, 0.0),
    feels: Mapping[str, float] | None = None,
    speaking: float = 0.0,
    voice: Sequence[float] = (0.0,) * 6,
    live: bool = True,
    **shapes: float,
) -> FaceState:
    """A tracked face at rest, unless told otherwise. Degrees; `gaze` is that of both eyes."""
    weights = np.zeros(8)
    for name, weight in (feels or {}).items():
        weights[EMOTION_INDEX[name]] = weight
    turn = {"yaw": math.radians(yaw), "pitch": math.radians(pitch), "roll": math.radians(roll)}
    return FaceState(
        status=Status.LIVE if live else Status.LOST,
        head_xyzw=frozen(quat_from_euler(**turn)),
        head_m=frozen(at_m),
        gaze_rad=frozen(np.radians([gaze, gaze])),
        shapes=frozen(shape_vector(shapes)),
        emotion=EmotionState(frozen(np.full(8, 0.125)), frozen(weights), 0, 0),
        speaking=speaking,
        breath=0.0,
        voice=frozen(voice),
    )


def at_frames(
    motion: Motion, scene: Scene, seconds: float, *, fps: float = 60.0, start_ns: int = 0
) -> F32:
    """(frames, P) of `scene`, seen anew for each picture."""
    times = [round(i * 1e9 / fps) for i in range(round(seconds * fps) + 1)]
    return np.stack([motion.step(scene(t * 1e-9), start_ns + t) for t in times])


def settled(state: FaceState, avatar: Avatar | None = None, *, seconds: float = 5.0) -> F32:
    """(P,) of a face that keeps still."""
    last: F32 = at_frames(Motion(avatar or avatar_of()), lambda _: state, seconds, fps=30.0)[-1]
    return last


def moved(state: FaceState, avatar: Avatar | None = None) -> dict[str, float]:
    """The same by name."""
    avatar = avatar or avatar_of()
    return named(Motion(avatar), settled(state, avatar, seconds=2.0))


def named(motion: Motion, params: F32) -> dict[str, float]:
    """(P,) by name."""
    return dict(zip(motion.names, params.tolist(), strict=True))


_turn = st.floats(-40, 40)


@st.composite
def faces(draw: st.DrawFn, *, felt: Sequence[str] = tuple(EMOTION_INDEX)) -> FaceState:
    """Any face: turned, looking, with 52 independent shapes and two expressions out of `felt`."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    feels = {name: float(numbers.random()) * 0.8 for name in numbers.choice(felt, 2)}
    state = face(
        yaw=draw(_turn),
        pitch=draw(_turn),
        roll=draw(_turn),
        at_m=numbers.uniform(-0.3, 0.3, 3).tolist(),
        gaze=numbers.uniform(-30, 30, 2).tolist(),
        feels=feels if draw(st.booleans()) else {},
        speaking=draw(st.sampled_from([0.0, 0.4, 1.0])),
        voice=numbers.random(6).tolist() if draw(st.booleans()) else (0.0,) * 6,
        live=draw(st.booleans()),
    )
    shapes = numbers.random(52) * (numbers.random(52) < draw(st.floats(0, 1)))
    return FaceState(
        status=state.status,
        head_xyzw=state.head_xyzw,
        head_m=state.head_m,
        gaze_rad=frozen(numbers.uniform(-0.5, 0.5, (2, 2))),
        shapes=frozen(shapes),
        emotion=state.emotion,
        speaking=state.speaking,
        breath=0.0,
        voice=state.voice,
    )
