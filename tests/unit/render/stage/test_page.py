"""The avatar over HTTP: what clients get, who is let in, and who holds up whom."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from page_watch import (
    Start,
    asked,
    body,
    drained,
    header,
    joined,
    message,
    picture,
    port_of,
    puppet,
    start_page,
    status,
    token,
    watched,
    watching,
)
from waiting import free_port, until

from vtdrive.config.sinks import PageSink
from vtdrive.errors import SinkError
from vtdrive.render.stage import page as page_module
from vtdrive.render.stage import page_client, page_picture
from vtdrive.render.stage.make import make_output
from vtdrive.render.stage.output import Output
from vtdrive.render.stage.page import Page, page_token_path
from vtdrive.render.stage.page_file import waiting_page_path
from vtdrive.render.stage.page_picture import BEAT

__all__ = ["start_page"]


def show(page: Page, *steps: int) -> None:
    for step in steps:
        page.show(picture(puppet(step=step % 5), seq=step))


def feed_of(page: Page, target: str = "/mjpeg?token=TOKEN") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(page), timeout=5)
    connection.request("GET", target.replace("TOKEN", token()))
    return connection.getresponse()


def part_of(feed: http.client.HTTPResponse) -> np.ndarray[Any, Any]:
    """The next picture of a feed, as RGB."""
    length = 0
    while line := feed.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    assert length
    jpeg = np.frombuffer(feed.read(length), np.uint8)
    assert feed.readline() == b"\r\n"
    assert feed.readline() == b"--vtdrive-picture\r\n"
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1])


def test_it_is_the_output_of_its_kind() -> None:
    page = make_output(PageSink(port=9999))
    assert isinstance(page, Page)
    assert isinstance(page, Output)
    assert page.name == "page 127.0.0.1:9999"


def test_its_address_is_told_once_and_works(start_page: Start) -> None:
    page = start_page(size=(1280, 720))
    note = page.stats.note
    base = f"http://127.0.0.1:{port_of(page)}"
    assert f"browser source of 1280x720 with the URL {base}/?token={token()}" in note
    assert f"{base}/mjpeg?token={token()}" in note
    waits = waiting_page_path(port_of(page))
    assert f"the local file {waits}, which waits" in note
    assert waits.stat().st_mode & 0o077 == 0
    assert f'const base = "{base}", token = "{token()}";' in waits.read_text("utf-8")
    assert "open to every device" not in note
    answer = asked(page, "/?token=TOKEN")
    assert status(answer) == 200
    assert b"<canvas" in body(answer)
    assert "connect-src 'self'" in header(answer, "Content-Security-Policy")
    with joined(page):
        until(watched(page))
    show(page, 0)
    assert page.stats.note == note


def test_the_token_is_kept_and_private(start_page: Start) -> None:
    page = start_page()
    first = token()
    assert len(first) > 40
    assert page_token_path().stat().st_mode & 0o077 == 0
    page.close()
    page.open(320, 180, 30.0)
    assert token() == first
    assert status(asked(page, "/?token=TOKEN")) == 200


def test_a_page_gets_the_newest_picture_and_answers(start_page: Start) -> None:
    page = start_page()
    with joined(page) as link:
        until(watched(page))
        assert page.stats.connected
        for seq in range(5):
            show(page, seq)
            head, image = message(link)
            assert (head["seq"], head["width"], head["height"]) == (seq, 320, 180)
            assert image is not None
            link.send("k")
    until(watched(page, 0))
    assert page.stats.packets == 5
    assert page.stats.frames == 5
    assert page.stats.connected is False


def test_nothing_is_encoded_while_nobody_watches_and_once_for_all(
    start_page: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    stacked, flat_jpeg = page_picture.stacked, page_picture.flat_jpeg

    def noting(name: str, work: Callable[..., bytes]) -> Callable[..., bytes]:
        def call(*args: object, **keys: object) -> bytes:
            made.append(name)
            return work(*args, **keys)

        return call

    monkeypatch.setattr(page_module, "stacked", noting("stacked", stacked))
    monkeypatch.setattr(page_module, "flat_jpeg", noting("flat", flat_jpeg))
    page = start_page()
    show(page, 0)
    assert made == []
    with joined(page) as one, joined(page) as other:
        feeds = [
            feed_of(page, f"/mjpeg?token=TOKEN&background={c}") for c in ("ff0000", "%23FF0000")
        ]
        until(watched(page, 2))
        until(lambda: page._server is not None and len(page._server._watchers) == 4)
        show(page, 1)
        assert sorted(made) == ["flat", "stacked"]
        assert message(one)[0] == message(other)[0]
        for feed in feeds:
            assert feed.readline() == b"--vtdrive-picture\r\n"
            assert np.abs(part_of(feed)[0, 0].astype(int) - (255, 0, 0)).max() <= 2
            feed.close()


def test_the_feed_shows_pictures_at_once_on_green(start_page: Start) -> None:
    page = start_page()
    feed = feed_of(page)
    assert feed.getheader("Content-Type") == "multipart/x-mixed-replace; boundary=vtdrive-picture"
    until(watched(page))
    assert feed.readline() == b"--vtdrive-picture\r\n"
    for seq in range(3):
        show(page, seq)
        shown = part_of(feed)  # the boundary behind it has come, too
        assert shown.shape == (180, 320, 3)
        assert np.abs(shown[0, 0].astype(int) - (0, 255, 0)).max() <= 2
    feed.close()


def test_a_still_is_the_newest_picture(start_page: Start) -> None:
    page = start_page()
    answer = asked(page, "/still.png?token=TOKEN")
    assert status(answer) == 404
    assert "no picture yet" in json.loads(body(answer))["said"]
    show(page, 0, 1)
    answer = asked(page, "/still.png?token=TOKEN")
    assert header(answer, "Content-Type") == "image/png"
    png = cv2.imdecode(np.frombuffer(body(answer), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(png[..., 3], puppet(step=1)[..., 3])


def test_pictures_beyond_the_rate_are_left_out(start_page: Start) -> None:
    page = start_page(fps=30.0)
    rgba = puppet()
    for seq in range(120):
        shown = picture(rgba, seq)._replace(painted_ns=seq * 16_666_667 + (seq % 3) * 2_000_000)
        page.show(shown)
    assert 58 <= page.stats.frames <= 61


def test_there_are_at_most_so_many(start_page: Start) -> None:
    page = start_page(max_clients=2)
    with joined(page):
        with joined(page):
            until(lambda: page._server is not None and len(page._server._watchers) == 2)
            answer = asked(page, "/mjpeg?token=TOKEN")
            assert status(answer) == 503
            assert "2 watch already" in page.stats.last_error
            assert page.stats.remedy == "close some, or raise max_clients="
        until(lambda: page._server is not None and len(page._server._watchers) == 1)
        with joined(page) as again:
            show(page, 0)
            assert message(again)[1] is not None
            assert page.stats.last_error == ""


def test_who_takes_nothing_delays_nobody_and_gets_the_newest(start_page: Start) -> None:
    page = start_page(size=(640, 360))
    rgba = puppet(640, 360)
    with joined(page) as stuck, joined(page) as quick, watching(page) as feed:
        until(lambda: page._server is not None and len(page._server._watchers) == 3)
        for seq in range(150):
            page.show(picture(rgba, seq))
            assert message(quick)[0]["seq"] == seq
            quick.send("k")
        assert page.stats.dropped > 100
        # Two were on their way; all that came after was overwritten but for the last.
        assert [message(stuck)[0]["seq"] for _ in range(2)] == [0, 1]
        stuck.send("k")
        assert message(stuck)[0]["seq"] == 149
        del feed


def test_who_hangs_is_left(start_page: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_client, "_STALL_S", 0.1)
    monkeypatch.setattr(page_client, "_BEAT_S", 0.03)
    page = start_page()
    with joined(page) as stuck:
        until(watched(page))
        show(page, 0)
        until(watched(page, 0))
        drained(stuck)


def test_a_page_hears_that_vtdrive_lives(
    start_page: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_client, "_BEAT_S", 0.02)
    page = start_page()
    with joined(page) as link:
        assert link.recv(timeout=5) == BEAT
        assert link.recv(timeout=5) == BEAT


def test_clients_that_die_amid_a_picture_leave_no_trace(start_page: Start) -> None:
    page = start_page(size=(1280, 720))
    rgba = puppet(1280, 720)
    for kill in range(6):
        link = watching(page, "/mjpeg?token=TOKEN")
        until(watched(page))
        for seq in range(3):
            page.show(picture(rgba, seq))
        link.recv(1000)
        # Reset instead of an orderly end, every second time.
        if kill % 2:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        link.close()
        until(watched(page, 0))
    with joined(page) as other:
        until(watched(page))
        show(page, 9)
        assert message(other)[0]["seq"] == 9


def test_a_port_that_is_taken_is_told_and_tried_again(start_page: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        page = Page(PageSink(port=other.getsockname()[1]))
        with pytest.raises(SinkError, match="cannot listen there: address already in use") as fault:
            page.open(320, 180, 30.0)
        assert "a second vtdrive may be running" in fault.value.remedy
        page.close()
    page.open(320, 180, 30.0)
    assert status(asked(page, "/?token=TOKEN")) == 200
    page.close()


@pytest.mark.usefixtures("start_page")
def test_a_token_that_cannot_be_kept_is_told() -> None:
    path = page_token_path()
    path.parent.parent.mkdir()
    path.parent.write_text("a file where a folder belongs")
    with pytest.raises(SinkError, match="cannot be read or written"):
        Page(PageSink(port=free_port())).open(320, 180, 30.0)


def test_the_end_is_told_and_the_next_run_takes_the_same_port(start_page: Start) -> None:
    page = start_page()
    with joined(page) as link, watching(page) as feed:
        until(watched(page, 2))
        show(page, 0)
        began = time.monotonic()
        page.close()
        assert time.monotonic() - began < 1.0
        assert drained(link) == 1001
        while feed.recv(65536):
            pass
    with pytest.raises(SinkError, match="not open"):
        show(page, 1)
    page.open(640, 360, 30.0)
    with joined(page):
        until(watched(page))
    page.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("vtdrive-page")]
