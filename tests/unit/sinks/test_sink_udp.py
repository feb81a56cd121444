from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from vtdrive.errors import SinkError
from vtdrive.sinks import udp
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.udp import UdpLink, endpoint, quiet_resets, udp_target


class FakeSocket:
    """Answers each `send` with what `plan` says next; None = it leaves."""

    def __init__(self, plan: list[OSError | None]) -> None:
        self.plan = plan
        self.sent: list[bytes] = []
        self.blocking = True
        self.closed = False

    def setblocking(self, flag: bool) -> None:
        self.blocking = flag

    def connect(self, address: object) -> None:
        pass

    def send(self, data: bytes) -> int:
        fault = self.plan.pop(0) if self.plan else None
        if fault is not None:
            raise fault
        self.sent.append(bytes(data))
        return len(data)

    def close(self) -> None:
        self.closed = True


@contextlib.contextmanager
def link_over(
    fake: FakeSocket, monkeypatch: pytest.MonkeyPatch, *, host: str = "127.0.0.1"
) -> Iterator[tuple[UdpLink, SinkStats]]:
    stats = SinkStats()
    monkeypatch.setattr(socket, "socket", lambda *_: fake)
    link = UdpLink(label="vmc x", host=host, port=5, stats=stats)
    link.open()
    yield link, stats
    link.close()
    assert fake.closed


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def test_datagrams_arrive_in_order_from_one_port(receiver: socket.socket) -> None:
    stats = SinkStats()
    link = UdpLink(label="x", host="localhost", port=receiver.getsockname()[1], stats=stats)
    link.open()
    link.send([b"one", memoryview(b"two")])
    link.open()
    link.send([b"three"])
    got = [receiver.recvfrom(100) for _ in range(3)]
    link.close()
    assert [data for data, _ in got] == [b"one", b"two", b"three"]
    assert len({address for _, address in got}) == 1
    assert (stats.packets, stats.bytes_sent, stats.dropped) == (3, 11, 0)


