"""Work that may hang, such as a look at a disk or a name server that does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["bounded"]

T = TypeVar("T")


def bounded(work: Callable[[], T], *, limit_s: float) -> T:
    """What `work` returns or raises; TimeoutError after `limit_s`, when its thread is left behind.

    The thread does not keep the program from ending.
    """
    done: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as fault:  # raised again below, by whoever asked
            failed.append(fault)

    thread = threading.Thread(target=run, name="vtdrive-bounded", daemon=True)
    thread.start()
    thread.join(limit_s)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(f"no answer within {limit_s:g} s")
    return done[0]
