"""Who is let in to see the avatar, and who is not."""

from __future__ import annotations

import json
import random
import socket
from contextlib import suppress

import pytest
from page_watch import (
    Start,
    asked,
    body,
    drained,
    joined,
    message,
    picture,
    port_of,
    puppet,
    start_page,
    status,
    token,
    watched,
)
from waiting import until
from websockets.exceptions import InvalidStatus

from vtdrive.render.stage import page_server

__all__ = ["start_page"]


@pytest.mark.parametrize(
    ("target", "headers", "host", "wanted", "said"),
    [
        ("/", (), "", 403, "token is missing or wrong"),
        ("/?token=", (), "", 403, "token is missing or wrong"),
        ("/?token=TOKENx", (), "", 403, "token is missing or wrong"),
        ("/mjpeg", (), "", 403, "token is missing or wrong"),
        ("/still.png?token=%C3%A4", (), "", 403, "token is missing or wrong"),
        ("/?token=TOKEN", (), "evil.example", 403, "not this server"),
        ("/?token=TOKEN", (), "evil.example:8770", 403, "not this server"),
        ("/?token=TOKEN", ("Origin: https://evil.example",), "", 403, "may not see"),
        ("/?token=TOKEN", ("Origin: null",), "", 403, "may not see"),
        ("/stream?token=TOKEN", ("Origin: http://127.0.0.1",), "", 403, "may not see"),
        ("/nothing?token=TOKEN", (), "", 404, "nothing at this address"),
        ("/favicon.ico", (), "", 404, "nothing at this address"),
        ("/mjpeg?token=TOKEN&background=grass", (), "", 400, "is no colour"),
        ("/mjpeg?token=TOKEN&back=000000", (), "", 400, "no option 'back'"),
        ("/?token=TOKEN&token=TOKEN", (), "", 400, "given twice"),
        ("/?token=TOKEN", ("Content-Length: 99999",), "", 413, "bytes of body"),
        ("/?token=TOKEN", ("X: " + "a" * 9000,), "", 431, "bytes of headers"),
    ],
)
def test_strangers_are_turned_away(
    start_page: Start, target: str, headers: tuple[str, ...], host: str, wanted: int, said: str
) -> None:
    page = start_page()
    answer = asked(page, target, *headers, host=host)
    assert status(answer) == wanted
    assert said in json.loads(body(answer))["said"]
    assert token().encode() not in answer
    assert (said in page.stats.last_error) == (wanted == 403)
    assert status(asked(page, "/?token=TOKEN")) == 200


def test_only_get_is_answered(start_page: Start) -> None:
    page = start_page()
    assert status(asked(page, "/?token=TOKEN", method="POST")) == 405


def test_a_stream_is_opened_by_our_own_page_alone(start_page: Start) -> None:
    page = start_page()
    own = f"http://127.0.0.1:{port_of(page)}"
    with joined(page, origin=own):
        until(watched(page))
    for stranger in ("https://evil.example", "null", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused:
            joined(page, origin=stranger)
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        joined(page, "/stream?token=wrong")
    # Plain HTTP there is told what is missing.
    assert status(asked(page, "/stream?token=TOKEN")) == 426
    until(watched(page, 0))


def test_open_to_all_is_said_plainly(start_page: Start) -> None:
    page = start_page(host="0.0.0.0")
    assert f"port {port_of(page)} is open to every device in every network" in page.stats.note
    assert "whoever has that URL sees your avatar" in page.stats.note
    assert f"http://127.0.0.1:{port_of(page)}/?token=" in page.stats.note
    assert status(asked(page, "/?token=TOKEN")) == 200
    assert status(asked(page, "/?token=TOKEN", host="192.168.1.20:8770")) == 200
    assert status(asked(page, "/?token=TOKEN", host="evil.example")) == 403


@pytest.mark.parametrize("ugly", ["k", "x" * 2000, b"\0" * 900])
def test_who_chatters_is_shown_the_door(start_page: Start, ugly: str | bytes) -> None:
    page = start_page()
    with joined(page) as link:
        link.send(ugly)
        assert drained(link) in (1008, 1009)
    until(watched(page, 0))


def test_half_a_request_is_not_waited_for(
    start_page: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_server, "_READ_S", 0.1)
    page = start_page()
    with socket.create_connection(("127.0.0.1", port_of(page)), timeout=5) as link:
        link.sendall(b"GET /?token=")
        assert link.recv(100) == b""


@pytest.mark.parametrize(
    "ugly",
    [
        b"",
        b"\0" * 20_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # a browser that tries TLS
        b"GET /" + b"a" * 50_000,
        b"GET / HTTP/1.1\r\n" * 2000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://127.0.0.1/ HTTP/1.1\r\n\r\n",
        b"\xff\xfe /\xe4 HTTP/9\r\n\r\n",
    ],
    ids=range(8),
)
def test_what_is_no_request_does_no_harm(start_page: Start, ugly: bytes) -> None:
    page = start_page()
    # OSError: the server may have had enough already.
    with suppress(OSError), socket.create_connection(("127.0.0.1", port_of(page)), 5) as link:
        link.sendall(ugly)
        link.shutdown(socket.SHUT_WR)
        while link.recv(65536):
            pass
    assert status(asked(page, "/?token=TOKEN")) == 200


def test_ugly_frames_end_one_stream_only(start_page: Start) -> None:
    page = start_page()
    rng = random.Random(7)
    with joined(page) as good:
        for _ in range(30):
            with joined(page) as link, suppress(OSError):
                link.socket.sendall(rng.randbytes(rng.choice((1, 2, 9, 300, 5000))))
                link.socket.shutdown(socket.SHUT_WR)
        until(lambda: page._server is not None and len(page._server._watchers) == 1)
        page.show(picture(puppet(), 3))
        assert message(good)[0]["seq"] == 3
