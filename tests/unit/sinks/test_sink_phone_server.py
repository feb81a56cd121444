"""The imitated phone: who asks, gets, for as long as asked; nobody else, and nobody for ever."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from avatar_frames import FULL, frame_of

from vtdrive.config.sinks import VtsPhoneSink
from vtdrive.sinks.phone_server import PhoneServer
from vtdrive.types import Status


def udp(host: str = "127.0.0.1") -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.bind((host, 0))
    except OSError:
        link.close()
        pytest.skip(f"this system has no address {host}")
    link.settimeout(2.0)
    return link


def port_of(link: socket.socket) -> int:
    return int(link.getsockname()[1])


def free_port() -> int:
    with udp() as link:
        return port_of(link)


def until(holds: Callable[[], bool], seconds: float = 3.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


class Stage:
    """A phone that plays frames, and apps that ask it."""

    def __init__(self, stack: ExitStack, **options: Any) -> None:
        self.config = VtsPhoneSink(port=free_port(), **options)
        self.sink = PhoneServer(self.config)
        self.seq = 0
        self._stack = stack
        stack.callback(self.sink.close)

    def start(self) -> None:
        self.sink.open(FULL)
        until(lambda: self.sink._transport is not None)

    def app(self, host: str = "127.0.0.1") -> socket.socket:
        return self._stack.enter_context(udp(host))

    def ask(self, app: socket.socket, ports: list[int] | None = None, **fields: object) -> None:
        request = {"messageType": "iOSTrackingDataRequest", "sentBy": "test",
                   "ports": [port_of(app)] if ports is None else ports} | fields  # fmt: skip
        self.raw(app, json.dumps(request).encode())

    def raw(self, app: socket.socket, datagram: bytes) -> None:
        app.sendto(datagram, ("127.0.0.1", self.config.port))

    def play(self, status: Status = Status.LIVE) -> None:
        self.seq += 1
        frame = frame_of(
            FULL, seq=self.seq, t_ns=self.seq * 16_000_000, status=status,
            profiles=(self.sink.profile,),
        )  # fmt: skip
        self.sink.send(frame)

    def heard(self, app: socket.socket) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(app.recv(65536))
        return frame


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def stage(stack: ExitStack) -> Stage:
    stage = Stage(stack)
    stage.start()
    return stage


def silent(app: socket.socket, seconds: float = 0.15) -> bool:
    app.settimeout(seconds)
    try:
        app.recv(65536)
    except TimeoutError:
        return True
    finally:
        app.settimeout(2.0)
    return False


@pytest.mark.parametrize("key", ["time", "sendForSeconds"])
def test_who_asks_is_answered_at_once_and_then_with_every_frame(stage: Stage, key: str) -> None:
    app = stage.app()
    asked = time.monotonic()
    fields: dict[str, Any] = {key: 5}
    stage.ask(app, **fields)
    first = stage.heard(app)
    assert time.monotonic() - asked < 0.5
    assert first["FaceFound"] is False, "there was no frame yet"
    assert stage.sink.stats.connected is True
    for _ in range(3):
        stage.play()
        assert stage.heard(app)["FaceFound"] is True
    stage.play(Status.LOST)
    assert stage.heard(app)["FaceFound"] is False
    until(lambda: stage.sink.stats.packets == 5)
    until(lambda: stage.sink.stats.bytes_sent > 5000)
    assert stage.sink.stats.last_error == ""


def test_every_port_that_is_listed_gets_frames(stage: Stage) -> None:
    one, two = stage.app(), stage.app()
    stage.ask(one, [port_of(one), port_of(two)])
    stage.heard(one)
    stage.heard(two)
    stage.play()
    assert stage.heard(one)["FaceFound"] is stage.heard(two)["FaceFound"] is True


def test_frames_stop_when_the_time_is_over(stage: Stage) -> None:
    app = stage.app()
    stage.ask(app, time=0.5)
    stage.heard(app)
    time.sleep(0.55)
    stage.play()
    assert silent(app)
    assert stage.sink.stats.connected is False
    assert "no app asks" in stage.sink.stats.note
    stage.ask(app)
    stage.heard(app)
    stage.play()
    stage.heard(app)


def test_asking_again_goes_on(stage: Stage) -> None:
    app = stage.app()
    for _ in range(4):
        stage.ask(app, time=0.5)
        time.sleep(0.2)
        stage.play()
    app.settimeout(0.3)
    for _ in range(5):
        stage.heard(app)


def test_no_two_payloads_are_alike(stage: Stage) -> None:
    app = stage.app()
    stage.ask(app)
    payloads = [app.recv(65536)]
    for _ in range(20):
        stage.sink.send(frame_of(FULL, t_ns=5, profiles=(stage.sink.profile,)))
        payloads.append(app.recv(65536))
    assert len(set(payloads)) == 21


def test_an_engine_that_stands_still_is_no_face(stage: Stage) -> None:
    app = stage.app()
    stage.ask(app)
    stage.heard(app)
    stage.play()
    assert stage.heard(app)["FaceFound"] is True
    time.sleep(1.2)
    stage.ask(app)
    assert stage.heard(app)["FaceFound"] is False


def test_answers_go_to_who_asked_whatever_the_request_says(stage: Stage) -> None:
    app, other = stage.app("127.0.0.2"), stage.app("127.0.0.1")
    stage.ask(app, [port_of(other)], ip="127.0.0.1", host="127.0.0.1")
    stage.play()
    assert silent(other)


def test_nonsense_is_counted_and_skipped(stage: Stage) -> None:
    app = stage.app()
    for ugly in (b"", b"\xff" * 2000, b"[" * 5000, b"null", b'{"messageType":1}', bytes(60_000)):
        stage.raw(app, ugly)
    until(lambda: stage.sink.malformed == 6)
    assert stage.sink.stats.connected is False
    stage.ask(app)
    assert stage.heard(app)


def test_a_crowd_is_bounded(stage: Stage) -> None:
    sink = stage.sink
    for i in range(40):
        stage.ask(stage.app(f"127.0.1.{i + 1}"), list(range(20_000, 20_032)))
    last = stage.app("127.0.2.1")
    stage.raw(last, b"done")
    until(lambda: sink.malformed == 1)
    assert len(sink._until_s) <= 64
    assert len({place[0] for place in sink._until_s}) <= 16
    stage.play()
    until(lambda: sink.stats.packets >= 64)


def test_apps_that_are_gone_harm_nobody(stage: Stage) -> None:
    app, gone = stage.app(), udp()
    stage.ask(gone)
    stage.ask(app)
    stage.heard(app)
    gone.close()
    for _ in range(20):
        stage.play()
        stage.heard(app)
    assert stage.sink.stats.last_error == ""


def test_a_taken_port_is_told_and_waited_for(stack: ExitStack) -> None:
    stage = Stage(stack)
    owner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    owner.bind(("127.0.0.1", stage.config.port))
    owner.settimeout(1.0)
    stage.sink.open(FULL)
    until(lambda: stage.sink.stats.last_error != "")
    stats = stage.sink.stats
    assert f"another program has UDP port {stage.config.port}" in stats.last_error
    assert "another port" in stats.remedy
    assert stats.connected is False
    stage.play()  # and is not in the way
    app = stage.app()
    stage.raw(app, b"for the owner")
    assert owner.recv(100) == b"for the owner", "the port was not taken away"
    owner.close()
    until(lambda: stage.sink._transport is not None, 8.0)
    assert stats.last_error == ""
    stage.ask(app)
    assert stage.heard(app)


def test_a_host_that_is_not_ours_is_told(stack: ExitStack) -> None:
    stage = Stage(stack, host="192.0.2.7")
    stage.sink.open(FULL)
    until(lambda: stage.sink.stats.last_error != "")
    assert stage.sink.stats.last_error.startswith(f"vtsphone 192.0.2.7:{stage.config.port}: cannot")
    assert "address of this machine" in stage.sink.stats.remedy


def test_an_open_listener_says_who_can_reach_it(stack: ExitStack) -> None:
    near = Stage(stack)
    near.start()
    assert "every network" not in near.sink.stats.note
    far = Stage(stack, host="0.0.0.0")
    far.start()
    assert "open to every device in every network of this computer" in far.sink.stats.note


def test_the_port_is_free_again_after_closing(stack: ExitStack) -> None:
    stage = Stage(stack)
    stage.start()
    stage.sink.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_one:
        next_one.bind(("127.0.0.1", stage.config.port))


def test_the_last_frame_leaves_before_it_closes(stage: Stage) -> None:
    app = stage.app()
    stage.ask(app)
    stage.heard(app)
    stage.play(Status.LOST)
    stage.sink.close()
    assert stage.heard(app)["FaceFound"] is False
