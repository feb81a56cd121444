"""What a run did, seen from outside its path: latencies, rates, losses."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

import numpy as np

from vtdrive.types import AvatarFrame, Status

__all__ = ["STAGES", "RunStats"]

STAGES: Final = ("wait", "track", "step", "send")
"""capture → taken → tracked → stepped → sent."""
_MARKS: Final = ("taken", "tracked", "stepped", "sent")
_KEEP: Final = 36_000
_RATE_WINDOW_NS: Final = 2_000_000_000


class RunStats:
    """Written by the tracking thread, read by whoever shows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms: dict[str, deque[float]] = {
            name: deque(maxlen=_KEEP) for name in (*STAGES, "capture_to_wire", "emotion")
        }
        self._times: deque[int] = deque(maxlen=512)
        self._classified: deque[int] = deque(maxlen=128)
        self.frames = 0
        """Frames tracked."""
        self.faces = 0
        """Frames with a face."""
        self.ticks = 0
        self.dropped = 0
        self.emotions = 0
        self.live_ticks = 0
        self._cpu0 = time.process_time()
        self._wall0 = time.monotonic()
        self._cpu_end = self._wall_end = 0.0

    def note_frame(self, frame: AvatarFrame) -> None:
        """Account for one tick with a track, after its sinks were served."""
        marks = frame.stages_ns
        first = last = marks["captured"]
        with self._lock:
            for stage, mark in zip(STAGES, _MARKS, strict=True):
                self._ms[stage].append((marks[mark] - last) * 1e-6)
                last = marks[mark]
            self._ms["capture_to_wire"].append((last - first) * 1e-6)
            self._times.append(last)
            self.frames += 1
            self.faces += frame.track is not None and frame.track.face is not None
        self.note_tick(frame)

    def note_incoming(self, frame: AvatarFrame) -> None:
        """Account for one tick that a live input called for, in a run without a camera."""
        marks = frame.stages_ns
        with self._lock:
            self._ms["step"].append((marks["stepped"] - marks["tracked"]) * 1e-6)
            self._ms["send"].append((marks["sent"] - marks["stepped"]) * 1e-6)
            self._ms["capture_to_wire"].append((marks["sent"] - marks["captured"]) * 1e-6)
            self._times.append(marks["sent"])
        self.note_tick(frame)

    def note_tick(self, frame: AvatarFrame) -> None:
        """Account for any tick."""
        self.ticks += 1
        self.live_ticks += frame.status is Status.LIVE

    def note_emotion(self, *, inference_ms: float, t_ns: int) -> None:
        """Account for one classified face."""
        with self._lock:
            self._ms["emotion"].append(inference_ms)
            self._classified.append(t_ns)
            self.emotions += 1

    def fps(self) -> float:
        """Frames a second over the last two seconds."""
        with self._lock:
            return _rate(self._times)

    def emotion_hz(self) -> float:
        """Classified faces a second over the last two seconds."""
        with self._lock:
            return _rate(self._classified)

    def percentiles(self, *, last: int | None = None) -> dict[str, dict[str, float]]:
        """p50, p95, p99 in ms of each stage, over all frames or the last few."""
        with self._lock:
            lanes = {name: list(values) for name, values in self._ms.items()}
        out = {}
        for name, values in lanes.items():
            chosen = values[-last:] if last else values
            if chosen:
                p50, p95, p99 = np.percentile(chosen, (50, 95, 99))
                out[name] = {"p50": float(p50), "p95": float(p95), "p99": float(p99)}
        return out

    def cpu_s(self) -> float:
        """CPU seconds of the process so far."""
        return (self._cpu_end or time.process_time()) - self._cpu0

    def wall_s(self) -> float:
        """Seconds so far."""
        return (self._wall_end or time.monotonic()) - self._wall0

    def cpu_share(self) -> float:
        """CPU seconds used per second; 1 is one core."""
        wall = self.wall_s()
        return self.cpu_s() / wall if wall > 0 else 0.0

    def end(self) -> None:
        """The run is over: rates stay as they are."""
        self._cpu_end, self._wall_end = time.process_time(), time.monotonic()

    def restart_cpu(self) -> None:
        """Count CPU from now on: loading models is not driving an avatar."""
        self._cpu0, self._wall0 = time.process_time(), time.monotonic()


def _rate(times: deque[int]) -> float:
    if len(times) < 2:
        return 0.0
    recent = [t for t in times if times[-1] - t <= _RATE_WINDOW_NS]
    span = (recent[-1] - recent[0]) * 1e-9
    return (len(recent) - 1) / span if span > 0 else 0.0
