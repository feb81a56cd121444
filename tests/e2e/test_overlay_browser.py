"""The overlay in a real browser, against the running server."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from avatar_frames import FULL, frame_of, posed
from pydantic import SecretStr
from websockets.sync.client import connect

from vtdrive.config.sinks import WebSocketSink
from vtdrive.sinks.ws import WebSocketOutput
from vtdrive.types import EmotionState, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
]


@pytest.fixture
def serving() -> Iterator[WebSocketOutput]:
    """A server to which an angry face with an open mouth is sent, thirty times a second."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    sink = WebSocketOutput(WebSocketSink(port=port))
    sink.open(FULL)
    anger = EMOTION_INDEX["anger"]
    weights = frozen([0.75 * (i == anger) for i in range(len(EMOTIONS))])
    frame = frame_of(FULL, posed(FULL, {"jawOpen": 0.6, "eyeBlinkLeft": 1.0}))
    felt = EmotionState(frame.state.emotion.probs, weights, anger, anger)
    frame = dataclasses.replace(frame, state=dataclasses.replace(frame.state, emotion=felt))
    over = threading.Event()

    def play() -> None:
        seq = 0
        while not over.wait(1 / 30):
            seq += 1
            sink.send(dataclasses.replace(frame, seq=seq, t_ns=time.monotonic_ns()))

    player = threading.Thread(target=play)
    player.start()
    yield sink
    over.set()
    player.join()
    sink.close()


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
        """The document as it is now."""
        asked = {"expression": "document.documentElement.outerHTML"}
        self._link.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": asked}))
        while "id" not in (answer := json.loads(self._link.recv(timeout=20))):
            pass
        return str(answer["result"]["result"]["value"])

    def close(self) -> None:
        self._stack.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[[str], Browser]]:
    made: list[Browser] = []

    def start(address: str) -> Browser:
        made.append(Browser(address, tmp_path / f"profile{len(made)}"))
        return made[-1]

    yield start
    for browser in made:
        browser.close()


def until(said: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.05)


Browse = Callable[[str], Browser]


def test_the_page_of_the_server_shows_emotion_and_mouth(
    serving: WebSocketOutput, browse: Browse
) -> None:
    browser = browse(f"http://127.0.0.1:{serving.port}/")
    until(lambda: 'data-emotion="anger"' in browser.html())
    page = browser.html()
    assert 'data-mouth="0.60"' in page
    assert '<div id="card" class="">' in page
    assert re.search(r'<div id="name">anger</div>', page)
    # The user's left eye, which is shut, is on the right of the picture.
    assert re.search(r'<ellipse id="eyeR"[^>]*ry="1\.5"', page)
    assert re.search(r'<ellipse id="eyeL"[^>]*ry="13"', page)


def test_the_page_comes_back_when_vtdrive_does(serving: WebSocketOutput, browse: Browse) -> None:
    port = serving.port
    browser = browse(f"http://127.0.0.1:{port}/")
    until(lambda: 'data-emotion="anger"' in browser.html())
    serving.close()
    until(lambda: '<div id="card" class="away">' in browser.html())
    again = WebSocketOutput(WebSocketSink(port=port))
    again.open(FULL)

    def seen() -> bool:
        again.send(frame_of(FULL, seq=9))
        return 'data-emotion="neutral"' in browser.html()

    until(seen)
    again.close()


def page_file(port: int, more: str = "") -> str:
    page = Path(__file__).parents[2] / "vtdrive" / "sinks" / "overlay.html"
    return f"{page.as_uri()}?at=127.0.0.1:{port}{more}"


def test_a_page_from_a_file_needs_leave(serving: WebSocketOutput, browse: Browse) -> None:
    browser = browse(page_file(serving.port))
    until(lambda: "'null' may not read the face" in serving.stats.last_error)
    assert "data-emotion" not in browser.html()


def test_a_page_from_a_file_with_a_token(browse: Browse) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    sink = WebSocketOutput(WebSocketSink(port=port, token=SecretStr("abc")))
    sink.open(FULL)
    browser = browse(page_file(port, "&token=abc"))

    def seen() -> bool:
        sink.send(frame_of(FULL, seq=9))
        return 'data-emotion="neutral"' in browser.html()

    until(seen)
    sink.close()
