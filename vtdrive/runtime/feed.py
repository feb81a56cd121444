"""Where the tracking thread gets its frames: live with losses, or in lockstep without."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

from vtdrive.clock import Clock
from vtdrive.sources.base import Obtained, Source
from vtdrive.sources.resilient import Resilient
from vtdrive.types import VideoFrame

__all__ = ["Feed", "InputFeed", "LiveFeed", "LockstepFeed"]

_FASTEST_S: Final = 1 / 120
_SLOWEST_S: Final = 1 / 30


class Feed(Protocol):
    """A source as the session sees it. `take` raises EndOfStream when it is over."""

    lockstep: bool

    @property
    def dropped(self) -> int: ...

    def open(self, stop: threading.Event) -> Obtained | None:
        """Start delivering; None where `stop` was set before the source had answered."""

    def take(self, timeout_s: float) -> VideoFrame | None: ...

    def captured_ns(self, frame: VideoFrame) -> int:
        """When `read` returned, on the clock that stages are stamped with."""

    def close(self) -> None: ...


class LiveFeed:
    """The newest frame of a source that is read by a thread of its own and comes back by itself."""

    lockstep = False

    def __init__(self, source: Resilient) -> None:
        self._source = source

    @property
    def dropped(self) -> int:
        return self._source.dropped

    def open(self, stop: threading.Event) -> Obtained | None:
        return self._source.open(cancelled=stop.is_set)

    def take(self, timeout_s: float) -> VideoFrame | None:
        return self._source.read(timeout_s)

    def captured_ns(self, frame: VideoFrame) -> int:
        return frame.t_ns

    def close(self) -> None:
        self._source.close()


class LockstepFeed:
    """Every frame, read when there is time for it; `t_ns` is media time."""

    lockstep = True
    dropped = 0

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._read_ns = 0

    def open(self, stop: threading.Event) -> Obtained | None:
        return self._source.open()

    def take(self, timeout_s: float) -> VideoFrame | None:
        frame = self._source.read()
        self._read_ns = self._clock.now_ns()
        return frame

    def captured_ns(self, frame: VideoFrame) -> int:
        return self._read_ns

    def close(self) -> None:
        self._source.close()


class InputFeed:
    """No pictures at all: a tick when a live input has news, 30 to 120 times a second."""

    lockstep = False
    dropped = 0

    def __init__(self, news: threading.Event) -> None:
        self._news = news
        self._due_s = 0.0

    def open(self, stop: threading.Event) -> Obtained | None:
        return None

    def take(self, timeout_s: float) -> VideoFrame | None:
        """None, once it is time for a tick."""
        self._news.wait(min(timeout_s, _SLOWEST_S))
        # Not `monotonic`, whose steps on Windows are longer than a tick.
        early_s = self._due_s - time.perf_counter()
        if early_s > 0:
            time.sleep(early_s)
        # Before whoever called reads the inputs: what comes from now on counts for the next tick.
        self._news.clear()
        self._due_s = time.perf_counter() + _FASTEST_S
        return None

    def captured_ns(self, frame: VideoFrame) -> int:
        return frame.t_ns

    def close(self) -> None:
        pass
