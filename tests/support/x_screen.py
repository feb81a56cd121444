"""A screen that nobody sees (Xvfb), what is on it, and a hand for its windows.

By libX11 itself, since no program that closes a window politely comes with the X server.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from vtdrive.types import U8

__all__ = ["XScreen", "missing_programs"]

_CLIENT_MESSAGE: Final = 33
_KEY_PRESS: Final = 2


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
    )  # fmt: skip


class _Key(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int),
        ("y", ctypes.c_int), ("x_root", ctypes.c_int), ("y_root", ctypes.c_int),
        ("state", ctypes.c_uint), ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int),
    )  # fmt: skip


class _Event(ctypes.Union):
    _fields_ = (("client", _ClientMessage), ("key", _Key), ("pad", ctypes.c_long * 24))


def missing_programs() -> list[str]:
    """Which of the programs that are needed are not installed."""
    missing = [name for name in ("Xvfb", "xwininfo") if shutil.which(name) is None]
    return missing if ctypes.util.find_library("X11") else [*missing, "libX11"]


class XScreen:
    """One screen of 800x600 with a server of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        read, write = os.pipe()
        with os.fdopen(read, "rb") as told:
            self._server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24",
                 "-nolisten", "tcp", "-fbdir", str(folder)],
                pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            os.close(write)
            number = told.readline().decode().strip()
        assert number.isdigit(), "Xvfb did not start"
        self.display = f":{number}"
        self.environ = {**os.environ, "DISPLAY": self.display}

    def windows(self) -> dict[str, int]:
        """Titles of windows that are shown, and their numbers."""
        told = self._ask("-root", "-tree")
        named = re.findall(r'^\s+(0x[0-9a-f]+) "([^"]+)": ', told, re.MULTILINE)
        return {
            title: int(number, 16)
            for number, title in named
            if "Map State: IsViewable" in self._ask("-id", number)
        }

    def picture(self) -> U8:
        """(600, 800, 3) RGB of what the screen shows."""
        data = (self._folder / "Xvfb_screen0").read_bytes()
        head = np.frombuffer(data, ">u4", 25)
        size, height, row_bytes, colours = int(head[0]), int(head[5]), int(head[12]), int(head[19])
        pixels = np.frombuffer(data, np.uint8, row_bytes * height, size + 12 * colours)
        return pixels.reshape(height, -1, 4)[..., 2::-1]

    def close_window(self, number: int) -> None:
        """As its close button does."""

        def ask(x: Any, display: Any, event: _Event) -> None:
            message = event.client
            message.type, message.window, message.format = _CLIENT_MESSAGE, number, 32
            message.message = x.XInternAtom(display, b"WM_PROTOCOLS", False)
            message.data[0] = x.XInternAtom(display, b"WM_DELETE_WINDOW", False)

        self._send(number, ask, mask=0)

    def press(self, number: int, letter: str) -> None:
        """A key, while that window has the keyboard."""

        def ask(x: Any, display: Any, event: _Event) -> None:
            key = event.key
            key.type, key.window, key.same_screen = _KEY_PRESS, number, 1
            key.root = x.XDefaultRootWindow(display)
            key.keycode = x.XKeysymToKeycode(display, ctypes.c_ulong(ord(letter)))

        self._send(number, ask, mask=1)

    def kill(self) -> None:
        """The screen goes, whoever is on it."""
        self._server.kill()
        self._server.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _ask(self, *what: str) -> str:
        command = ["xwininfo", "-display", self.display, *what]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def _send(self, number: int, ask: Any, *, mask: int) -> None:
        x = ctypes.CDLL(ctypes.util.find_library("X11"))
        x.XOpenDisplay.restype = ctypes.c_void_p
        x.XInternAtom.restype = x.XDefaultRootWindow.restype = ctypes.c_ulong
        x.XKeysymToKeycode.restype = ctypes.c_ubyte
        display = ctypes.c_void_p(x.XOpenDisplay(self.display.encode()))
        assert display.value
        event = _Event()
        ask(x, display, event)
        x.XSendEvent(display, ctypes.c_ulong(number), 0, ctypes.c_long(mask), ctypes.byref(event))
        x.XSync(display, 0)
        x.XCloseDisplay(display)
