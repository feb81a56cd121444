"""The door of the WebSocket server: who comes in, and who stays out."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from waiting import until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from ws_clients import Start, joined, told
from ws_clients import start as start

from vtdrive.sinks.ws_door import Refused, admit
from vtdrive.wire.stream import FIELDS


def test_strange_pages_stay_out_and_the_user_is_told(start: Start) -> None:
    sink = start()
    with pytest.raises(InvalidStatus) as refused:
        joined(sink, origin="https://evil.example")
    assert refused.value.response.status_code == 403
    assert "evil.example" in sink.stats.last_error
    with joined(sink, origin=f"http://localhost:{sink.port}") as link:
        assert told(link)["type"] == "hello"
    until(lambda: sink.stats.last_error == "")


def test_too_many_clients_are_turned_away(start: Start) -> None:
    sink = start(max_clients=1)
    with joined(sink):
        until(lambda: "1 client" in sink.stats.note)
        with pytest.raises(InvalidStatus) as refused:
            joined(sink)
        assert refused.value.response.status_code == 503
        assert "1 already" in sink.stats.last_error
        with pytest.raises(InvalidStatus):
            joined(sink, origin="https://evil.example")
        assert "origins=" in sink.stats.last_error
        assert "max_clients" not in sink.stats.remedy, "that would not help them"


def test_a_client_that_talks_and_talks_is_shown_the_door(start: Start) -> None:
    sink = start()

    def talk() -> None:
        for _ in range(2000):
            link.send("x" * 100)
            time.sleep(0.001)

    with joined(sink) as link, pytest.raises(ConnectionClosed):
        talk()
    assert link.close_code == 1008


@pytest.mark.parametrize(
    "ugly",
    [
        b"\x00" * 300,
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
        b"GET /?fields=" + b"a," * 2000 + b" HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nOrigin: http://[::1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_ugly_requests_hurt_nobody(start: Start, ugly: bytes) -> None:
    sink = start()
    with socket.create_connection(("127.0.0.1", sink.port), timeout=6) as link:
        link.sendall(ugly)
        link.shutdown(socket.SHUT_WR)
        link.settimeout(6)
        try:
            answer = link.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert b" 101 " not in answer
    with joined(sink) as good:
        assert told(good)["type"] == "hello"


def test_who_can_reach_it_is_said(start: Start) -> None:
    sink = start(host="0.0.0.0")
    assert "open to every device" in sink.stats.note
    assert "token" in sink.stats.note
    assert "device" not in start().stats.note


LOCAL: dict[str, Any] = dict(host="127.0.0.1:8765", fields=FIELDS, token="", origins=())


@pytest.mark.parametrize(
    ("origin", "host", "in_"),
    [
        (None, "127.0.0.1:8765", True),
        ("http://127.0.0.1:8765", "127.0.0.1:8765", True),
        ("http://localhost:3000", "localhost:8765", True),
        ("http://[::1]:8765", "[::1]:8765", True),
        ("http://192.168.1.5:8765", "192.168.1.5:8765", True),
        ("http://192.168.1.9:8765", "192.168.1.5:8765", False),
        # A sandboxed frame of any page calls itself null.
        ("null", "127.0.0.1:8765", False),
        ("", "127.0.0.1:8765", False),
        ("https://evil.example", "127.0.0.1:8765", False),
        # A name that its owner makes point here.
        ("http://evil.example:8765", "evil.example:8765", False),
        ("http://127.0.0.1.evil.example", "127.0.0.1:8765", False),
        ("http://localhost.evil.example", "127.0.0.1:8765", False),
        ("http://127.0.0.1@evil.example", "127.0.0.1:8765", False),
        ("ftp://127.0.0.1", "127.0.0.1:8765", False),
        ("http://[", "127.0.0.1:8765", False),
        ("http://127.0.0.1:99999999", "127.0.0.1:8765", False),
    ],
)
def test_which_pages_come_in(origin: str | None, host: str, in_: bool) -> None:
    def go(**more: Any) -> None:
        admit("/", **(LOCAL | dict(origin=origin, host=host) | more))

    if in_:
        go()
    else:
        with pytest.raises(Refused) as caught:
            go()
        assert caught.value.status == 403
        if origin:
            go(origins=(origin,))
        go(origins=("*",))


def test_a_token_is_asked_of_everyone_and_enough() -> None:
    keyed: dict[str, Any] = LOCAL | dict(token="öpen")
    for path in ("/", "/?token=", "/?token=ope", "/?token=%C3%B6penn"):
        with pytest.raises(Refused, match="token"):
            admit(path, origin=None, **keyed)
    admit("/?token=%C3%B6pen", origin="https://evil.example", **keyed)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/?fields=face", "no field 'face'"),
        ("/?max_hz=-1", "no number from 0"),
        ("/?max_hz=nan", "no number from 0"),
        ("/?max_hz=1e9", "no number from 0"),
        ("/?speed=3", "no option 'speed'"),
        ("/?" + "&".join(["fields=head"] * 40), "cannot be read"),
    ],
)
def test_a_wish_that_makes_no_sense_is_answered(path: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        admit(path, origin=None, **LOCAL)


@given(st.text(max_size=60), st.none() | st.text(max_size=40), st.none() | st.text(max_size=40))
def test_the_door_lets_in_or_refuses_and_never_breaks(
    path: str, origin: str | None, host: str | None
) -> None:
    try:
        wish = admit(path, origin=origin, host=host, fields=FIELDS, token="", origins=())
    except Refused:
        return
    assert set(wish.fields) <= set(FIELDS)
    assert 0 <= wish.max_hz <= 1000


@pytest.mark.parametrize("from_file", [True, False])
def test_a_token_from_config_or_environment(
    start: Start, monkeypatch: pytest.MonkeyPatch, from_file: bool
) -> None:
    if not from_file:
        monkeypatch.setenv("VTDRIVE_WS_TOKEN", "open sesame")
    sink = start(token=SecretStr("open sesame" if from_file else ""))
    with pytest.raises(InvalidStatus):
        joined(sink)
    assert "token" in sink.stats.last_error
    assert "sesame" not in sink.stats.last_error
    with joined(sink, "/?token=open+sesame") as link:
        assert told(link)["type"] == "hello"
