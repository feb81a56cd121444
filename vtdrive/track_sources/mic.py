"""The microphone: vowels and volume from the voice, as the shapes of a mouth."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import MicInput
from vtdrive.core.voice.hearing import Hearing
from vtdrive.core.voice.mouth import MOUTH_KNOWN, mouth_of
from vtdrive.errors import SourceLost, SourceNotFound
from vtdrive.track_sources.live import InputStats
from vtdrive.track_sources.portaudio import Sound, portaudio_mic
from vtdrive.types import F32, Incoming

__all__ = ["MicIn", "OpenMic"]

_KEPT: Final = 64
"""Blocks that wait for `read`, two thirds of a second: a reader that is later hears the newest."""
_GONE_S: Final = 1.5
"""A microphone that delivers nothing for this long has been unplugged."""


OpenMic = Callable[[str, Callable[[F32], None]], Sound]
"""Opens the microphone whose name holds a text; calls back with (n,) samples in [-1, 1], from a
thread of its own. Raises SourceNotFound or MissingExtra."""


class MicIn:
    """Hears one microphone; a measurement is worth what the newest 10 ms were.

    `read` raises SourceLost once the microphone has gone: open it again.
    """

    def __init__(
        self, config: MicInput, *, open_mic: OpenMic | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.name = f"mic-in {config.device or 'default'}"
        self.stats = InputStats()
        self._config = config
        self._open_mic = open_mic or portaudio_mic
        self._clock = clock
        self._sound: Sound | None = None
        self._hearing: Hearing | None = None
        self._blocks: deque[F32] = deque(maxlen=_KEPT)
        self._news = threading.Condition()
        self._closed = False
        self._heard_s = 0.0

    def open(self) -> None:
        self._sound = sound = self._open_mic(self._config.device, self._take)
        config = self._config
        try:
            self._hearing = Hearing(
                sound.rate_hz,
                gate_db=config.gate_db,
                attack_ms=config.attack_ms,
                release_ms=config.release_ms,
            )
        except ValueError as fault:
            self.close()
            raise SourceNotFound(
                f"{self.name}: {fault}", "choose another microphone, or set a higher rate for it"
            ) from fault
        self._heard_s = time.monotonic()
        self.stats.note = (
            f"{sound.name}, {sound.rate_hz:g} Hz; the system adds {sound.latency_s * 1e3:.0f} ms"
        )

    def read(self, timeout_s: float) -> Incoming | None:
        end_s = time.monotonic() + timeout_s
        hearing = self._hearing
        if hearing is None:
            return None
        measured = False
        # Bounded: a sound system that floods must not keep the reader from handing on what it has.
        for _ in range(_KEPT):
            block = self._next(end_s)
            if block is None:
                break
            measured = bool(hearing.push(block)) or measured
            if measured and not self._waiting:
                break
        self.stats.malformed += hearing.bad
        hearing.bad = 0
        return self._measured(hearing) if measured else None

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.close()

    @property
    def _waiting(self) -> bool:
        with self._news:
            return bool(self._blocks)

    def _take(self, samples: F32) -> None:
        """Called by the sound system: leave the block and go."""
        with self._news:
            self._blocks.append(samples)
            self._news.notify()

    def _next(self, end_s: float) -> F32 | None:
        with self._news:
            while not self._blocks:
                now = time.monotonic()
                if self._closed or now >= end_s:
                    if not self._closed and now - self._heard_s > _GONE_S:
                        raise SourceLost(
                            f"{self.name}: the microphone delivers nothing any more",
                            "plug it in again",
                        )
                    return None
                self._news.wait(end_s - now)
            self._heard_s = time.monotonic()
            block = self._blocks.popleft()
        self.stats.bytes_read += block.nbytes
        return block

    def _measured(self, hearing: Hearing) -> Incoming:
        voice = hearing.voice
        self.stats.frames += 1
        return Incoming(
            t_ns=self._clock.now_ns(),
            found=hearing.active,
            shapes=mouth_of(voice),
            known=MOUTH_KNOWN,
            voice=voice,
        )
