"""The program itself with its page, killed and started again, before a browser that stays."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser import CHROMIUM, Browser, until
from conftest import Start
from waiting import free_port

from vtdrive.demo import demo_clip
from vtdrive.types import U8

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
]
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")


def screenshot(browser: Browser) -> U8:
    """(H, W, 4) of what the page shows."""
    png = np.frombuffer(browser.screenshot(), np.uint8)
    shown: U8 = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    return shown


def test_a_run_that_is_killed_leaves_nothing_and_the_next_is_seen(
    start: Start, home: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    folder = Path(home["XDG_CONFIG_HOME"]) / "vtdrive"
    words = ("run", "--source", str(demo_clip()), "--loop", "--no-emotion", "--quiet",
             "--avatar", "mochi", "--sink", f"page://127.0.0.1:{port}")  # fmt: skip
    first = start(*words)
    file = folder / f"avatar-page-{port}.html"
    until(file.exists, seconds=90)
    browser = Browser(file.as_uri(), tmp_path / "profile", flags=WEBGL)
    try:
        browser.clear_background(1280, 720)
        until(lambda: 'data-state="live"' in browser.html(), seconds=90)
        shown = screenshot(browser)
        assert shown[0, 0, 3] == shown[0, -1, 3] == 0
        assert (shown[..., 3] == 255).mean() > 0.1

        first.send_signal(signal.SIGKILL)
        first.wait(10)
        until(lambda: 'data-state="away"' in browser.html(), seconds=20)
        assert not screenshot(browser).any()
        with pytest.raises(urllib.error.URLError):  # its painter has ended with it
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)

        start(*words)
        until(lambda: 'data-state="live"' in browser.html(), seconds=90)
        assert (screenshot(browser)[..., 3] == 255).mean() > 0.1
    finally:
        browser.close()
