"""From one solved face to calibrated, corrected values: neutral, lids, gaze, shape corrections."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from vtdrive.config.schema import Config
from vtdrive.core.calibrate import NeutralPose, relative_head
from vtdrive.core.lids import LidLink, read_lids
from vtdrive.core.looks import LOOK, look_shapes
from vtdrive.core.mapping import Program
from vtdrive.core.presence import Body
from vtdrive.core.resolve import resolver_for, sided_expressions
from vtdrive.core.signals import unsided
from vtdrive.core.solve import RAW, Solved
from vtdrive.spaces import IDENTITY, euler_from_quat, quat_angle
from vtdrive.types import F32
from vtdrive.vocab import SHAPE_INDEX, SHAPES

__all__ = ["CORRECTION_SIGNALS", "Corrector"]

CORRECTION_SIGNALS: Final = (*SHAPES, "head.yaw_deg", "head.pitch_deg", "head.roll_deg")
_GAZE: Final = slice(RAW["gaze.left.yaw_deg"], RAW["gaze.right.pitch_deg"] + 1)
_LIDS: Final = slice(RAW["lid.left"], RAW["lid.right"] + 1)
_BLINK: Final = np.array([SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]])
_WIDE: Final = np.array([SHAPE_INDEX["eyeWideLeft"], SHAPE_INDEX["eyeWideRight"]])
_FROZEN_AFTER_NS: Final = 80_000_000


class Corrector:
    """Stateful only where lids demand it: the link rule, and gaze frozen through a blink."""

    def __init__(self, config: Config) -> None:
        self._lids = config.lids
        self._gains = np.array([config.gaze.yaw_gain, config.gaze.pitch_gain], np.float32)
        self._full = (config.gaze.full_yaw_deg, config.gaze.full_pitch_deg)
        taken = {n for name in config.neutral.take_off for n in unsided(name) or (name,)}
        self._take_off = np.array([name in taken for name in SHAPES], np.float32)
        self._link = LidLink(config.lids)
        tables = sided_expressions(config.shapes)
        self._program = Program(
            CORRECTION_SIGNALS, tables, lambda name: resolver_for(name, sided=True)
        )
        self._at = np.array([SHAPE_INDEX[name] for name in self._program.names], np.intp)
        self._shut_ns: int | None = None
        self._gaze: F32 | None = None

    def reset(self) -> None:
        """Forget the past, after a loss."""
        self._link.reset()
        self._shut_ns, self._gaze = None, None

    def adopt(self, other: Corrector) -> None:
        self._link.adopt(other._link)
        self._shut_ns, self._gaze = other._shut_ns, other._gaze

    def step(self, solved: Solved, neutral: NeutralPose, t_ns: int) -> Body:
        """Calibrated and corrected, unfiltered."""
        turn, offset = relative_head(solved, neutral)
        angles = euler_from_quat(turn)
        lids = read_lids(
            blink=solved.raw[_BLINK],
            gap=solved.raw[_LIDS],
            turn_deg=math.degrees(quat_angle(IDENTITY, turn)),
            neutral=neutral,
            config=self._lids,
        )
        blink = self._link.step(lids, yaw_rad=angles[0], t_ns=t_ns)
        looking = (solved.raw[_GAZE].reshape(2, 2) - neutral.gaze_deg) * self._gains
        gaze = self._steady_gaze(looking, blink, t_ns)
        signals = np.empty(len(CORRECTION_SIGNALS), np.float32)
        rest = neutral.shapes * self._take_off
        signals[:52] = np.maximum(solved.raw[:52] - rest, 0.0) / np.maximum(1.0 - rest, 0.1)
        signals[_BLINK], signals[_WIDE] = blink, lids.wide
        signals[LOOK] = look_shapes(gaze, full_yaw_deg=self._full[0], full_pitch_deg=self._full[1])
        signals[52:] = [math.degrees(angle) for angle in angles]
        shapes = np.clip(signals[:52], 0.0, 1.0)
        shapes[self._at] = self._program(signals)
        return Body(turn, offset, np.radians(gaze).astype(np.float32), shapes)

    def _steady_gaze(self, gaze: F32, blink: F32, t_ns: int) -> F32:
        """(2, 2) degrees; through a blink the pupil is misread as looking down, so it is held.

        In a wink the open eye speaks for both.
        """
        shut = blink > 0.5
        if shut.all():
            self._shut_ns = t_ns
        elif shut.any():
            gaze = np.stack([gaze[int(shut[0])]] * 2)
        frozen = self._shut_ns is not None and t_ns - self._shut_ns <= _FROZEN_AFTER_NS
        if frozen and self._gaze is not None:
            return self._gaze
        self._gaze = gaze
        return gaze
