"""A stream of sound to A, I, U, E, O and volume, a hundred times a second."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from vtdrive.core.voice.bands import BANDS, Bands
from vtdrive.core.voice.level import Level
from vtdrive.core.voice.vowels import shares
from vtdrive.types import F32, frozen

__all__ = ["HOP_S", "Hearing"]

HOP_S: Final = 0.010
_LOUDNESS_S: Final = 0.015
_ROOM_S: Final = 0.5
_REST: Final = 1e-3
_WHISPER: Final = 0.3
"""How far sound without a pitch opens the mouth."""


class Hearing:
    """Hears one microphone. The same sound gives the same values, in whatever blocks it comes.

    `voice` holds A, I, U, E, O and volume, each in [0, 1]; the vowels together are at most 1. They
    rise within `attack_ms` and fall within `release_ms`, as time constants.
    """

    def __init__(
        self, rate_hz: float, *, gate_db: float, attack_ms: float, release_ms: float
    ) -> None:
        """Raises ValueError for a sampling rate that is too low to tell vowels."""
        self._bands = Bands(rate_hz)
        self._hop = round(rate_hz * HOP_S)
        self._loud = min(self._bands.length, round(rate_hz * _LOUDNESS_S))
        self._dt_s = self._hop / rate_hz
        self._rise = _gain(self._dt_s, attack_ms)
        self._fall = _gain(self._dt_s, release_ms)
        self._room_gain = np.float32(_gain(self._dt_s, _ROOM_S * 1e3))
        self._level = Level(gate_db=gate_db)
        self._room = np.zeros(BANDS, np.float32)
        self._sound = np.zeros(self._bands.length - self._hop, np.float32)
        self._voice = np.zeros(6, np.float32)
        self.bad = 0
        """Samples that were no numbers; they count as silence."""

    @property
    def voice(self) -> F32:
        """(6,) now."""
        return frozen(self._voice.copy())

    @property
    def active(self) -> bool:
        """Whether a voice is heard, or its last sound has not faded yet."""
        return self._level.active or bool(self._voice.any())

    def push(self, samples: F32) -> int:
        """Hear (n,) samples in [-1, 1]; returns how many new values there were."""
        finite = np.isfinite(samples)
        if not finite.all():
            self.bad += int((~finite).sum())
            samples = np.where(finite, samples, np.float32(0.0))
        clipped = np.clip(samples, -1.0, 1.0).astype(np.float32, copy=False)
        sound = np.concatenate([self._sound, clipped])
        length, steps = self._bands.length, 0
        while (steps + 1) * self._hop + length - self._hop <= len(sound):
            self._step(sound[steps * self._hop :][:length])
            steps += 1
        self._sound = sound[steps * self._hop :]
        return steps

    def _step(self, window: F32) -> None:
        # Without the mean: many microphones have a constant offset.
        recent, window = window[-self._loud :], window - window.mean()
        target = np.zeros(6, np.float32)
        power = self._bands.power(window)
        if self._level.opens(float(recent.var()), self._dt_s):
            pitched = self._bands.pitched(window)
            volume = self._level.loudness(pitched, self._dt_s)
            target[5] = volume
            if volume > 0.0:
                clean = np.maximum(power - self._room, np.float32(0.05) * power)
                # Softer speech opens the mouth less, but by much less than it is softer. Whispers
                # have no pitch, nor have keys that click.
                wide = math.sqrt(volume) * (_WHISPER + (1.0 - _WHISPER) * pitched)
                target[:5] = shares(clean)[:5] * np.float32(wide)
        else:
            self._level.loudness(0.0, self._dt_s)
            self._room += (power - self._room) * self._room_gain
        change = target - self._voice
        self._voice += change * np.where(change > 0.0, self._rise, self._fall).astype(np.float32)
        if not self._level.active and self._voice.max() < _REST:
            self._voice[:] = 0.0


def _gain(dt_s: float, constant_ms: float) -> float:
    return 1.0 - math.exp(-dt_s * 1e3 / constant_ms) if constant_ms > 0.0 else 1.0
