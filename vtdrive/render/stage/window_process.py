"""The process that shows a window: pictures in by stdin, one word out by stdout.

Says `ready` once the window is there and `closed` when the user closed it, after `WORD`, among what
libraries print; ends when its parent does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from vtdrive.render.pictures import checkerboard, over
from vtdrive.render.stage.window import WORD
from vtdrive.types import U8

__all__ = ["main"]

_NAME: Final = "vtdrive"
"""OpenCV's name of the window; what the user sees is the title."""
_LOOK_MS: Final = 8
"""Between two looks at what the mouse did, and for a new picture."""
_SQUARE_PX: Final = 16


class Feed:
    """Reads pictures as they come and keeps the newest."""

    def __init__(self, stdin: int, shape: tuple[int, int, int]) -> None:
        self.over = False
        self._stdin = stdin
        self._shape = shape
        self._newest: U8 | None = None
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    def take(self) -> U8 | None:
        newest, self._newest = self._newest, None
        return newest

    def _read(self) -> None:
        size = int(np.prod(self._shape))
        while True:
            data = bytearray(size)
            if not _filled(self._stdin, memoryview(data)):
                self.over = True
                return
            self._newest = np.frombuffer(data, np.uint8).reshape(self._shape)


def _filled(source: int, into: memoryview) -> bool:
    while into:
        part = os.read(source, min(len(into), 1 << 20))
        if not part:
            return False
        into[: len(part)] = part
        into = into[len(part) :]
    return True


def main() -> None:
    # The run decides when to end, not Ctrl-C in the same terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _no_core_dumps()
    wish = json.loads(sys.argv[1])
    width, height = int(wish["width"]), int(wish["height"])

    def say(word: str) -> None:
        os.write(1, f"{WORD}{word}\n".encode())

    show(
        str(wish["title"]),
        on_top=bool(wish["on_top"]),
        size=(width, height),
        feed=Feed(0, (height, width, 4)),
        say=say,
    )


def show(
    title: str, *, on_top: bool, size: tuple[int, int], feed: Feed, say: Callable[[str], None]
) -> None:
    """Until the user closes the window, or the feed is over."""
    import cv2

    cv2.setNumThreads(1)
    width, height = size
    board = checkerboard(width, height, square_px=_SQUARE_PX)
    cv2.namedWindow(_NAME, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
    cv2.setWindowTitle(_NAME, title)
    cv2.resizeWindow(_NAME, width, height)
    if on_top:
        cv2.setWindowProperty(_NAME, cv2.WND_PROP_TOPMOST, 1)
    cv2.imshow(_NAME, cv2.cvtColor(board, cv2.COLOR_RGB2BGR))
    cv2.waitKey(_LOOK_MS)
    say("ready")
    # macOS calls a window that is minimised invisible; a size it has as long as it is there.
    sign = cv2.WND_PROP_AUTOSIZE if sys.platform == "darwin" else cv2.WND_PROP_VISIBLE
    there = 0.0 if sys.platform == "darwin" else 1.0
    while not feed.over:
        cv2.waitKey(_LOOK_MS)  # a key that is pressed means nothing here
        if cv2.getWindowProperty(_NAME, sign) < there:
            say("closed")
            return
        rgba = feed.take()
        if rgba is not None:
            cv2.imshow(_NAME, cv2.cvtColor(over(rgba, board), cv2.COLOR_RGB2BGR))


def _no_core_dumps() -> None:
    """Without a screen, Qt aborts: no file of 100 MB in the user's folder for that."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
