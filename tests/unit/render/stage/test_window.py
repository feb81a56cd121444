"""The window on a screen that nobody sees."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from waiting import until
from x_screen import XScreen, missing_programs

from vtdrive.config.sinks.window import WindowSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.render.pictures import checkerboard
from vtdrive.render.stage.output import Output, Picture
from vtdrive.render.stage.window import Window, no_screen
from vtdrive.types import U8

needs_x = pytest.mark.skipif(
    sys.platform != "linux" or bool(missing_programs()),
    reason=f"not installed: {missing_programs()}",
)
WIDTH, HEIGHT = 320, 240


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[XScreen]:
    with XScreen(tmp_path) as screen:
        yield screen
    assert not [t for t in threading.enumerate() if t.name == "window"]


def picture(seq: int = 0, red: int = 200) -> Picture:
    """Left: nothing. Then opaque red, then blue that is half transparent."""
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    rgba[:, 100:200] = (red, 0, 0, 255)
    rgba[:, 200:] = (0, 0, 128, 128)
    rgba.setflags(write=False)
    return Picture(rgba, seq, 0, 0)


def seen(screen: XScreen) -> U8:
    return screen.picture()[:HEIGHT, :WIDTH]


def shows(screen: XScreen, red: int) -> bool:
    return bool(np.array_equal(seen(screen)[120, 150], (red, 0, 0)))


def noted(window: Window) -> str:
    window.show(picture())
    return window.stats.note


def test_it_is_an_output() -> None:
    assert isinstance(Window(WindowSink()), Output)
    Window(WindowSink()).close()


@needs_x
def test_it_shows_pictures_before_a_checkerboard_until_it_is_closed(screen: XScreen) -> None:
    window = Window(WindowSink(title="Mochi ♥", on_top=True), environ=screen.environ)
    try:
        window.open(WIDTH, HEIGHT, 30.0)
        until(lambda: window.stats.connected)
        board = checkerboard(WIDTH, HEIGHT)
        until(lambda: np.array_equal(seen(screen), board))
        for red in (200, 90):
            window.show(picture(red, red))
            until(lambda wanted=red: shows(screen, wanted))  # type: ignore[misc]
        np.testing.assert_array_equal(seen(screen)[:, :100], board[:, :100])
        half = board[:, 200:] * (127 / 255) + (0, 0, 128)
        np.testing.assert_allclose(seen(screen)[:, 200:], half, atol=1)
        assert window.stats.frames == 2

        number = screen.windows()["Mochi ♥"]
        for letter in "qx\x1b":
            screen.press(number, letter)
        window.show(picture(3, 33))
        until(lambda: shows(screen, 33))

        screen.close_window(number)
        until(lambda: "Mochi ♥" not in screen.windows())
        until(lambda: noted(window))
        assert "window was closed" in window.stats.note
        assert not window.stats.connected
        frames = window.stats.frames
        window.show(picture())
        window.close()
        window.open(WIDTH, HEIGHT, 60.0)  # another rate: no new window for that
        window.show(picture())
        assert window.stats.frames == frames
        assert "Mochi ♥" not in screen.windows()
    finally:
        window.close()


@pytest.mark.slow
@needs_x
def test_it_opens_again_in_another_size(screen: XScreen) -> None:
    window = Window(WindowSink(), environ=screen.environ)
    try:
        for width in (WIDTH, 200):
            window.open(width, HEIGHT, 30.0)
            rgba = np.full((HEIGHT, width, 4), 255, np.uint8)
            window.show(Picture(rgba, 0, 0, 0))
            until(lambda at=width: screen.picture()[99, at - 9].tolist() == [255] * 3)  # type: ignore[misc]
            assert list(screen.windows()) == ["vtdrive avatar"]
            window.close()
            assert screen.windows() == {}
        assert window.stats.note == ""
    finally:
        window.close()


@needs_x
def test_a_screen_that_goes_is_a_fault_that_passes(screen: XScreen) -> None:
    window = Window(WindowSink(), environ=screen.environ)
    try:
        window.open(WIDTH, HEIGHT, 30.0)
        screen.kill()
        with pytest.raises(SinkError, match="the window broke: "):
            until(lambda: window.show(picture()))
        window.close()
        with pytest.raises(SinkUnusable, match=rf"the screen '{screen.display}' cannot be reached"):
            window.open(WIDTH, HEIGHT, 30.0)
    finally:
        window.close()


@pytest.mark.slow
@needs_x
def test_its_process_ends_when_nobody_feeds_it(screen: XScreen) -> None:
    wish = f'{{"title": "x", "on_top": false, "width": {WIDTH}, "height": {HEIGHT}}}'
    with subprocess.Popen(
        [sys.executable, "-m", "vtdrive.render.stage.window_process", wish],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=screen.environ,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert b"vtdrive: ready\n" in iter(process.stdout.readline, b"")
        process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("environ", "system", "says"),
    [
        ({}, "linux", "there is no screen"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "needs X"),
        ({"DISPLAY": ":0"}, "linux", None),
        ({}, "win32", None),
        ({}, "darwin", None),
    ],
)
def test_no_screen_is_said_at_once(environ: dict[str, str], system: str, says: str | None) -> None:
    fault = no_screen(environ, system)
    assert (fault is None) == (says is None)
    if fault is not None and says is not None:
        assert says in fault.what
        assert "use the sink page: or file: instead" in fault.remedy


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_opening_without_a_screen_is_refused_for_good() -> None:
    window = Window(WindowSink(), environ={})
    with pytest.raises(SinkUnusable, match="DISPLAY"):
        window.open(WIDTH, HEIGHT, 30.0)
    window.close()
