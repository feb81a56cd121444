"""From the first sample of a vowel to a half-open mouth, and what hearing costs.

    .venv/bin/python -m training.voice.latency

Feeds MicIn in real time from a stand-in microphone; needs eSpeak NG. The system's own share (from
the membrane to the callback) comes on top: `vtdrive run` says what the sound system claims for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from training.voice.espeak import say
from vtdrive.config.inputs import MicInput
from vtdrive.core.voice.hearing import Hearing
from vtdrive.track_sources.mic import MicIn
from vtdrive.types import F32

VOICES = ("es+m8", "es+f5", "de+Andrea", "it+Diogo")


class _Tape:
    name, latency_s = "tape", 0.0

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz

    def close(self) -> None: ...


def half_open_ms(vowel: F32, rate_hz: int, begin_late: int) -> float:
    """Real time from the vowel's first sample to half of what its mouth reaches."""
    takes: list[Callable[[F32], None]] = []

    def open_tape(device: str, take: Callable[[F32], None]) -> _Tape:
        takes.append(take)
        return _Tape(rate_hz)

    source = MicIn(MicInput(), open_mic=open_tape)
    source.open()
    block = rate_hz // 100
    room = np.random.default_rng(1).normal(0, 3e-4, rate_hz).astype(np.float32)
    takes[0](room[: rate_hz // 2])
    source.read(0.0)
    sound = np.concatenate([room[: 3 * block + begin_late], vowel])
    begin = time.monotonic() + 0.01

    def speak() -> None:
        for at in range(0, len(sound) - block, block):
            time.sleep(max(0.0, begin + (at + block) / rate_hz - time.monotonic()))
            takes[0](sound[at : at + block])

    speaker = threading.Thread(target=speak)
    speaker.start()
    seen: list[tuple[float, float]] = []
    while speaker.is_alive():
        got = source.read(0.05)
        if got is not None and got.voice is not None:
            seen.append((time.monotonic(), float(got.voice[:5].sum())))
    speaker.join()
    source.close()
    full = float(np.median([value for _, value in seen[-8:]]))
    onset = begin + (3 * block + begin_late) / rate_hz
    return 1e3 * (next(t for t, value in seen if value >= full / 2) - onset)


def main() -> None:
    took: list[float] = []
    for voice in VOICES:
        for vowel in ("a:", "e:", "i:", "o:", "u:"):
            spoken = say(f"[[{vowel}]]", voice=voice)
            samples, rate_hz = spoken.samples, spoken.rate_hz
            start = int(np.argmax(np.abs(samples) > 0.05))
            for late in (0, 70, 140):
                took.append(half_open_ms(samples[start : start + rate_hz // 4], rate_hz, late))
    print(f"sound to half-open mouth, {len(took)} vowels: median {np.median(took):.0f} ms,"
          f" p95 {np.percentile(took, 95):.0f} ms, worst {max(took):.0f} ms")  # fmt: skip
    speech = say("mapi tuke so lani feru mido sake", voice="es+f5").samples
    ear = Hearing(22050, gate_db=10.0, attack_ms=12.0, release_ms=60.0)
    before = time.process_time()
    for at in range(0, len(speech) - 220, 220):
        ear.push(speech[at : at + 220])
    cost = (time.process_time() - before) / (len(speech) / 22050)
    print(f"{1e3 * cost:.0f} ms of one core for a second of speech")


if __name__ == "__main__":
    main()
