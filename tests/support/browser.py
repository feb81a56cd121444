"""A page in a real browser, and waiting for what it shows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from websockets.sync.client import connect

__all__ = ["CHROMIUM", "Browser", "until"]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


class Browser:
    """A page in a headless Chromium, asked over its DevTools protocol."""

    def __init__(self, address: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-port=0", f"--user-data-dir={folder}", address],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        said = folder / "DevToolsActivePort"
        until(lambda: said.is_file() and said.read_text().count("\n") >= 1)
        port = said.read_text().split()[0]
        page = ""

        def found() -> bool:
            nonlocal page
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = [tab for tab in json.load(answer) if tab["type"] == "page"]
            page = pages[0]["webSocketDebuggerUrl"] if pages else ""
            return bool(page)

        until(found)
        self._stack = ExitStack()
        self._link = self._stack.enter_context(connect(page, max_size=None))

    def html(self) -> str:
        """The document as it is now; empty while there is none yet."""
        asked = {"expression": "document.documentElement?.outerHTML ?? ''"}
        self._link.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": asked}))
        while "id" not in (answer := json.loads(self._link.recv(timeout=20))):
            pass
        return str(answer.get("result", {}).get("result", {}).get("value", ""))

    def close(self) -> None:
        self._stack.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def until(said: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.05)
