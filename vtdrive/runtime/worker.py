"""A named thread that is always joined and whose failure is never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

__all__ = ["Worker"]

_IMPATIENT_S = 0.2


class Worker:
    """Runs `loop(stop)` in a thread until it returns or `stop` is set.

    `on_failure` is called in that thread with whatever the loop raised. Leaving the context sets
    `stop` and joins for at most `join_s`; `wake` is called first, to end a wait.
    """

    def __init__(
        self,
        name: str,
        loop: Callable[[threading.Event], None],
        *,
        on_failure: Callable[[BaseException], None],
        wake: Callable[[], None] = lambda: None,
        join_s: float = 2.0,
    ) -> None:
        self.stop = threading.Event()
        self._loop = loop
        self._on_failure = on_failure
        self._wake = wake
        self._join_s = join_s
        # A daemon, so that a driver that never returns cannot keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"vtdrive-{name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop.set()
        self._wake()
        # Who interrupts a second time does not want to wait for anything.
        self._thread.join(_IMPATIENT_S if kind is KeyboardInterrupt else self._join_s)

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the loop has returned by itself, or so long."""
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop(self.stop)
        except BaseException as fault:  # handed on, whatever it is: a thread has no caller
            self._on_failure(fault)
