"""The WebSocket server: who comes in, what they get, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from vtdrive.config.load import load_config
from vtdrive.config.sinks import WebSocketSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import SinkUnusable
from vtdrive.sinks import looping
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.ws import WebSocketOutput
from vtdrive.sinks.ws_door import Refused, admit
from vtdrive.types import AvatarFrame, Profile
from vtdrive.wire.stream import FIELDS


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(said: Callable[[], object], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.005)


Start = Callable[..., WebSocketOutput]


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[WebSocketOutput] = []

    def opened(schema: Any = FULL, **options: Any) -> WebSocketOutput:
        options.setdefault("port", free_port())
        sink = WebSocketOutput(WebSocketSink(**options))
        made.append(sink)
        sink.open(schema)
        until(lambda: sink.stats.connected)
        return sink

    yield opened
    for sink in made:
        sink.close()


def joined(sink: WebSocketOutput, path: str = "/", **options: Any) -> ClientConnection:
    link: ClientConnection = connect(f"ws://127.0.0.1:{sink.port}{path}", **options)
    return link


def told(link: ClientConnection) -> Any:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(link.recv(timeout=5), parse_constant=refuse)


def happy(seq: int = 0, t_ns: int = 0) -> AvatarFrame:
    return frame_of(FULL, posed(FULL, {"jawOpen": 0.5}), seq=seq, t_ns=t_ns)


def test_a_client_is_greeted_and_gets_each_frame(start: Start) -> None:
    sink = start()
    with joined(sink) as link:
        hello = told(link)
        assert (hello["type"], hello["v"], hello["bones"]) == ("hello", 1, [*FULL.bones])
        assert [p["name"] for p in hello["params"]] == [*FULL.names]
        for seq in range(3):
            sink.send(happy(seq, seq * 33_000_000))
            frame = told(link)
            assert (frame["type"], frame["seq"]) == ("frame", seq)
            assert frame["params"]["jawOpen"] == 0.5
        assert frame["t"] == 0.066
        until(lambda: sink.stats.packets == 4)
        assert sink.stats.bytes_sent > 1000
        assert "1 client" in sink.stats.note
    until(lambda: "0 clients" in sink.stats.note)


def test_a_client_may_want_less(start: Start) -> None:
    sink = start(fields=("emotion", "speaking", "head"))
    with joined(sink, "/?fields=emotion,params&max_hz=10") as link:
        hello = told(link)
        assert (hello["fields"], hello["max_hz"]) == (["emotion"], 10)
        for seq in range(30):
            sink.send(happy(seq, seq * 33_333_333))
            time.sleep(0.01)
        got = [told(link) for _ in range(10)]
        assert set(got[0]) == {"type", "v", "seq", "t", "status", "emotion"}
        assert [frame["seq"] for frame in got] == pytest.approx(range(0, 30, 3), abs=1)


def test_new_names_are_told_before_the_first_frame_with_them(start: Start) -> None:
    sink = start()
    with joined(sink, "/?fields=params") as link:
        told(link)
        sink.send(happy(1))
        assert len(told(link)["params"]) == len(FULL.params)
        sink.open(SMALL)
        sink.send(frame_of(SMALL, seq=2))
        assert [p["name"] for p in told(link)["params"]] == [*SMALL.names]
        assert told(link)["params"].keys() == set(SMALL.names)


def test_no_nan_reaches_anybody(start: Start) -> None:
    sink = start()
    with joined(sink) as link:
        told(link)
        bad = frame_of(FULL, posed(FULL, {"jawOpen": float("nan")}, root_m=(np.inf, 0, 0)))
        sink.send(bad)
        frame = told(link)
        assert frame["params"]["jawOpen"] is None
        assert frame["root_m"][0] is None


def test_a_client_that_never_reads_costs_the_others_nothing(start: Start) -> None:
    sink = start(max_clients=2)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", sink.port))
        stuck.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        with joined(sink) as link:
            until(lambda: "2 clients" in sink.stats.note)
            got = len(link.recv(timeout=5))
            for seq in range(300):
                sink.send(happy(seq, seq))
                text = link.recv(timeout=5)
                assert json.loads(text)["seq"] == seq
                got += len(text)
        # Bounded: what the stuck one did not take was overwritten, not kept.
        assert sink.stats.bytes_sent - got < got / 4
        assert sink.stats.dropped > 200


def test_what_a_slow_client_reads_last_is_the_newest(start: Start) -> None:
    sink = start()
    with joined(sink, max_queue=1) as link:
        for seq in range(2000):
            sink.send(happy(seq, seq))
            if seq % 50 == 0:
                time.sleep(0.001)
        time.sleep(0.3)
        last = -1
        while last != 1999:
            last = told(link).get("seq", -1)


def test_the_last_frame_arrives_before_the_end(start: Start) -> None:
    sink = start()
    with joined(sink) as link:
        told(link)
        sink.send(happy(7))
        sink.close()
        assert told(link)["seq"] == 7
        with pytest.raises(ConnectionClosed):
            link.recv(timeout=5)
        assert link.close_code in (1000, 1001)


def test_a_taken_port_is_a_sentence_and_is_taken_over_later(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(looping, "_LONGEST_PAUSE_S", 0.1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        sink = WebSocketOutput(WebSocketSink(port=port))
        sink.open(FULL)
        until(lambda: sink.stats.last_error)
        assert f"another program has port {port}" in sink.stats.last_error
        assert "another port" in sink.stats.remedy
        assert sink.stats.connected is False
        sink.send(happy())
    until(lambda: sink.stats.connected)
    assert sink.stats.last_error == ""
    with joined(sink) as link:
        assert told(link)["type"] == "hello"
    sink.close()


def test_an_address_of_another_machine_is_a_sentence() -> None:
    sink = WebSocketOutput(WebSocketSink(host="192.0.2.1", port=free_port()))
    sink.open(FULL)
    until(lambda: sink.stats.last_error)
    assert "cannot listen there" in sink.stats.last_error
    assert "127.0.0.1" in sink.stats.remedy
    sink.close()


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


def test_the_page_is_served_and_a_users_own_too(start: Start, tmp_path: Path) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("<p>é", encoding="utf-8")
    for sink, wanted in ((start(), b"vtdrive overlay"), (start(page=str(mine)), "é".encode())):
        with urllib.request.urlopen(f"http://127.0.0.1:{sink.port}/?token=x") as answer:
            assert wanted in answer.read()
            assert answer.headers["Content-Type"].startswith("text/html")
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"http://127.0.0.1:{sink.port}/etc/passwd")
        with closing(missing.value):
            assert missing.value.code == 404


def test_a_page_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    sink = make_sink(WebSocketSink(port=free_port(), page=str(tmp_path / "no.html")))
    with pytest.raises(SinkUnusable, match="cannot read the page"):
        sink.open(FULL)
    sink.close()


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


def test_the_url_has_it_all() -> None:
    config = parse_sink_url("ws://0.0.0.0:9?fields=emotion,head&origins=null&max_hz=30")
    assert config == WebSocketSink(
        host="0.0.0.0",
        port=9,
        fields=("emotion", "head"),
        origins=("null",),
        max_hz=30,
    )
    assert config.profile == Profile()


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


def test_closing_while_a_client_is_stuck_takes_no_time(start: Start) -> None:
    sink = start()
    with joined(sink, max_queue=1, close_timeout=0.1):
        for seq in range(3000):
            sink.send(happy(seq, seq))
        before = time.monotonic()
        sink.close()
        assert time.monotonic() - before < 2.5
    assert sink.stats.last_error == ""


def test_an_event_loop_of_the_caller_is_left_alone(start: Start) -> None:
    sink = start()

    async def inside() -> None:
        sink.send(happy())
        await asyncio.sleep(0)

    asyncio.run(inside())


def test_the_preset_the_page_and_the_url_agree() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "how-to" / "overlays.md").read_text("utf-8")
    typed = next(line for line in page.splitlines() if line.startswith("vtdrive run"))
    preset = load_config([root / "configs" / "overlay.toml"]).sinks
    assert preset == [parse_sink_url(typed.split('"')[1])]
