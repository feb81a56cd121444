"""The avatar in a window of this screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Final

from vtdrive.config.sinks.window import WindowSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.render.stage.output import Picture
from vtdrive.sink_stats import SinkStats

__all__ = ["WORD", "Window", "no_screen"]

_OPENING_S: Final = 30.0
_CLOSING_S: Final = 1.5
_CLOSED: Final = "closed"
WORD: Final = "vtdrive: "
"""Begins what the window's process says itself."""
_IDLE_TALK: Final = ("QFontDatabase", "Note that Qt no longer ships fonts")
_ELSEWHERE: Final = "run it on a desktop, or use the sink page: or file: instead"
_GUI: Final = (
    "install OpenCV with windows: pip uninstall opencv-python-headless, then pip install"
    " --force-reinstall opencv-contrib-python==4.11.0.86"
)


class Window:
    """Hands pictures to a process that shows them, and listens to what becomes of it.

    A process of its own, since windows belong to a main thread (macOS) and a missing screen ends
    the whole process (Qt). One that the user closes stays closed; the run goes on.
    """

    def __init__(self, table: WindowSink, *, environ: Mapping[str, str] | None = None) -> None:
        self.name = f"window '{table.title}'"
        self.stats = SinkStats()
        self._table = table
        self._environ = os.environ if environ is None else environ
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._ready = threading.Event()
        self._said = ""
        self._printed: deque[str] = deque(maxlen=20)
        self._closed_by_user = False

    def open(self, width: int, height: int, fps: float) -> None:
        if self._closed_by_user:
            return
        fault = no_screen(self._environ, sys.platform)
        if fault is not None:
            raise fault
        self._ready.clear()
        self._said = ""
        self._printed.clear()
        wish = {
            "title": self._table.title,
            "on_top": self._table.on_top,
            "width": width,
            "height": height,
        }
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "vtdrive.render.stage.window_process", json.dumps(wish)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=dict(self._environ),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen, args=(process.stdout,), name="window", daemon=True
        )
        self._listener.start()
        if not self._ready.wait(_OPENING_S):
            raise SinkError("the window does not open", "see whether the desktop responds")
        if self._said != "ready":
            raise self._why_not()
        self.stats.connected = True
        self.stats.note = ""

    def show(self, picture: Picture) -> None:
        if self._closed_by_user:
            return
        process = self._process
        if process is None or process.stdin is None:
            raise SinkError("the window is not open", "report this to the author of the output")
        try:
            _write(process.stdin, picture.rgba.data.cast("B"))
        except OSError:  # it has gone
            if self._ended() == _CLOSED:
                self._leave()
                return
            raise self._why_not() from None
        self.stats.frames += 1
        self.stats.bytes_sent += picture.rgba.nbytes

    def close(self) -> None:
        process, self._process = self._process, None
        self.stats.connected = None if process is None else False
        if process is None:
            return
        if process.stdin is not None:
            with suppress(OSError):  # the other end may have gone
                process.stdin.close()
        try:
            process.wait(_CLOSING_S / 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join(_CLOSING_S / 2)
            self._listener = None

    def _listen(self, stdout: IO[bytes]) -> None:
        """Reads until the process has gone: its words, and what libraries print."""
        with stdout:
            for line in stdout:
                text = line.decode("utf-8", "replace").strip()
                if text.startswith(WORD):
                    self._said = text.removeprefix(WORD)
                    self._ready.set()
                elif text and not text.startswith(_IDLE_TALK):
                    self._printed.append(text)
        self._ready.set()

    def _ended(self) -> str:
        """What the process said last, once it has ended."""
        if self._listener is not None:
            self._listener.join(_CLOSING_S)
        return self._said

    def _leave(self) -> None:
        self._closed_by_user = True
        self.stats.connected = False
        self.stats.note = "its window was closed; start the run again to have it back"

    def _why_not(self) -> SinkError:
        self._ended()
        printed = "\n".join(self._printed)
        if "could not connect to display" in printed:
            shown = self._environ.get("DISPLAY", "")
            return SinkUnusable(f"the screen '{shown}' cannot be reached", _ELSEWHERE)
        if "not implemented" in printed:
            return SinkUnusable("this OpenCV cannot open windows", _GUI)
        last = self._printed[-1] if self._printed else "its process ended without a word"
        return SinkError(f"the window broke: {last}", "it is opened again by itself")


def no_screen(environ: Mapping[str, str], system: str) -> SinkUnusable | None:
    """The error where this machine plainly has no screen to open a window on."""
    if system in ("win32", "darwin") or environ.get("DISPLAY"):
        return None
    if environ.get("WAYLAND_DISPLAY"):
        return SinkUnusable(
            "the window needs X, and this Wayland desktop has none (DISPLAY is not set)",
            f"install XWayland and log in again; or {_ELSEWHERE}",
        )
    return SinkUnusable("there is no screen (DISPLAY is not set)", _ELSEWHERE)


def _write(pipe: IO[bytes], data: memoryview) -> None:
    """All of it: an unbuffered pipe may take a part."""
    while data:
        data = data[pipe.write(data) :]
