"""Sound for tests: speech that eSpeak NG makes on the spot, and vowels from textbook formants."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
import pytest

from vtdrive.types import F32

__all__ = ["FORMANTS_HZ", "buzz", "need_espeak", "resampled", "spoken"]

ESPEAK = shutil.which("espeak-ng")
need_espeak = pytest.mark.skipif(ESPEAK is None, reason="no eSpeak NG: apt-get install espeak-ng")

FORMANTS_HZ: dict[str, dict[str, tuple[int, int, int]]] = {
    "men": {
        "A": (730, 1090, 2440), "I": (270, 2290, 3010), "U": (300, 870, 2240),
        "E": (530, 1840, 2480), "O": (570, 840, 2410),
    },
    "women": {
        "A": (850, 1220, 2810), "I": (310, 2790, 3310), "U": (370, 950, 2670),
        "E": (610, 2330, 2990), "O": (590, 920, 2710),
    },
}  # fmt: skip
"""Means of 33 men and 28 women who said heed, head, hod, hawed and who'd (Peterson and Barney
1952)."""


@functools.cache
def spoken(phonemes: str, *, voice: str = "es", pitch: int = 50, speed: int = 140) -> F32:
    """(n,) samples at 22050 Hz of eSpeak's own phoneme names, such as `a:`; marks `need_espeak`."""
    assert ESPEAK is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        command = [ESPEAK, "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path)]
        subprocess.run([*command, f"[[{phonemes}]]"], check=True, timeout=20)
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels()) == (22050, 1)
            data = file.readframes(file.getnframes())
    samples = np.frombuffer(data, "<i2").astype(np.float32) / 32768
    samples.setflags(write=False)
    return samples


def resampled(samples: F32, rate_hz: float, from_hz: float = 22050) -> F32:
    """The same sound at another rate, by its spectrum."""
    count = round(len(samples) * rate_hz / from_hz)
    spectrum = np.fft.rfft(samples)
    size = count // 2 + 1
    kept = np.zeros(size, complex)
    kept[: min(size, len(spectrum))] = spectrum[:size]
    sound: F32 = (np.fft.irfft(kept, count) * (count / len(samples))).astype(np.float32)
    return sound


def buzz(
    formants_hz: tuple[int, int, int], *, pitch_hz: float, rate_hz: int, seconds: float
) -> F32:
    """A vowel by another way than eSpeak's: a buzzing larynx through five resonances."""
    count = round(rate_hz * seconds)
    t = np.arange(count) / rate_hz
    phase = np.cumsum(pitch_hz * (1 + 0.01 * np.sin(2 * np.pi * 5 * t)) / rate_hz)
    sound = np.diff(np.floor(phase), prepend=0.0)
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * count))
    spectrum = np.fft.rfft(sound, 2 * count) * (1 - z) / ((1 - 0.96 / z) * (1 - 0.92 / z))
    high = (3500, 4500) if formants_hz[2] < 3200 else (4300, 5300)
    for hz, wide in zip((*formants_hz, *high), (60, 90, 130, 200, 250), strict=True):
        r = np.exp(-np.pi * wide / rate_hz)
        a, b = -2 * r * np.cos(2 * np.pi * hz / rate_hz), r * r
        spectrum *= (1 + a + b) / (1 + a * z + b * z * z)
    out = np.fft.irfft(spectrum)[:count]
    sound_out: F32 = (0.5 * out / np.abs(out).max()).astype(np.float32)
    return sound_out
