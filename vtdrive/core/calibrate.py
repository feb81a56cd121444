"""The user's own neutral: head pose, gaze, lids, and what is read into their face, all at rest."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from vtdrive.config.filters import Neutral
from vtdrive.core.resting import bounded, resting_offset
from vtdrive.core.solve import RAW, Solved
from vtdrive.spaces import (
    IDENTITY,
    quat_angle,
    quat_conj,
    quat_from_euler,
    quat_mul,
    quat_slerp,
    rotate,
)
from vtdrive.types import F32, Emotion, frozen
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["NeutralPose", "NeutralTaker", "blended", "relative_head"]

_BLINKS: Final = (RAW["eyeBlinkLeft"], RAW["eyeBlinkRight"])
_GAZE: Final = slice(RAW["gaze.left.yaw_deg"], RAW["gaze.right.pitch_deg"] + 1)
_LIDS: Final = slice(RAW["lid.left"], RAW["lid.right"] + 1)

_NO_OFFSET: Final = frozen(np.zeros(len(EMOTIONS)))
_TYPICAL_LID_GAP: Final = 0.30
_TYPICAL_DISTANCE_M: Final = 0.6
_FAR: Final = 1e6
"""No measure of a face comes near; most of what is larger does not fit 32 bits."""
_MAX_BLINK_AT_REST: Final = 0.35
"""Above this the user blinked or squinted all the time: the blink level is not believed."""


@dataclass(frozen=True, slots=True, eq=False)
class NeutralPose:
    """What counts as looking straight ahead with a resting face."""

    head_xyzw: F32
    """(4,) camera_from_head rotation."""
    head_m: F32
    """(3,) camera_from_head position."""
    gaze_deg: F32
    """(2, 2) rows left, right; yaw, pitch."""
    lid_gap: F32
    """(2,) left, right: lid gap over eye width."""
    blink: F32 | None = None
    """(2,) 95th percentile of eyeBlink at rest; None until measured."""
    shapes: F32 = field(default_factory=lambda: frozen(np.zeros(len(SHAPES))))
    """(52,) each shape's level at rest, of which the configured ones are taken off."""
    emotion: F32 | None = None
    """(8,) what is taken off each emotion's log-odds (`core.resting`); None until measured."""

    @classmethod
    def typical(cls) -> Self:
        """A start value for somebody never seen, sitting straight before the camera."""
        return cls(
            frozen(IDENTITY),
            frozen([0, 0, -_TYPICAL_DISTANCE_M]),
            frozen(np.zeros((2, 2))),
            frozen([_TYPICAL_LID_GAP] * 2),
        )

    def to_dict(self) -> dict[str, list[float]]:
        """Plain numbers, for the user's file."""
        out = {
            "head_xyzw": self.head_xyzw.tolist(),
            "head_m": self.head_m.tolist(),
            "gaze_deg": self.gaze_deg.reshape(-1).tolist(),
            "lid_gap": self.lid_gap.tolist(),
            "shapes": self.shapes.tolist(),
        }
        for key, value in (("blink", self.blink), ("emotion", self.emotion)):
            if value is not None:
                out[key] = value.tolist()
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; raises ValueError on anything unsound."""

        if not isinstance(data, Mapping):
            raise ValueError("neutral: must be a table")

        def numbers(key: str, n: int) -> F32:
            try:
                value = np.asarray(data.get(key, ()), np.float64)
            except (TypeError, ValueError):
                value = np.empty(0)
            if value.shape != (n,) or not (np.abs(value) < _FAR).all():
                raise ValueError(f"neutral: {key} must be {n} numbers")
            return frozen(value)

        head = numbers("head_xyzw", 4)
        norm = float(np.linalg.norm(head))
        if not 0.5 < norm < 2.0:
            raise ValueError("neutral: head_xyzw is no rotation")
        return cls(
            frozen(head / norm),
            numbers("head_m", 3),
            frozen(numbers("gaze_deg", 4).reshape(2, 2)),
            numbers("lid_gap", 2),
            numbers("blink", 2) if "blink" in data else None,
            numbers("shapes", len(SHAPES)) if "shapes" in data else frozen(np.zeros(len(SHAPES))),
            bounded(numbers("emotion", len(EMOTIONS))) if "emotion" in data else None,
        )


def blended(a: NeutralPose, b: NeutralPose, share: float, *, blink_unknown: float) -> NeutralPose:
    """From a (0) to b (1), so that a new neutral does not make the avatar jump.

    `blink_unknown` stands for a blink level at rest that was not measured.
    """
    if share >= 1.0:
        return b
    k = np.float32(share)
    unknown = np.full(2, blink_unknown, np.float32)
    blinks = [unknown if pose.blink is None else pose.blink for pose in (a, b)]
    of_a, of_b = (_NO_OFFSET if pose.emotion is None else pose.emotion for pose in (a, b))
    return NeutralPose(
        frozen(quat_slerp(a.head_xyzw, b.head_xyzw, share)),
        frozen(a.head_m + k * (b.head_m - a.head_m)),
        frozen(a.gaze_deg + k * (b.gaze_deg - a.gaze_deg)),
        frozen(a.lid_gap + k * (b.lid_gap - a.lid_gap)),
        frozen(blinks[0] + k * (blinks[1] - blinks[0])),
        frozen(a.shapes + k * (b.shapes - a.shapes)),
        None if a.emotion is b.emotion is None else frozen((1 - k) * of_a + k * of_b),
    )


def relative_head(solved: Solved, neutral: NeutralPose) -> tuple[F32, F32]:
    """Head rotation (4,) and position (3,) in the axes of the neutral head.

    Not in the camera's: under a camera that looks down at the user, a turn of the head would come
    out partly as a tilt.
    """
    back = quat_conj(neutral.head_xyzw)
    turn = quat_mul(back, solved.head_xyzw)
    turn = -turn if turn[3] < 0 else turn
    offset = rotate(back, solved.head_m - neutral.head_m)
    return turn.astype(np.float32), offset.astype(np.float32)


class NeutralTaker:
    """Waits for a steady, frontal stretch and measures it."""

    def __init__(self, config: Neutral) -> None:
        self._config = config
        self._samples: deque[tuple[int, Solved]] = deque()
        self._felt: deque[Emotion] = deque()
        self.progress = 0.0
        """0..1: how much of the stretch is there."""

    def adopt(self, other: NeutralTaker) -> None:
        """Go on with what another has gathered."""
        self._samples, self.progress = other._samples.copy(), other.progress
        self._felt = other._felt.copy()

    def restart(self) -> None:
        """Start over, after a loss of the face for instance."""
        self._samples.clear()
        self._felt.clear()
        self.progress = 0.0

    def step(self, solved: Solved, t_ns: int, emotion: Emotion | None = None) -> NeutralPose | None:
        """The neutral once the stretch is complete, else None.

        `emotion` is the newest sample there is, of which those taken within the stretch count, or
        None where none is to count.
        """
        if not np.isfinite(solved.raw).all() or not self._frontal(solved):
            self.restart()
            return None
        self._samples.append((t_ns, solved))
        steady = math.radians(self._config.steady_deg)
        while quat_angle(self._samples[0][1].head_xyzw, solved.head_xyzw) > steady:
            self._samples.popleft()
        self._hear(emotion, self._samples[0][0])
        span_s = (t_ns - self._samples[0][0]) * 1e-9
        if span_s < self._config.seconds:
            self.progress = span_s / self._config.seconds
            return None
        taken = self._measure()
        self.restart()
        return taken

    def _hear(self, emotion: Emotion | None, since_ns: int) -> None:
        """Keep a sample that is new; forget those from before the stretch."""
        if emotion is not None and (not self._felt or emotion.t_ns > self._felt[-1].t_ns):
            self._felt.append(emotion)
        while self._felt and self._felt[0].t_ns < since_ns:
            self._felt.popleft()

    def _frontal(self, solved: Solved) -> bool:
        facing = quat_from_euler(yaw=0.0, pitch=0.0, roll=0.0)
        return quat_angle(facing, solved.head_xyzw) < math.radians(self._config.frontal_deg)

    def _measure(self) -> NeutralPose:
        raw = np.stack([s.raw for _, s in self._samples])
        # Medians: a blink within the stretch must not count as rest.
        heads = np.stack([s.head_xyzw for _, s in self._samples])
        heads = heads * np.where(heads @ heads[-1] < 0, -1, 1)[:, None]
        head = np.median(heads, axis=0)
        level = np.percentile(raw[:, _BLINKS], 50, axis=0)
        near = raw[:, _BLINKS] <= level + 0.1
        blink = np.array([np.percentile(raw[near[:, i], _BLINKS[i]], 95) for i in range(2)])
        return NeutralPose(
            frozen(head / np.linalg.norm(head)),
            frozen(np.median(np.stack([s.head_m for _, s in self._samples]), axis=0)),
            frozen(np.median(raw[:, _GAZE], axis=0).reshape(2, 2)),
            frozen(np.median(raw[:, _LIDS], axis=0)),
            frozen(blink) if float(blink.max()) <= _MAX_BLINK_AT_REST else None,
            frozen(np.median(raw[:, : len(SHAPES)], axis=0)),
            resting_offset([sample.probs for sample in self._felt]),
        )
