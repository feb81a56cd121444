"""Single keys from the terminal while a run goes on."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["key_reader"]

Reader = Callable[[float], str]

_ESCAPE: Final = b"\x1b"
_ESCAPE_S: Final = 0.02
"""The rest of an arrow key comes within this time."""
_WINDOWS_FIRST: Final = ("\x00", "\xe0")
"""What Windows hands out before the letter that stands for an arrow or F1; the second is also à."""


@contextlib.contextmanager
def key_reader() -> Iterator[Reader]:
    """A function that waits up to some seconds for a key and returns it, or ''.

    Where the input is no terminal, or another program's just now, it only waits. Keys that are no
    letters (arrows, F1, End) are none here, though terminals send them with letters in them.
    """
    if not sys.stdin or not sys.stdin.isatty():
        yield _only_wait
    elif sys.platform == "win32":
        yield _windows_key
    elif not _in_front():
        yield _only_wait
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
            key = str(msvcrt.getwch())  # type: ignore[attr-defined,unused-ignore]
            if key not in _WINDOWS_FIRST or not msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
                return key
            msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
        time.sleep(0.05)
    return ""


def _posix_key(seconds: float) -> str:
    import select

    fd = sys.stdin.fileno()
    ready, _, _ = select.select([fd], [], [], seconds)
    # To read, or to set, another program's terminal would stop the whole run (SIGTTIN, SIGTTOU).
    if not ready or not _in_front():
        return "" if not ready else _only_wait(seconds)
    try:
        pressed = os.read(fd, 1)
        if pressed == _ESCAPE:
            if select.select([fd], [], [], _ESCAPE_S)[0]:
                os.read(fd, 64)
            return ""
    except OSError:
        pressed = b""
    # The terminal's window is closed, or its input has ended; that is always "ready".
    return pressed.decode("ascii", "ignore") if pressed else _only_wait(seconds)


def _in_front() -> bool:
    """Whether the terminal listens to this program, and not to a shell that sent it behind (`&`).

    True where there is no telling: then nothing is stopped either.
    """
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return True


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
        # A terminal whose window was closed cannot be set any more.
        with contextlib.suppress(termios.error):
            if _in_front():
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
