"""Single keys from the terminal while a run goes on."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

__all__ = ["key_reader"]

Reader = Callable[[float], str]


@contextlib.contextmanager
def key_reader() -> Iterator[Reader]:
    """A function that waits up to some seconds for a key and returns it, or ''.

    Where the input is no terminal it only waits.
    """
    if not sys.stdin or not sys.stdin.isatty():
        yield _only_wait
    elif sys.platform == "win32":
        yield _windows_key
    else:
        with _raw_terminal():
            yield _posix_key


def _only_wait(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _windows_key(seconds: float) -> str:
    import msvcrt  # only there on Windows

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
            return str(msvcrt.getwch())  # type: ignore[attr-defined,unused-ignore]
        time.sleep(0.05)
    return ""


def _posix_key(seconds: float) -> str:
    import select

    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore") if ready else ""


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Keys arrive without Enter and are not echoed; Ctrl-C still is a signal."""
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
