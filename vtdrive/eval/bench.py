"""Measures the live loop on a video, and beside it the Face Landmarker on the same frames.

Three passes: (1) live, paced, alone: CPU, memory, losses; (2) live, paced, the peer run on each
frame after it was sent: latency against the peer's own time; (3) in lockstep, tracker + shapes +
solve and the peer in turns with nothing else running: time and CPU of one frame. Without a peer
only the first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from vtdrive.config.schema import Config
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.solve import solve
from vtdrive.errors import EndOfStream, UsageError
from vtdrive.eval.peer import LandmarkerPeer
from vtdrive.runtime.build import make_classifier, make_feed, make_sinks
from vtdrive.runtime.machine import machine_facts
from vtdrive.runtime.session import Session
from vtdrive.sources.base import Obtained
from vtdrive.sources.resolve import open_source
from vtdrive.trackers.base import Tracker
from vtdrive.trackers.make import make_tracker
from vtdrive.types import AvatarFrame, Track, VideoFrame

__all__ = ["QuietListener", "bench"]

_ALONE_S: Final = 12.0
_TURNS: Final = 240
_SKIP: Final = 10
"""First frames of each pass: still warming up."""
Say = Callable[[str], None]


class _Remembering:
    """A tracker that keeps the last picture, for the peer."""

    def __init__(self, inner: Tracker) -> None:
        self._inner = inner
        self.name = inner.name
        self.frame: VideoFrame | None = None

    def open(self) -> None:
        self._inner.open()

    def track(self, frame: VideoFrame) -> Track:
        self.frame = frame
        return self._inner.track(frame)

    def close(self) -> None:
        self._inner.close()


class QuietListener:
    """Hears a run and shows nothing of it; `on_first` is called at the first tick."""

    def __init__(self, *, on_first: Callable[[], None] = lambda: None, say: Say = print) -> None:
        self._on_first: Callable[[], None] | None = on_first
        self._say = say

    def on_event(self, sentence: str) -> None:
        self._say(sentence)

    def on_open(self, obtained: Obtained | None) -> None:
        pass

    def on_frame(self, frame: AvatarFrame) -> None:
        first, self._on_first = self._on_first, None
        if first is not None:
            first()

    def on_neutral(self, neutral: NeutralPose) -> None:
        pass


class _PeerListener(QuietListener):
    """Runs the peer after each send."""

    def __init__(self, tracker: _Remembering, peer: LandmarkerPeer | None, say: Say) -> None:
        super().__init__(say=say)
        self._tracker = tracker
        self._peer = peer

    def on_frame(self, frame: AvatarFrame) -> None:
        if self._peer is not None and frame.track is not None and self._tracker.frame is not None:
            self._peer.run(self._tracker.frame)


def bench(config: Config, *, peer_model: Path | None, seconds: float | None, say: Say) -> Any:
    """The whole measurement as plain numbers, ready for JSON."""
    process = psutil.Process()
    # Refuses what is no bundle before the first pass, but is loaded after it: that one is alone,
    # also in memory.
    peer = None if peer_model is None else LandmarkerPeer(peer_model)
    say("live, alone …")
    alone = _live(config, None, seconds or (_ALONE_S if peer_model else None), say)
    rss_mb = process.memory_info().rss / 2**20
    stats = alone.stats
    if stats.frames <= _SKIP:
        raise UsageError("the source gave too few frames to measure", "use a longer video")
    result: dict[str, Any] = {
        "machine": machine_facts(),
        "source": Path(config.source.uri).name,
        "frames": stats.frames,
        "faces": stats.faces,
        "dropped": stats.dropped,
        "fps": stats.frames / stats.wall_s(),
        "emotion_hz": stats.emotions / stats.wall_s(),
        "cpu_share_of_core": stats.cpu_share(),
        "cpu_ms_per_frame": 1e3 * stats.cpu_s() / stats.frames,
        "rss_mb": rss_mb,
        "stages": _stages(stats.percentiles()),
    }
    if peer is not None:
        result |= _against(config, peer, seconds, say)
    return result


def _against(
    config: Config, peer: LandmarkerPeer, seconds: float | None, say: Say
) -> dict[str, Any]:
    peer.open()
    try:
        say("live, the Face Landmarker after each frame …")
        session = _live(config, peer, seconds, say)
        live = _percentiles(peer.wall_ms[_SKIP:])
        say("in turns …")
        ours_ms, ours_cpu = _turns(config, peer)
        theirs_ms, theirs_cpu = peer.wall_ms, peer.cpu_ms
    finally:
        peer.close()
    stages = _stages(session.stats.percentiles())
    wire = stages["capture_to_wire_ms"]
    return {
        "stages": stages,
        "dropped": session.stats.dropped,
        "peer": {
            "name": "Tasks Face Landmarker, blendshapes and matrix on",
            "ms": live,
            "wire_p50_of_peer_p50": wire["p50"] / live["p50"],
            "wire_p99_of_peer_p99": wire["p99"] / live["p99"],
            "ours_ms": _percentiles(ours_ms),
            "turns_ms": _percentiles(theirs_ms),
            "ratio_per_frame": float(np.median(theirs_ms) / np.median(ours_ms)),
            "ratio_cpu": float(np.sum(theirs_cpu) / np.sum(ours_cpu)),
        },
    }


def _live(config: Config, peer: LandmarkerPeer | None, seconds: float | None, say: Say) -> Session:
    fov = config.source.vertical_fov_deg
    tracker = _Remembering(make_tracker(config.tracker, vertical_fov_deg=fov))
    listener = _PeerListener(tracker, peer, say)
    session = Session(
        config,
        feed=make_feed(config.source, say),
        tracker=tracker,
        classifier=make_classifier(config),
        sinks=make_sinks(config, None),
        listener=listener,
    )
    session.run(threading.Event(), seconds)
    return session


def _turns(config: Config, peer: LandmarkerPeer) -> tuple[list[float], list[float]]:
    """Wall and CPU ms of our tracker + shapes + solve, frames shared with the peer."""
    source = open_source(config.source.model_copy(update={"fast": True, "loop": False}))
    tracker = make_tracker(config.tracker, vertical_fov_deg=config.source.vertical_fov_deg)
    wall: list[float] = []
    cpu: list[float] = []
    try:
        source.open()
        tracker.open()
        for turn in range(_TURNS + _SKIP):
            try:
                frame = source.read()
            except EndOfStream:
                break
            if turn == _SKIP:
                for lane in (wall, cpu, peer.wall_ms, peer.cpu_ms):
                    lane.clear()
            cpu0, start = time.process_time(), time.perf_counter()
            track = tracker.track(frame)
            if track.face is not None:
                solve(track.face)
            wall.append((time.perf_counter() - start) * 1e3)
            cpu.append((time.process_time() - cpu0) * 1e3)
            peer.run(frame)
    finally:
        tracker.close()
        source.close()
    return wall, cpu


def _stages(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {f"{name}_ms": row for name, row in found.items()}


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}