def test_nobody_listening_is_a_hint_and_heals(receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    receiver.close()
    stats = SinkStats()
    link = UdpLink(label="x", host="127.0.0.1", port=port, stats=stats)
    link.open()
    for _ in range(20):
        link.send([b"a", b"b"])
        time.sleep(0.002)
    assert f"nobody listens on 127.0.0.1:{port}" in stats.last_error
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.bind(("127.0.0.1", port))
        late.settimeout(5)
        link.send([b"c"])
        assert late.recv(10) == b"c"
        link.send([b"d"])
        assert late.recv(10) == b"d"
    assert stats.last_error == ""
    link.close()


@pytest.mark.parametrize("fault", [ConnectionRefusedError, ConnectionResetError])
def test_a_refusal_keeps_no_datagram_back(
    fault: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    # ConnectionResetError is Windows' WSAECONNRESET.
    fake = FakeSocket([fault(), None, fault(), None])
    with link_over(fake, monkeypatch) as (link, stats):
        assert fake.blocking is False
        link.send([b"a", b"b"])
        assert fake.sent == [b"a", b"b"]
        assert stats.last_error.startswith("nobody listens on 127.0.0.1:5")
        link.send([b"c"])
        assert stats.last_error == ""


def test_a_machine_that_refuses_once_a_second_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Linux limits its refusals to one a second: the frames between are no sign of a listener."""
    now_s = 100.0
    monkeypatch.setattr("vtdrive.sinks.udp.time.monotonic", lambda: now_s)
    fake = FakeSocket([])
    hints: list[str] = []
    with link_over(fake, monkeypatch, host="192.0.2.7") as (link, stats):
        for frame in range(600):
            if frame % 60 == 0 and frame < 300:
                fake.plan = [ConnectionRefusedError()]
            link.send([b"a"])
            now_s += 1 / 60
            if not hints or hints[-1] != stats.last_error:
                hints.append(stats.last_error)
    assert len(hints) == 2
    assert "nobody listens on 192.0.2.7:5" in hints[0]
    assert hints[1] == ""


def test_endless_refusals_end(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSocket([ConnectionRefusedError() for _ in range(50)])
    with link_over(fake, monkeypatch) as (link, stats):
        link.send([b"a"])
        assert (stats.packets, stats.dropped) == (0, 1)


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOBUFS])
def test_a_full_system_drops_and_counts(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSocket([None, OSError(code, "full"), None])
    with link_over(fake, monkeypatch) as (link, stats):
        link.send([b"a", b"b", b"c"])
        assert fake.sent == [b"a", b"c"]
        assert (stats.packets, stats.bytes_sent, stats.dropped) == (2, 2, 1)
        assert "no room" in stats.last_error


def test_other_faults_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSocket([OSError(errno.EHOSTUNREACH, "No route to host")])
    with (
        link_over(fake, monkeypatch) as (link, _),
        pytest.raises(SinkError, match="vmc x: no route to host"),
    ):
        link.send([b"a"])


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    link = UdpLink(label="vmc studio:39539", host="studio", port=39539, stats=SinkStats())
    said = r"'studio' is unknown \(name or service not known\)"
    with pytest.raises(SinkError, match=said) as caught:
        link.open()
    assert "spelling" in caught.value.remedy
    link.close()


def test_a_host_name_that_is_none_is_told() -> None:
    link = UdpLink(label="x", host="a" * 80 + ".local", port=1, stats=SinkStats())
    with pytest.raises(SinkError, match="is unknown"):
        link.open()


def test_a_failed_connect_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSocket([])

    def connect(_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(fake, "connect", connect)
    monkeypatch.setattr(socket, "socket", lambda *_: fake)
    link = UdpLink(label="x", host="10.0.0.1", port=1, stats=SinkStats())
    with pytest.raises(SinkError, match="network is unreachable"):
        link.open()
    assert fake.closed
    assert not link.is_open


def test_ipv4_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    v6 = (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 9, 0, 0))
    v4 = (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [v6, v4])
    link = UdpLink(label="x", host="localhost", port=9, stats=SinkStats())
    link.open()
    assert link._socket is not None
    assert link._socket.family == socket.AF_INET
    link.close()


class FakeWinSock:
    """Notes one call of WSAIoctl; not the real library, which only Windows has."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def WSAIoctl(self, *args: Any) -> int:
        self.calls.append(args)
        return 0


def test_windows_is_asked_to_keep_resets_quiet() -> None:
    winsock = FakeWinSock()

    def load(name: str) -> Any:
        assert name == "ws2_32"
        return winsock

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        quiet_resets(sock, platform="win32", load=load)
        ((handle, code, flag, size, *_),) = winsock.calls
        assert handle.value == sock.fileno()
        assert code.value == udp._SIO_UDP_CONNRESET == 0x9800000C
        assert ctypes.cast(flag, ctypes.POINTER(ctypes.c_ulong)).contents.value == 0
        assert size == ctypes.sizeof(ctypes.c_ulong)


def test_elsewhere_nothing_is_asked() -> None:
    def load(_: str) -> Any:
        raise AssertionError("loaded")

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        quiet_resets(sock, platform="linux", load=load)


def test_spellings_of_loopback_are_one_target() -> None:
    assert endpoint("::1", 5) == "[::1]:5"
    assert udp_target("LOCALHOST", 5) == udp_target("127.0.0.1", 5) == udp_target("::1", 5)
    for here in ("0.0.0.0", "::", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"):
        assert udp_target(here, 5) == "udp:127.0.0.1:5"
    assert udp_target("::ffff:10.0.0.2", 5) == udp_target("10.0.0.2", 5)
    assert udp_target("fe80::1", 5) == "udp:[fe80::1]:5"
    assert udp_target("127.0.0.1", 5) != udp_target("127.0.0.1", 6)
