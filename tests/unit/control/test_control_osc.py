"""OSC in over a real socket: done, answered, limited, and deaf to what is no command."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc import udp_client

from vtdrive.control.desk import Desk
from vtdrive.control.osc import PREFIX, REPLY, OscListener
from vtdrive.core.commands import parse_command
from vtdrive.errors import UsageError
from vtdrive.wire.osc import Message, decode, encode, encode_bundle


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


class Talk:
    """A listener on a free port of this machine, and somebody who talks to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.told: list[str] = []
        self.listener = OscListener("127.0.0.1", 0, Desk(self._do), self.told.append)
        self.listener.open()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", self.listener.port))

    def _do(self, text: str) -> str:
        said = parse_command(text).text
        self.done.append(said)
        return said

    def ask(self, address: str, *args: int | float | str) -> Message:
        self.socket.send(encode(address, *args))
        return self.heard()

    def heard(self) -> Message:
        (message,) = decode(self.socket.recv(4096))
        return message

    def silent(self) -> bool:
        self.socket.settimeout(0.15)
        try:
            self.socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(2)
        return False

    def close(self) -> None:
        self.socket.close()
        self.listener.close()


@pytest.fixture
def talk() -> Iterator[Talk]:
    made = Talk()
    yield made
    made.close()


def test_commands_are_done_and_answered(talk: Talk) -> None:
    assert talk.ask("/vtdrive/freeze", 1.0) == Message(
        REPLY, ("done", "freeze 1", "freeze on"), "sss"
    )
    assert talk.ask("/vtdrive/expression", "joy", "5 s", 0.5).args[0] == "done"
    assert talk.done == ["freeze on", "expression happiness for 5.0 0.5"]
    status, asked, why = talk.ask("/vtdrive/freze").args
    assert (status, asked) == ("wrong", "freze")
    assert "did you mean 'freeze'?" in str(why)
    assert talk.ask("/vtdrive/recentre", 0.0).args[2] == "a button was released"
    assert talk.ask("/vtdrive/").args[0] == "wrong", "it asks for nothing"
    assert len(talk.done) == 2


def test_a_bundle_is_done_in_order(talk: Talk) -> None:
    talk.socket.send(
        encode_bundle([encode("/vtdrive/panic/on"), encode("/vtdrive/emotion", "off")])
    )
    assert [talk.heard().args[1], talk.heard().args[1]] == ["panic on", "emotion off"]
    assert talk.done == ["panic on", "emotion off"]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0",
        b"/vtdrive/panic",
        b"#bundle\0" + b"\xff" * 40,
        encode("/avatar/parameters/x", 1.0),
        encode(REPLY, "done", "x", "y"),
        encode("/vtdrive/panic", "x" * 3000),
    ],
)
def test_what_is_no_command_is_left_unanswered(talk: Talk, packet: bytes) -> None:
    talk.socket.send(packet)
    assert talk.silent()
    assert talk.ask("/vtdrive/panic", "off").args[0] == "done"


def test_a_flood_is_limited_and_answered_once_a_second(talk: Talk) -> None:
    for _ in range(100):
        talk.socket.send(encode("/vtdrive/freeze/toggle"))
    answers = [talk.heard().args[0] for _ in range(21)]
    assert answers == ["done"] * 20 + ["limited"]
    assert len(talk.done) <= 22


def test_answers_stay_short_and_without_a_nul(talk: Talk) -> None:
    talk.socket.send(encode("/vtdrive/preset", "é" * 900))
    assert len(talk.socket.recv(9000)) < 1500


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b"/vtdrive/" + b))
def test_no_datagram_breaks_it(data: bytes) -> None:
    listener = OscListener("127.0.0.1", 0, Desk(lambda text: parse_command(text).text), print)
    answers = list[bytes]()
    listener._take(data, "127.0.0.1", answers.append)
    for reply in answers:
        (message,) = decode(reply)
        assert message.address == REPLY


@given(
    st.text(max_size=60).filter(lambda t: "\0" not in t),
    st.lists(
        st.text(max_size=30).filter(lambda t: "\0" not in t)
        | st.integers(-(2**31), 2**31 - 1)
        | st.floats(width=32),
        max_size=5,
    ),
)
def test_every_well_formed_command_is_answered(path: str, args: list[str | int | float]) -> None:
    try:
        packet = encode(PREFIX + path, *args)
    except UnicodeEncodeError:
        return
    listener = OscListener("127.0.0.1", 0, Desk(lambda text: parse_command(text).text), print)
    answers = list[bytes]()
    listener._take(packet, "127.0.0.1", answers.append)
    eventually(lambda: bool(answers) or PREFIX + path == REPLY)
    assert len(answers) == (0 if PREFIX + path == REPLY else 1)


def test_a_panic_does_not_wait_behind_a_preset() -> None:
    go, done = threading.Event(), list[str]()

    def do(text: str) -> str:
        if text.startswith("preset"):
            assert go.wait(5)
        done.append(text)
        return text

    listener = OscListener("127.0.0.1", 0, Desk(do, burst=100), print)
    answers = list[bytes]()
    for _ in range(12):
        listener._take(encode("/vtdrive/preset/next"), "127.0.0.1", answers.append)
    listener._take(encode("/vtdrive/panic/on"), "127.0.0.1", answers.append)
    assert done == ["panic on"]
    said = [decode(answer)[0].args[0] for answer in answers]
    assert said == ["refused"] * 4 + ["done"], "eight wait, what is more is refused"
    go.set()
    eventually(lambda: len(answers) == 13)
    assert done == ["panic on"] + ["preset next"] * 8


def test_a_client_that_we_did_not_write(talk: Talk) -> None:
    client = udp_client.SimpleUDPClient("127.0.0.1", talk.listener.port)
    client.send_message("/vtdrive/freeze", True)
    client.send_message("/vtdrive/expression/happiness/for", 2.5)
    client.send_message("/vtdrive/panic", [])
    eventually(lambda: len(talk.done) == 3)
    assert talk.done == ["freeze on", "expression happiness for 2.5", "panic toggle"]
    client._sock.close()


def test_a_port_in_use_is_told_and_no_thread_is_left() -> None:
    before = {t.ident for t in threading.enumerate()}
    talk = Talk()
    second = OscListener("127.0.0.1", talk.listener.port, Desk(str), print)
    with pytest.raises(UsageError, match="cannot listen there: address already in use"):
        second.open()
    second.close()
    talk.close()
    assert {t.ident for t in threading.enumerate()} <= before


def test_who_can_reach_it_is_told() -> None:
    told: list[str] = []
    listener = OscListener("0.0.0.0", 0, Desk(str), told.append)
    listener.open()
    listener.close()
    assert "open to every device" in told[0]
    assert "no password" in told[0]
    assert OscListener("::", 9010, Desk(str), print).name == "osc [::]:9010"


def test_localhost_is_where_pads_send_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many systems name ::1 first; programs send to 127.0.0.1."""
    both = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    listener = OscListener("localhost", 9010, Desk(str), print)
    listener.open()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pad:
            pad.settimeout(5)
            pad.sendto(encode("/vtdrive/panic", "on"), ("127.0.0.1", listener.port))
            assert decode(pad.recv(1000))[0].args[0] == "done"
    finally:
        listener.close()
