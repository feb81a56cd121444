"""A thread around a source whose driver may block for ever."""

from __future__ import annotations

import threading

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.errors import SourceError, SourceLost, SourceNotFound
from vtdrive.sources.base import Obtained, Source
from vtdrive.types import VideoFrame

__all__ = ["Pumped"]

_JOIN_S = 0.5
"""A camera gives its thread back within a frame; one that does not is left behind."""


class Pumped:
    """Runs `inner` in a thread of its own and hands over its newest frame.

    A Source itself, with more verbs for a reader that must not wait: `start` begins to open and
    returns at once, `opened` and `poll` wait for a bounded time. `inner.open`, `.read` and `.close`
    all run in the thread; its `read` may block for longer than `stall_s`, then the thread is left
    to end by itself, and the device is closed when the driver lets go. Losses are counted in
    `dropped`.
    """

    def __init__(
        self,
        inner: Source,
        *,
        name: str,
        stall_s: float,
        open_s: float = 10.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._inner = inner
        self._name = name
        self._stall_s = stall_s
        self._open_s = open_s
        self._clock = clock
        self._cond = threading.Condition()
        self._frame: VideoFrame | None = None
        self._obtained: Obtained | None = None
        self._fault: Exception | None = None
        self._stop = False
        self._alive_ns = 0
        self._thread: threading.Thread | None = None
        self._seq: int | None = None
        self.dropped = 0
        """Frames that nobody took in time, or that the source itself passed over."""

    @property
    def obtained(self) -> Obtained | None:
        """What the source delivers; None until it is open."""
        with self._cond:
            return self._obtained

    @property
    def ended(self) -> bool:
        """Whether the thread is gone, and the device with it."""
        return self._thread is None or not self._thread.is_alive()

    def start(self) -> None:
        """Begins to open; `poll` tells how it went."""
        self._alive_ns = self._clock.now_ns()
        # A daemon, since a thread that a driver holds must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="vtdrive-source", daemon=True)
        self._thread.start()

    def open(self) -> Obtained:
        """Blocks until the source is open; raises what its `open` raised, or SourceNotFound."""
        self.start()
        while True:
            obtained = self.opened(self._open_s)
            if obtained is not None:
                return obtained

    def opened(self, timeout_s: float) -> Obtained | None:
        """What the started source delivers, or None after `timeout_s` without an answer.

        Raises what its `open` raised, and SourceNotFound when it takes longer than `open_s`.
        """
        with self._cond:
            self._cond.wait_for(
                lambda: self._obtained or self._fault,
                timeout=min(timeout_s, max(0.0, self._left_s())),
            )
            if self._obtained is not None:
                return self._obtained
            if self._fault is not None:
                raise self._fault
            if self._left_s() <= 0:
                raise self._silent()
        return None

    def poll(self, timeout_s: float) -> VideoFrame | None:
        """The newest frame not yet taken, or None after `timeout_s` without one.

        Raises what the source raised (once the last frame is taken), SourceNotFound when it takes
        longer than `open_s` to open, and SourceLost after `stall_s` without a frame.
        """
        with self._cond:
            left_s = min(timeout_s, max(0.0, self._left_s()))
            if self._frame is None and self._fault is None and left_s > 0:
                self._cond.wait_for(
                    lambda: self._frame is not None or self._fault is not None, timeout=left_s
                )
            frame, self._frame = self._frame, None
            if frame is not None:
                return frame
            if self._fault is not None:
                raise self._fault
            if self._left_s() <= 0:
                raise self._silent()
        return None

    def read(self) -> VideoFrame:
        """The next frame; blocks for at most `stall_s`."""
        while True:
            frame = self.poll(self._stall_s)
            if frame is not None:
                return frame

    def close(self, *, wait_s: float = _JOIN_S) -> None:
        """Asks the thread to end and waits a little for it."""
        with self._cond:
            self._stop = True
            self._frame = None
        if self._thread is not None:
            self._thread.join(timeout=wait_s)

    def _left_s(self) -> float:
        if self._obtained is None:
            limit_s = self._open_s
        else:
            # A picture every four seconds is slow, not stalled.
            limit_s = self._stall_s + (1.0 / self._obtained.fps if self._obtained.fps > 0 else 0.0)
        return limit_s - (self._clock.now_ns() - self._alive_ns) * 1e-9

    def _silent(self) -> SourceError:
        if self._obtained is None:
            return SourceNotFound(
                f"{self._name} did not answer within {self._open_s:g} s",
                "unplug it and plug it in again, or restart the program that serves it",
            )
        return SourceLost(
            f"{self._obtained.name} gave no picture for {self._stall_s:g} s",
            "check the cable or the network; it is used again as soon as it answers",
        )

    def _run(self) -> None:
        try:
            obtained = self._inner.open()
            with self._cond:
                self._obtained = obtained
                self._alive_ns = self._clock.now_ns()
                self._cond.notify_all()
            while not self._stop:
                self._put(self._inner.read())
        except Exception as fault:
            self._fail(fault)
        finally:
            try:
                self._inner.close()
            except Exception as fault:
                self._fail(fault)

    def _put(self, frame: VideoFrame) -> None:
        with self._cond:
            skipped = 0 if self._seq is None else frame.seq - self._seq - 1
            self.dropped += skipped + (self._frame is not None)
            self._frame, self._seq = frame, frame.seq
            self._alive_ns = self._clock.now_ns()
            self._cond.notify_all()

    def _fail(self, fault: Exception) -> None:
        """Keeps the first failure for `poll`, which raises it in the reader's thread."""
        with self._cond:
            self._fault = self._fault or fault
            self._cond.notify_all()
