"""VTube Studio absent, gone, slow, hanging or garbled, and coming back."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from fake_vts import FakeVts
from vts_stage import Stage, last, stage
from vts_stage import vts as vts
from waiting import free_port

from vtdrive.config.sinks import VtsSink
from vtdrive.sinks import vts_link


def test_started_late(tmp_path: Path) -> None:
    vts = FakeVts()
    vts.port = free_port()
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "nothing listens on" in play.sink.stats.last_error)
        assert "Start API" in play.sink.stats.remedy
        assert play.sink.stats.connected is False
        with vts:
            assert vts.wait(lambda: len(vts.injections) > 5)
            assert play.sink.stats.last_error == ""
            play.end()


def test_killed_and_restarted(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.stop()
        assert vts.wait(lambda: play.up is False)
        assert play.sink.stats.last_error
        assert play.sink.stats.remedy
        vts.injections.clear()
        vts.start()
        assert vts.wait(lambda: len(vts.injections) > 5)
        assert play.sink.stats.last_error == ""
        assert vts.injections[0].values["Brows"][1] < 0.1  # it fades in again
    assert vts.popups == 1  # the token is still good


def test_absent_is_no_reason_to_close_slowly(tmp_path: Path) -> None:
    vts = FakeVts()
    vts.port = free_port()
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: play.sink.stats.last_error)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 1.0


def test_an_unknown_host(tmp_path: Path) -> None:
    with Stage(VtsSink(host="no-such-host.invalid"), tmp_path) as play:
        assert FakeVts.wait(lambda: "cannot be reached" in play.sink.stats.last_error)
        assert "address" in play.sink.stats.remedy


def test_something_else_listens(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(10)
        with Stage(VtsSink(port=other.getsockname()[1]), tmp_path) as play:
            peer, _ = other.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                assert FakeVts.wait(lambda: "not VTube Studio" in play.sink.stats.last_error)


def test_something_that_says_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts_link, "_CONNECT_S", 0.3)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with Stage(VtsSink(port=other.getsockname()[1]), tmp_path) as play:
            assert FakeVts.wait(lambda: "does not answer" in play.sink.stats.last_error)
            assert "firewall" in play.sink.stats.remedy


def test_a_name_server_that_hangs_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()

    def hang(*_: object, flags: int = 0, **__: object) -> list[object]:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "not in digits")
        hanging.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "never")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with Stage(VtsSink(host="pc.example"), tmp_path) as play:
            assert FakeVts.wait(lambda: "no name server" in play.sink.stats.last_error)
            start = time.monotonic()
            play.end()
            assert time.monotonic() - start < 1.8
            assert "did not close" not in play.sink.stats.last_error
    finally:
        hanging.set()


def test_events_are_never_taken_for_replies(vts: FakeVts, tmp_path: Path) -> None:
    vts.noisy = True
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert play.sink.stats.last_error == ""
        assert vts.errors == []


def test_garbage_between_replies_is_passed_over(vts: FakeVts, tmp_path: Path) -> None:
    head = '{"apiName": "VTubeStudioPublicAPI", "messageType": '
    vts.garbage = [
        "", "{", "[]", "null", b"\x00\xff", "[" * 20_000, "\ud7ff", f'{head}"APIError"}}',
        f'{head}"InjectParameterDataResponse", "requestID": "v1"}}',
        f'{head}"ModelLoadedEvent", "data": []}}', f'{head}7}}',
        f'{head}"HotkeyTriggeredEvent", "data": {{"hotkeyTriggeredByAPI": false}}}}',
    ]  # fmt: skip
    hotkeys = {"happiness": "Smile"}
    with stage(vts, tmp_path, customs="off", emotions=False, hotkeys=hotkeys) as play:
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert play.up
        assert play.sink.stats.last_error == ""


def test_a_message_without_end_ends_the_connection_only(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.garbage = ["x" * (5 << 20)]
        assert vts.wait(lambda: play.up is False)
        vts.garbage = []
        vts.injections.clear()
        assert vts.wait(lambda: len(vts.injections) > 5)


def test_a_slow_server_gets_the_newest(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, customs="off", emotions=False) as play:
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        vts.reply_after_s = 0.15
        time.sleep(0.5)
        vts.injections.clear()
        vts.most_waiting = 0
        play.show({"jawOpen": 1.0})
        shown_s = time.monotonic()
        assert vts.wait(lambda: vts.injections and last(vts, "MouthOpen")[0] == 1.0)
        # Two in flight at 0.15 s each, and one that was being filled.
        assert vts.injections[-1].t_s - shown_s < 0.15 * 3 + 0.3
        time.sleep(1.0)
        assert vts.most_waiting <= 2
        assert play.up


def test_a_server_that_hangs_is_left_and_found_again(
    vts: FakeVts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vtdrive.sinks import vts_inputs

    monkeypatch.setattr(vts_link, "REPLY_S", 0.5)
    monkeypatch.setattr(vts_inputs, "REPLY_S", 0.5)
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.silent = True
        assert vts.wait(lambda: "has not answered for" in play.sink.stats.last_error)
        vts.silent = False
        vts.injections.clear()
        assert vts.wait(lambda: len(vts.injections) > 5, seconds=20)


def test_a_run_may_end_while_the_server_hangs(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.silent = True
        time.sleep(0.3)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 2.0
        assert "did not close" not in play.sink.stats.last_error
