"""A page in a real browser, and waiting for what it shows."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

__all__ = ["CHROMIUM", "Browser", "until"]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


class Browser:
    """A page in a headless Chromium, asked over its DevTools protocol."""

    def __init__(self, address: str, folder: Path, *, flags: Sequence[str] = ()) -> None:
        """`flags`: more options; those of WebGL take the place of `--disable-gpu`."""
        self._process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-dev-shm-usage",
             *(flags or ("--disable-gpu",)),
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
        self._asked = 0
        self._stack = ExitStack()
        self._link = self._stack.enter_context(connect(page, max_size=None))

    def html(self) -> str:
        """The document as it is now; empty while there is none yet."""
        return str(self.value("document.documentElement?.outerHTML ?? ''") or "")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page; None where it has no plain value."""
        return self._ask("Runtime.evaluate", expression=expression).get("result", {}).get("value")

    def go(self, address: str) -> None:
        """Leave the page for another."""
        self._ask("Page.navigate", url=address)

    def clear_background(self, width: int, height: int) -> None:
        """As an OBS browser source of that size: nothing lies behind the page."""
        self._ask("Emulation.setDefaultBackgroundColorOverride",
                  color={"r": 0, "g": 0, "b": 0, "a": 0})  # fmt: skip
        self._ask("Emulation.setDeviceMetricsOverride",
                  width=width, height=height, deviceScaleFactor=1, mobile=False)  # fmt: skip

    def screenshot(self) -> bytes:
        """A PNG of what the page shows, with its alpha."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._asked += 1
        self._link.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        while (answer := json.loads(self._link.recv(timeout=20))).get("id") != self._asked:
            pass
        found: dict[str, Any] = answer.get("result", {})
        return found

    def close(self) -> None:
        self._stack.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def until(said: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.05)
