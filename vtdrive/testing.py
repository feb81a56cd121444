"""Faces, tracks and clocks made by hand, for tests of vtdrive and of what is built on it.

The faces are geometry, not pictures: `core.solve.solve` reads back exactly the head pose, gaze and
lid gaps that went in. Angles in degrees; left and right are the subject's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vtdrive.core.face_model import POINTS_M
from vtdrive.core.signals import unsided
from vtdrive.core.solve import EYEBALL_PER_WIDTH, EYES
from vtdrive.spaces import quat_from_euler, rotate
from vtdrive.types import F32, AvatarFrame, Emotion, Face, Track, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, MIRROR_SHAPE, SHAPE_INDEX, SHAPES

if TYPE_CHECKING:
    from vtdrive.core.driver import Driver

__all__ = [
    "SECOND_NS",
    "FakeClock",
    "make_emotion",
    "make_face",
    "make_track",
    "mirrored_face",
    "perform",
    "shape_vector",
    "ticks",
]

SECOND_NS: Final = 1_000_000_000
_REST_GAP: Final = 0.30
_REST_BLINK: Final = 0.1
_BLINK_SPAN: Final = 0.6
_PX_PER_M: Final = 1000.0
_PICTURE_PX: Final = (640.0, 480.0)


class FakeClock:
    """A `vtdrive.clock.Clock` that moves only when told, or when somebody sleeps on it."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until(self, t_ns: int) -> None:
        self._now_ns = max(self._now_ns, t_ns)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now_ns += round(seconds * SECOND_NS)


def shape_vector(shapes: Mapping[str, float]) -> F32:
    """(52,) by name; a name without its side (`mouthSmile`) sets both sides."""
    out = np.zeros(len(SHAPES), np.float32)
    for name, value in shapes.items():
        for target in unsided(name) or (name,):
            out[SHAPE_INDEX[target]] = value
    return out


def make_face(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    at_m: tuple[float, float, float] = (0.0, 0.0, -0.6),
    gaze_deg: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0)),
    shut: tuple[float, float] = (0.0, 0.0),
    shapes: Mapping[str, float] | None = None,
) -> Face:
    """A face as a tracker would report it, at rest unless told otherwise.

    `gaze_deg` holds (yaw, pitch) of the left and the right eye, relative to the head. `shut` is how
    far each lid is closed: it sets both the lid gap and, unless `shapes` names it, eyeBlink.
    """
    turn = quat_from_euler(
        yaw=math.radians(yaw_deg), pitch=math.radians(pitch_deg), roll=math.radians(roll_deg)
    )
    pose = np.eye(4, dtype=np.float32)
    pose[:3, :3] = np.stack([rotate(turn, axis) for axis in np.eye(3)], axis=1)
    pose[:3, 3] = at_m
    points = np.zeros((478, 3))
    points[:468] = POINTS_M
    for eye, look, lid in zip(EYES, gaze_deg, shut, strict=True):
        ends = points[[eye.outer, eye.inner]]
        # Both corners at one height and depth: the eye's own plane is then the face's.
        ends[:, 1:] = ends[:, 1:].mean(axis=0)
        points[[eye.outer, eye.inner]] = ends
        middle, width = ends.mean(axis=0), abs(ends[0, 0] - ends[1, 0])
        half = np.array([0.0, _REST_GAP * width * (1.0 - 0.95 * lid) / 2, 0.0])
        along = np.linspace(-0.2, 0.2, 3)[:, None] * [width, 0.0, 0.0]
        points[list(eye.upper)] = middle + along + half
        points[list(eye.lower)] = middle + along - half
        sines = [math.sin(math.radians(angle)) for angle in look]
        points[eye.iris] = middle + EYEBALL_PER_WIDTH * width * np.array([*sines, 0.0])
    # Into the picture: x right, y down, z away.
    px = points @ pose[:3, :3].T.astype(float) * [1, -1, -1] * _PX_PER_M
    px[:, :2] += np.array(_PICTURE_PX) / 2
    blinks = {
        f"eyeBlink{side}": _REST_BLINK + _BLINK_SPAN * lid
        for side, lid in zip(("Left", "Right"), shut, strict=True)
    }
    return Face(
        landmarks_px=frozen(px),
        shapes=frozen(shape_vector(blinks | dict(shapes or {}))),
        camera_from_head=frozen(pose),
        crop_px=frozen([0.0, 0.0, *_PICTURE_PX]),
        confidence=1.0,
    )


def mirrored_face(face: Face) -> Face:
    """The face that a mirror shows, as far as `solve` looks: eyes, shapes and pose."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0]).astype(np.float32)
    points = face.landmarks_px * np.array([-1, 1, 1], np.float32)
    points[:, 0] += np.float32(_PICTURE_PX[0])
    out = points.copy()
    for mine, other in (EYES, EYES[::-1]):
        for a, b in zip(
            (mine.outer, mine.inner, *mine.upper, *mine.lower, mine.iris),
            (other.outer, other.inner, *other.upper, *other.lower, other.iris),
            strict=True,
        ):
            out[a] = points[b]
    return replace(
        face,
        landmarks_px=frozen(out),
        shapes=frozen(face.shapes[list(MIRROR_SHAPE)]),
        camera_from_head=frozen(flip @ face.camera_from_head @ flip),
    )


def make_track(face: Face | None, t_ns: int, *, seq: int = 0) -> Track:
    """What one frame showed."""
    return Track(seq=seq, t_ns=t_ns, face=face)


def make_emotion(t_ns: int, **probs: float) -> Emotion:
    """A classifier's sample: the named probabilities, the rest shared evenly by the others.

    `make_emotion(t, happiness=0.9)`; without any name it is all neutral.
    """
    named = probs or {"neutral": 1.0}
    left = (1.0 - sum(named.values())) / (len(EMOTIONS) - len(named))
    out = np.full(len(EMOTIONS), left, np.float32)
    for name, value in named.items():
        out[EMOTION_INDEX[name]] = value
    return Emotion(t_ns=t_ns, probs=frozen(out))


def ticks(seconds: float, *, fps: float, start_ns: int = 0) -> list[int]:
    """Capture times from `start_ns` for so long, at a steady rate."""
    return [start_ns + round(i * SECOND_NS / fps) for i in range(round(seconds * fps))]


def perform(
    driver: Driver,
    motion: Callable[[float], Face | None],
    times_ns: Iterable[int],
    *,
    emotion: Callable[[float], Emotion | None] = lambda _: None,
) -> list[AvatarFrame]:
    """The frames that `driver` makes of a motion, a function of seconds, sampled at `times_ns`."""
    return [
        driver.step(make_track(motion(t * 1e-9), t, seq=i), emotion(t * 1e-9), t)
        for i, t in enumerate(times_ns)
    ]
