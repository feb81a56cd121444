"""The avatar's page in a real browser: alpha, colours, and coming back by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import CHROMIUM, Browser, until
from page_watch import Start, avatar, over, picture, port_of, puppet, start_page, token
from skimage.metrics import structural_similarity

from vtdrive.render.stage.page import Page
from vtdrive.render.stage.page_file import waiting_page_path
from vtdrive.types import U8

__all__ = ["start_page"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
]
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
SIZE = (1280, 720)
mimi, mochi = partial(avatar, "mimi"), partial(avatar, "mochi")


@contextmanager
def playing(page: Page, *shown: U8) -> Iterator[None]:
    """Shows these pictures in turns, thirty times a second."""
    over_now = threading.Event()

    def play() -> None:
        seq = 0
        while not over_now.wait(1 / 30):
            page.show(picture(shown[seq % len(shown)], seq))
            seq += 1

    player = threading.Thread(target=play)
    player.start()
    try:
        yield
    finally:
        over_now.set()
        player.join()


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    made: list[Browser] = []

    def start(page: Page, more: str = "", flags: tuple[str, ...] = WEBGL) -> Browser:
        address = f"http://127.0.0.1:{port_of(page)}/?token={token()}{more}"
        browser = Browser(address, tmp_path / f"profile{len(made)}", flags=flags)
        made.append(browser)
        browser.clear_background(*SIZE)
        return browser

    yield start
    for browser in made:
        browser.close()


Browse = Callable[..., Browser]


def live(browser: Browser) -> bool:
    return 'data-state="live"' in browser.html()


def screenshot(browser: Browser) -> U8:
    """(H, W, 4) straight RGBA of what the page shows."""
    png = cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_UNCHANGED)
    shown: U8 = cv2.cvtColor(png, cv2.COLOR_BGRA2RGBA)
    return shown


def premultiplied(straight: U8) -> U8:
    colour = np.rint(straight[..., :3] * (straight[..., 3:] / 255.0)).astype(np.uint8)
    return np.dstack([colour, straight[..., 3]])


def assert_like(shown: U8, rgba: U8) -> None:
    assert shown.shape == rgba.shape
    ours = premultiplied(shown)
    for background in ((0, 0, 0), (255, 255, 255), (30, 140, 60)):
        alike = structural_similarity(
            over(ours, background), over(rgba, background), channel_axis=2, data_range=255
        )
        print(f"SSIM on {background}: {alike:.4f}")
        assert alike >= 0.95
    alpha, kernel = np.ascontiguousarray(rgba[..., 3]), np.ones((5, 5))
    clear, solid = cv2.dilate(alpha, kernel) == 0, cv2.erode(alpha, kernel) == 255
    assert shown[0, 0, 3] == shown[0, -1, 3] == 0
    assert (ours[..., 3][clear] > 0).mean() < 0.001
    assert (ours[..., 3][solid] < 255).mean() < 0.01
    core = cv2.erode(alpha, np.ones((25, 25))) == 255
    assert core.any()
    assert (ours[..., 3][core] == 255).all()
    # No fringe: along the outline no side of it is lighter or darker than ours, on the whole.
    edge = (alpha > 8) & (alpha < 248)
    off: Any = (over(ours, (255, 255, 255)) - over(rgba, (255, 255, 255)))[edge]
    print(f"outline: mean {off.mean():+.2f}, rms {np.sqrt((off**2).mean()):.2f} of 255")
    assert abs(off.mean()) < 3


@pytest.mark.parametrize(
    ("rgba", "way"),
    [(puppet, "webgl"), (puppet, "by hand"), (mimi, "webgl"), (mochi, "webgl")],
)
def test_the_page_shows_our_picture_with_its_alpha(
    start_page: Start, browse: Browse, rgba: Callable[[int, int], U8], way: str
) -> None:
    page = start_page(size=SIZE)
    browser = browse(page) if way == "webgl" else browse(page, "#2d", ())
    with playing(page, rgba(*SIZE)):
        until(lambda: live(browser))
        assert browser.value("painter.constructor.name") == (
            "WithGl" if way == "webgl" else "ByHand"
        )
        assert_like(screenshot(browser), rgba(*SIZE))


def test_the_page_takes_thirty_a_second(start_page: Start, browse: Browse) -> None:
    page = start_page(size=SIZE)
    browser = browse(page)
    with playing(page, *(puppet(*SIZE, step) for step in range(5))):
        until(lambda: live(browser))
        before = int(browser.value("drawn"))
        until(lambda: int(browser.value("drawn")) > before + 60, seconds=20)
    assert page.stats.last_error == ""


def test_the_page_is_clear_while_vtdrive_is_away_and_comes_back(
    start_page: Start, browse: Browse
) -> None:
    page = start_page(size=SIZE)
    browser = browse(page)
    with playing(page, puppet(*SIZE)):
        until(lambda: live(browser))
    page.close()
    until(lambda: not live(browser))
    assert not screenshot(browser).any()
    page.open(*SIZE, 30.0)
    with playing(page, puppet(*SIZE, 3)):
        until(lambda: live(browser))
        assert_like(screenshot(browser), puppet(*SIZE, 3))


def test_the_local_file_waits_for_vtdrive(start_page: Start, tmp_path: Path) -> None:
    """OBS often starts first; then there is no page yet that could come back."""
    page = start_page(size=SIZE)
    page.close()
    browser = Browser(waiting_page_path(port_of(page)).as_uri(), tmp_path / "own", flags=WEBGL)
    try:
        browser.clear_background(*SIZE)
        time.sleep(2)
        assert browser.html().count("<script>") == 1
        assert not screenshot(browser).any()
        page.open(*SIZE, 30.0)
        with playing(page, puppet(*SIZE)):
            until(lambda: live(browser))
            assert_like(screenshot(browser), puppet(*SIZE))
        assert page.stats.last_error == ""
    finally:
        browser.close()


def test_a_server_that_falls_silent_is_left(start_page: Start, browse: Browse) -> None:
    """As by a machine that sleeps: the connection stands, and nothing comes."""
    page = start_page(size=SIZE)
    browser = browse(page)
    with playing(page, puppet(*SIZE)):
        until(lambda: live(browser))
        assert page._server is not None
        silent = threading.Event()
        page._server._soon(lambda: silent.wait(8))
        until(lambda: not live(browser), seconds=8)
        silent.set()
        until(lambda: live(browser))


def test_another_page_cannot_show_it(start_page: Start, browse: Browse) -> None:
    page, other = start_page(size=SIZE), start_page(size=SIZE)
    browser = browse(page)
    with playing(page, puppet(*SIZE)):
        until(lambda: live(browser))
        stream = f"ws://127.0.0.1:{port_of(other)}/stream?token={token()}"
        browser.value(f"window.stranger = new WebSocket('{stream}'), 0")
        until(lambda: "may not see the avatar" in other.stats.last_error)
        until(lambda: int(browser.value("stranger.readyState")) == 3)


def test_the_feed_in_a_picture_element(start_page: Start, browse: Browse) -> None:
    page = start_page(size=SIZE)
    browser = browse(page)
    with playing(page, puppet(*SIZE)):
        until(lambda: live(browser))
        browser.go(f"http://127.0.0.1:{port_of(page)}/mjpeg?token={token()}&background=0000ff")
        browser.clear_background(*SIZE)
        until(lambda: page._server is not None and (0, 0, 255) in page._server.wanted)
        until(lambda: screenshot(browser)[2, 2].tolist()[2:] >= [250, 255])
        shown = screenshot(browser)
    alike = structural_similarity(
        shown[..., :3].astype(float), over(puppet(*SIZE), (0, 0, 255)), channel_axis=2,
        data_range=255,
    )  # fmt: skip
    assert alike >= 0.95
