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
        return time.monotonic_ns()

    def sleep_until(self, t_ns: int) -> None:
        left = (t_ns - time.monotonic_ns()) * 1e-9
        if left > 0:
            time.sleep(left)


SYSTEM_CLOCK = SystemClock()
