"""The overlay in a real browser, against the running server."""

from __future__ import annotations

import dataclasses
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from avatar_frames import FULL, frame_of, posed
from pydantic import SecretStr

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


def shown(address: str, folder: Path) -> str:
    """The page as the browser has it after 3 s of its own time."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}",
        "--virtual-time-budget=3000", "--timeout=6000", "--dump-dom", address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def test_the_page_of_the_server_shows_emotion_and_mouth(
    serving: WebSocketOutput, tmp_path: Path
) -> None:
    page = shown(f"http://127.0.0.1:{serving.port}/", tmp_path)
    assert 'data-emotion="anger"' in page
    assert 'data-mouth="0.60"' in page
    assert '<div id="card" class="">' in page
    assert re.search(r'<div id="name">anger</div>', page)
    # The user's left eye, which is shut, is on the right of the picture.
    assert re.search(r'<ellipse id="eyeR"[^>]*ry="1\.5"', page)
    assert re.search(r'<ellipse id="eyeL"[^>]*ry="13"', page)


def test_a_page_from_a_file_needs_leave(serving: WebSocketOutput, tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "vtdrive" / "sinks" / "overlay.html"
    seen = shown(f"{page.as_uri()}?at=127.0.0.1:{serving.port}", tmp_path)
    assert "data-emotion" not in seen
    assert "'null' may not read the face" in serving.stats.last_error


def test_a_page_from_a_file_with_leave(serving: WebSocketOutput, tmp_path: Path) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    sink = WebSocketOutput(WebSocketSink(port=port, token=SecretStr("abc")))
    sink.open(FULL)
    sink.send(frame_of(FULL))
    page = Path(__file__).parents[2] / "vtdrive" / "sinks" / "overlay.html"
    got: list[str] = []
    asking = threading.Thread(
        target=lambda: got.append(shown(f"{page.as_uri()}?at=127.0.0.1:{port}&token=abc", tmp_path))
    )
    asking.start()
    while asking.is_alive():
        sink.send(frame_of(FULL, seq=9))
        asking.join(0.05)
    sink.close()
    assert 'data-emotion="neutral"' in got[0]
