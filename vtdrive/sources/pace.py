"""Plays media time against a clock."""

from __future__ import annotations

from vtdrive.clock import Clock

__all__ = ["Pace"]

_SLACK_NS = 50_000_000
"""Late by less than this: frames follow each other faster until the schedule is met again."""
_HOPELESS = 8
"""Skipping this many without getting any less late: decoding is slower than the media runs."""


class Pace:
    """Tells a file's reader when a frame is due and which frames are too late to show.

    The first frame sets the schedule. A reader that fell behind skips frames, as a camera whose
    frames nobody takes would, so that a clip always ends on time; only where even skipping gains
    nothing is the schedule moved.
    """

    def __init__(self, clock: Clock, *, period_ns: int) -> None:
        self._clock = clock
        self._slack_ns = max(_SLACK_NS, period_ns)
        self._start_ns: int | None = None
        self._late_at_first_ns = 0
        self._run = 0
        self.skipped = 0
        """Frames skipped so far."""

    def skip(self, media_ns: int) -> bool:
        """Whether the frame of `media_ns` is to be passed over. Counts it."""
        if self._start_ns is None:
            return False
        late_ns = self._clock.now_ns() - self._start_ns - media_ns
        if late_ns <= self._slack_ns:
            self._run = 0
            return False
        if self._run == 0:
            self._late_at_first_ns = late_ns
        elif self._run >= _HOPELESS and late_ns >= self._late_at_first_ns:
            self._start_ns += late_ns
            self._run = 0
            return False
        self._run += 1
        self.skipped += 1
        return True

    def wait(self, media_ns: int) -> int:
        """Sleeps until the frame of `media_ns` is due; returns the time then."""
        now_ns = self._clock.now_ns()
        if self._start_ns is None:
            self._start_ns = now_ns - media_ns
            return now_ns
        self._clock.sleep_until(self._start_ns + media_ns)
        return self._clock.now_ns()
