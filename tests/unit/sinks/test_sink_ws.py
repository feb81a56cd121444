"""The WebSocket server: what its clients get, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from waiting import free_port, until
from websockets.exceptions import ConnectionClosed
from ws_clients import Start, happy, joined, told
from ws_clients import start as start

from vtdrive.config.load import load_config
from vtdrive.config.sinks import WebSocketSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import SinkUnusable
from vtdrive.sinks import looping
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.ws import WebSocketOutput
from vtdrive.types import Profile


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
