"""Waking event loops without making the thread that moves the avatar wait.

Waking a loop is a system call, and Python hands the interpreter to whoever waits for it during one:
with five connections the avatar's thread lost it five times a frame, p99 3 ms. Here it only leaves
word, which keeps the interpreter; a thread of our own makes the calls.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["ROUSER", "Rouser"]


class Rouser:
    """Calls what it is asked to call, soon, in a thread that lives while anybody has joined."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._asked: deque[Callable[[], None]] = deque()
        self._word = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self) -> None:
        """Be served from now on; once for each `leave`."""
        with self._lock:
            self._users += 1
            if self._thread is None:
                self._over = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._over,), name="vtdrive-rouse", daemon=True
                )
                self._thread.start()

    def leave(self) -> None:
        """Not served any more; with the last one the thread ends."""
        with self._lock:
            self._users -= 1
            thread = None if self._users else self._thread
            if thread is not None:
                self._thread = None
                self._over.set()
                self._word.set()
        if thread is not None:
            thread.join(1.0)

    def ask(self, call: Callable[[], None]) -> None:
        """Have `call` called; it must neither wait nor raise. Costs no system call that yields."""
        self._asked.append(call)
        self._word.set()

    def _run(self, over: threading.Event) -> None:
        while not over.is_set():
            self._word.wait()
            self._word.clear()
            while self._asked:
                self._asked.popleft()()


ROUSER: Final = Rouser()
"""The one that all sinks share."""
