"""The character's own signals: what it does by itself, as functions of time since its start."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.core.signals import SIGNAL_INDEX, SIGNALS

__all__ = ["MOTION_SIGNALS", "OwnMotion", "known_signals"]

F64 = npt.NDArray[np.float64]

MOTION_SIGNALS: Final = tuple(
    f"motion.{name}"
    for name in (
        "breath",
        "breath_late",
        "wander_x",
        "wander_y",
        "wander_z",
        "flick_l",
        "flick_r",
        "shake",
        "wag",
        "bounce",
        "hop",
    )
)
"""Signals beside `core.signals.SIGNALS` that parameters may weigh. `breath`, and `breath_late` for
what follows the chest: 0..1. `wander_*`: -1..1, where a head looks that nobody moves, 0 while a
face is tracked. `flick_*`: 0..1, an ear's twitch. `shake` (12 Hz, fear), `wag` (1.5 Hz) and
`bounce` (2 Hz, both happiness): -1..1, as strong as what is felt. `hop`: 0..1, once as speech
begins."""

_BREATH_S: Final = 3.4
_INHALE: Final = 0.4
_HEAD_LATE_S: Final = 0.15
_GOAL_S: Final = 2.5
_GLIDE_S: Final = 4.0
_BACK_S: Final = 0.3
_FLICK_EVERY_S: Final = 10.5
_FLICK_SPREAD_S: Final = 4.5
_FLICK_FIRST_S: Final = 6.0
_BEAT_HZ: Final = 7.0
_HOP_S: Final = 0.26
_HOP_AGAIN_S: Final = 0.6
_SPEAKS: Final = 0.5
_SILENT: Final = 0.25

_LIVE: Final = SIGNAL_INDEX["live"]
_SPEAKING: Final = SIGNAL_INDEX["speaking"]
_VOLUME: Final = SIGNAL_INDEX["voice.volume"]
_FEAR: Final = SIGNAL_INDEX["emotion.fear"]
_HAPPINESS: Final = SIGNAL_INDEX["emotion.happiness"]


def known_signals() -> tuple[str, ...]:
    """All that the parameters of an avatar may weigh."""
    return (*SIGNALS, *MOTION_SIGNALS)


class OwnMotion:
    """Breath, wandering, ear flicks, hops: (11,) in `MOTION_SIGNALS` order."""

    def __init__(self) -> None:
        self._t_s = 0.0
        self._away = 0.0
        """0..1: for how long nobody has been seen."""
        self._silent = True
        self._heard = 0.0
        self._hop_s = -math.inf
        """When the last hop began."""

    def adopt(self, other: OwnMotion) -> None:
        """Go on from another's state."""
        self._t_s, self._away, self._silent = other._t_s, other._away, other._silent
        self._heard, self._hop_s = other._heard, other._hop_s

    def step(self, signals: F64, dt_s: float) -> list[float]:
        """`dt_s` further on, of a face that shows `signals` (`SIGNALS`)."""
        self._t_s += dt_s
        t = self._t_s
        live = float(signals[_LIVE])
        gone = dt_s / _GLIDE_S if live < 0.5 else -dt_s / _BACK_S
        self._away = min(1.0, max(0.0, self._away + gone))
        self._listen(max(float(signals[_SPEAKING]), (float(signals[_VOLUME]) - 0.08) / 0.17), dt_s)
        far = self._away * self._away * (3.0 - 2.0 * self._away)
        happy = float(signals[_HAPPINESS])
        hop = (t - self._hop_s) / _HOP_S
        left, right = _flicks(t)
        return [
            _breath(t),
            _breath(t - _HEAD_LATE_S) if t > _HEAD_LATE_S else 0.0,
            far * _wander(t, 0),
            far * _wander(t, 1),
            far * _wander(t, 2),
            left,
            right,
            float(signals[_FEAR]) * math.sin(math.tau * 12.0 * t),
            happy * math.sin(math.tau * 1.5 * t),
            happy * math.sin(math.tau * 2.0 * t),
            4.0 * hop * (1.0 - hop) if 0.0 < hop < 1.0 else 0.0,
        ]

    def _listen(self, heard: float, dt_s: float) -> None:
        """One hop for each time that speech sets in, not one for each syllable."""
        before, self._heard = self._heard, heard
        if heard < _SILENT:
            self._silent = True
        elif self._silent and heard > _SPEAKS:
            self._silent = False
            # When it was crossed, not when it was seen: the same at any frame rate.
            late = (heard - _SPEAKS) / (heard - before) if heard > before else 0.0
            began = self._t_s - min(1.0, late) * dt_s
            if began - self._hop_s > _HOP_AGAIN_S:
                self._hop_s = began


def _breath(t_s: float) -> float:
    phase = t_s / _BREATH_S % 1.0
    if phase < _INHALE:
        return 0.5 - 0.5 * math.cos(math.pi * phase / _INHALE)
    return 0.5 + 0.5 * math.cos(math.pi * (phase - _INHALE) / (1.0 - _INHALE))


def _wander(t_s: float, lane: int) -> float:
    """-1..1, from goal to goal."""
    goal, x = divmod(t_s / _GOAL_S, 1.0)
    a, b = (2.0 * _random(4 * (int(goal) + i) + lane) - 1.0 for i in (0, 1))
    return a + (b - a) * x * x * x * (x * (6.0 * x - 15.0) + 10.0)


def _flicks(t_s: float) -> tuple[float, float]:
    """Three or four quick beats of one ear, now and then."""
    which, within = divmod(t_s - _FLICK_FIRST_S, _FLICK_EVERY_S)
    if which < 0:
        return 0.0, 0.0
    n = 4 * int(which) + 1_000_003
    beats = 3 + (_random(n) < 0.5)
    age = (within - _FLICK_SPREAD_S * _random(n + 1)) * _BEAT_HZ
    beat = math.sin(math.pi * age) ** 2 if 0.0 < age < beats else 0.0
    return (beat, 0.0) if _random(n + 2) < 0.5 else (0.0, beat)


def _random(n: int) -> float:
    """[0, 1) for each whole number: random, and yet a function of time (SplitMix64)."""
    mask = (1 << 64) - 1
    z = (n * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)
