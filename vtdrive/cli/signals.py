"""Ways to end a run: Ctrl-C, SIGTERM, SIGHUP, a closed console window. All of them are polite."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

__all__ = ["ended_by_signals"]


@contextlib.contextmanager
def ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Sets `stop` when the user or the system wants the run to end; call from the main thread.

    A second Ctrl-C ends the program at once.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in numbers}
    release = _watch_console(stop)
    try:
        yield
    finally:
        release()
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_console(stop: threading.Event) -> Callable[[], None]:
    """Windows only: closing the console window gives a process five seconds to end."""
    if platform.system() != "Windows":
        return lambda: None
    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    closed = threading.Event()

    @ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)  # type: ignore[attr-defined,untyped-decorator,unused-ignore]
    def on_console(event: int) -> int:
        if event not in (2, 5, 6):  # close, log-off, shutdown
            return 0
        stop.set()
        # Windows kills the process when this returns: give the run time to send neutral.
        closed.wait(4.0)
        return 1

    kernel.SetConsoleCtrlHandler(on_console, 1)

    def release() -> None:
        closed.set()
        kernel.SetConsoleCtrlHandler(on_console, 0)

    return release
