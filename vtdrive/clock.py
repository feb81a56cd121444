"""Where time comes from. Only the runtime reads it; everything pure is handed `t_ns`."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["SYSTEM_CLOCK", "Clock", "SystemClock"]


class Clock(Protocol):
    """A monotonic clock. `sleep_until` returns at once when the time has passed."""

    def now_ns(self) -> int: ...

    def sleep_until(self, t_ns: int) -> None: ...


class SystemClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        # Elsewhere the same as `monotonic_ns`, but on Windows that one moves in steps of 15.6 ms up
        # to Python 3.12: half of all frames would seem to have come at once.
        return time.perf_counter_ns()

    def sleep_until(self, t_ns: int) -> None:
        left = (t_ns - self.now_ns()) * 1e-9
        if left > 0:
            time.sleep(left)


SYSTEM_CLOCK = SystemClock()
