"""The spectrum of a short piece of sound, as the ear's bands, whatever the sampling rate."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32

__all__ = ["BANDS", "COEFFICIENTS", "LOWEST_RATE_HZ", "Bands", "cepstrum"]

BANDS: Final = 22
COEFFICIENTS: Final = 12
WINDOW_S: Final = 0.030
_LO_HZ, _HI_HZ = 120.0, 3800.0
"""The first two formants of everyone, and the third of most; also what an 8 kHz headset has."""
LOWEST_RATE_HZ: Final = 8000
_PITCH_HZ: Final = (75.0, 420.0)
_NOISE, _VOICE = 0.45, 0.75
"""How alike a sound is to itself one period later."""

_FLOOR: Final = 3e-4
"""Of the strongest band: what lies 35 dB below it says nothing about a vowel."""


class Bands:
    """Band powers of windows of `length` samples, comparable between sampling rates."""

    def __init__(self, rate_hz: float) -> None:
        """Raises ValueError below `LOWEST_RATE_HZ`."""
        if rate_hz < LOWEST_RATE_HZ:
            raise ValueError(f"{rate_hz:g} samples a second are too few to tell vowels")
        self.length = round(rate_hz * WINDOW_S)
        window = np.hanning(self.length + 2)[1:-1]
        # For the pitch: twice the length, or the end of a window would be compared to its start.
        self._lags = slice(round(rate_hz / _PITCH_HZ[1]), round(rate_hz / _PITCH_HZ[0]))
        spectrum = np.fft.rfft(window, 2 * self.length)
        own = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
        self._own = (own[self._lags] / own[0]).astype(np.float32)
        self._window = (window / np.sqrt((window**2).sum() * self.length)).astype(np.float32)
        self._weights = _triangles(self.length, rate_hz)

    def power(self, samples: F32) -> F32:
        """(length,) samples to (BANDS,) mean power in each band."""
        spectrum = np.fft.rfft(samples * self._window)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        powers: F32 = self._weights @ power
        return powers

    def pitched(self, samples: F32) -> float:
        """0..1 for (length,) samples: how regular they repeat, as a voice does 75 to 420 times a
        second. Noise is 0, a clear voice 1."""
        spectrum = np.fft.rfft(samples * self._window, 2 * self.length)
        alike = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
        if alike[0] <= 0.0:
            return 0.0
        best = float((alike[self._lags] / self._own).max() / alike[0])
        return min(1.0, max(0.0, (best - _NOISE) / (_VOICE - _NOISE)))


def cepstrum(power: F32) -> F32:
    """(..., BANDS) to (..., COEFFICIENTS): the smooth form of the spectrum, without loudness."""
    top = power.max(axis=-1, keepdims=True)
    level = np.log(np.maximum(power, _FLOOR * top) + np.float32(1e-30))
    form: F32 = (level @ _COSINES).astype(np.float32)
    return form


def _mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz, float) / 700.0))


def _triangles(length: int, rate_hz: float) -> F32:
    """(BANDS, length // 2 + 1) overlapping triangles, each summing to 1."""
    edges = np.linspace(_mel(_LO_HZ), _mel(_HI_HZ), BANDS + 2)
    at = _mel(np.arange(length // 2 + 1) * rate_hz / length)
    up = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.clip(np.minimum(up, down), 0.0, None)
    # Where a narrow band falls between two bins, the nearest one stands for it.
    empty = weights.sum(axis=1) < 1e-3
    nearest = np.abs(at[None, :] - edges[1:-1, None]).argmin(axis=1)
    weights[empty, nearest[empty]] = 1.0
    shared: F32 = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shared


def _cosines() -> F32:
    k = np.arange(1, COEFFICIENTS + 1)[None, :]
    n = np.arange(BANDS)[:, None] + 0.5
    cosines: F32 = (np.sqrt(2.0 / BANDS) * np.cos(np.pi * n * k / BANDS)).astype(np.float32)
    return cosines


_COSINES: Final = _cosines()
