"""The overlay in a real browser, against the running server."""

from __future__ import annotations

import dataclasses
import math
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from avatar_frames import FULL, frame_of, posed
from browser import CHROMIUM, Browser, until
from pydantic import SecretStr

from vtdrive.config.sinks import WebSocketSink
from vtdrive.sinks.ws import WebSocketOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, EmotionState, Profile, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

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


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[[str], Browser]]:
    made: list[Browser] = []

    def start(address: str) -> Browser:
        made.append(Browser(address, tmp_path / f"profile{len(made)}"))
        return made[-1]

    yield start
    for browser in made:
        browser.close()


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


def shown(browse: Browse, options: WebSocketSink, frame: AvatarFrame, wanted: str) -> str:
    """The page once it holds `wanted`, while `frame` is sent again and again."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    sink = WebSocketOutput(options.model_copy(update={"port": port}))
    sink.open(FULL)
    browser = browse(f"http://127.0.0.1:{port}/")
    page = ""

    def seen() -> bool:
        nonlocal page
        sink.send(frame)
        page = browser.html()
        return wanted in page

    try:
        until(seen)
    finally:
        sink.close()
    return page


@pytest.mark.parametrize("mirror", [False, True])
def test_turn_tilt_and_wink_are_on_the_same_side(browse: Browse, mirror: bool) -> None:
    """Towards the user's left: the right of a picture that looks at you, the left of a mirror."""
    name = "eyeBlinkRight" if mirror else "eyeBlinkLeft"
    profile = Profile(mirror=mirror)
    frame = frame_of(FULL, posed(FULL, {name: 1.0}), seq=9, profiles=(profile,))
    left = quat_from_euler(yaw=math.radians(20), pitch=0.0, roll=math.radians(-15))
    frame = dataclasses.replace(
        frame, state=dataclasses.replace(frame.state, head_xyzw=frozen(left))
    )
    page = shown(browse, WebSocketSink(mirror=mirror), frame, 'data-seq="9"')
    turned = re.search(r'<g id="head" transform="translate\((\S+) \S+\) rotate\((\S+)\)"', page)
    assert turned is not None
    side = -1.0 if mirror else 1.0
    assert float(turned[1]) == pytest.approx(side * 10.0, abs=0.1)
    # SVG turns clockwise: the crown goes to the right with a positive angle.
    assert float(turned[2]) == pytest.approx(side * 15.0, abs=0.1)
    shut = "eyeL" if mirror else "eyeR"
    assert re.search(rf'<ellipse id="{shut}"[^>]*ry="1\.5"', page)


def test_the_page_shows_what_there_is(browse: Browse) -> None:
    frame = frame_of(FULL, seq=9)
    only = WebSocketSink(fields=("emotion",))
    assert '<div id="name">neutral</div>' in shown(browse, only, frame, 'data-seq="9"')
    shown(browse, WebSocketSink(fields=("head",)), frame, 'data-seq="9"')
