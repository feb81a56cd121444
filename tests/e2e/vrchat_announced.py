"""Finding VRChat by mDNS and being found, against npm's oscquery and a fake.

Not collected by itself: `test_vrchat_discovery.py` runs it in a network namespace of its own, so
that nothing of it reaches a real network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from avatar_frames import FULL, frame_of
from fake_vrchat import FakeVrchat
from pythonosc.osc_message_builder import OscMessageBuilder
from zeroconf import ServiceInfo, Zeroconf

from vtdrive.config.sinks import VrchatSink
from vtdrive.sinks import vrchat_discovery
from vtdrive.sinks.http_get import http_get
from vtdrive.sinks.vrchat import VrchatOutput

HERE = Path(__file__).parent
KIND = "_oscjson._tcp.local."


class Npm:
    """A run of `node/oscquery.js`; its lines as JSON."""

    def __init__(self, *words: str | int) -> None:
        node = shutil.which("node")
        if node is None or not (HERE / "node" / "node_modules" / "oscquery").is_dir():
            pytest.skip("node, or npm's oscquery in tests/e2e/node, is not installed")
        self._process = subprocess.Popen(
            [node, str(HERE / "node" / "oscquery.js"), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._lines: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def told(self, *, within_s: float = 20) -> Any:
        return self._lines.get(timeout=within_s)

    def tell(self, **what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        assert self.told() == "done"

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._thread.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class Feeding:
    """A sink that is sent frames by a thread of this test."""

    def __init__(self, **options: Any) -> None:
        config = VrchatSink.model_validate({"parameters": "oscquery"} | options)
        self.sink = VrchatOutput(config)
        self.sink.open(FULL)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    def _feed(self) -> None:
        frame = frame_of(FULL, profiles=(self.sink.profile,))
        seq = 0
        while not self._stop.wait(0.016):
            seq += 1
            self.sink.send(replace(frame, seq=seq, t_ns=seq * 16_000_000))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self.sink.close()
        assert "left behind" not in self.sink.stats.last_error


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[contextlib.ExitStack]:
    monkeypatch.setattr(vrchat_discovery, "_SETTLE_S", (0.05, 0.3))
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def feed(stack: contextlib.ExitStack) -> Callable[..., Feeding]:
    return lambda **options: stack.enter_context(contextlib.closing(Feeding(**options)))


@pytest.fixture
def mdns(stack: contextlib.ExitStack) -> Zeroconf:
    return stack.enter_context(contextlib.closing(Zeroconf()))


@pytest.fixture
def vrchat(stack: contextlib.ExitStack) -> FakeVrchat:
    fake = stack.enter_context(contextlib.closing(FakeVrchat()))
    fake.wear("avtr_one", {"FT/v2/JawOpen": "f"})
    return fake


def announce(mdns: Zeroconf, name: str, port: int, address: str = "127.0.0.1") -> ServiceInfo:
    info = ServiceInfo(
        KIND, f"{name}.{KIND}", addresses=[socket.inet_aton(address)], port=port,
        server=f"{name}.local.",
    )  # fmt: skip
    mdns.register_service(info)
    return info


def ours(mdns: Zeroconf) -> int:
    """The port of our own page, as VRChat finds it."""
    from zeroconf import ServiceBrowser

    found: queue.Queue[str] = queue.Queue()

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: object) -> None:
        if name.startswith("vtdrive-"):
            found.put(name)

    browser = ServiceBrowser(mdns, KIND, handlers=[heard])
    name = found.get(timeout=15)
    info = mdns.get_service_info(KIND, name, 3000)
    browser.cancel()
    assert info is not None
    assert info.parsed_addresses() == ["127.0.0.1"]
    assert info.port is not None
    return info.port


def say_changed(http_port: int, avatar: str) -> None:
    """What VRChat does on a change: it looks up our UDP port and sends one message."""
    info = json.loads(asyncio.run(http_get("127.0.0.1", http_port, "/?HOST_INFO")))
    builder = OscMessageBuilder("/avatar/change")
    builder.add_arg(avatar)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.sendto(b"noise", (info["OSC_IP"], info["OSC_PORT"]))
        link.sendto(builder.build().dgram, (info["OSC_IP"], info["OSC_PORT"]))


def test_vrchat_is_found_and_tells_of_a_change(
    vrchat: FakeVrchat, feed: Callable[..., Feeding], mdns: Zeroconf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Asked so seldom, a change can be learned from the message only.
    monkeypatch.setattr(vrchat_discovery, "_POLL_S", 60)
    announce(mdns, "Somebody-Else", 1)
    announce(mdns, "VRChat-Client-AB12CD", vrchat.http_port)
    feeding = feed()
    assert vrchat.wait(lambda: "FT/v2/JawOpen" in vrchat.values)
    page = ours(mdns)
    vrchat.wear("avtr_two", {"v2/JawX": "f"})
    time.sleep(0.3)
    assert vrchat.values == {}
    say_changed(page, "avtr_two")
    assert vrchat.wait(lambda: "v2/JawX" in vrchat.values, within_s=3)
    assert feeding.sink.stats.connected is True
    assert "VRChat-Client-AB12CD" in feeding.sink.stats.note


def test_vrchat_started_later_ended_and_started_again(
    vrchat: FakeVrchat, feed: Callable[..., Feeding], mdns: Zeroconf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(vrchat_discovery, "_POLL_S", 0.3)
    feeding = feed()
    stats = feeding.sink.stats
    assert vrchat.wait(lambda: "was not found" in stats.last_error)
    assert "switch OSC on" in stats.remedy
    first = announce(mdns, "VRChat-Client-111111", vrchat.http_port)
    assert vrchat.wait(lambda: vrchat.values and stats.connected)
    mdns.unregister_service(first)
    vrchat.close_page()
    assert vrchat.wait(lambda: stats.connected is False)
    vrchat.wear("avtr_two", {"v2/JawX": "f"})
    vrchat.open_page()
    announce(mdns, "VRChat-Client-222222", vrchat.http_port)
    assert vrchat.wait(lambda: "v2/JawX" in vrchat.values)
    assert vrchat.wait(lambda: stats.last_error == "")


def test_another_device_is_not_asked(
    vrchat: FakeVrchat, feed: Callable[..., Feeding], mdns: Zeroconf
) -> None:
    announce(mdns, "VRChat-Client-QUEST1", vrchat.http_port, "10.9.8.7")
    feeding = feed()
    stats = feeding.sink.stats
    assert vrchat.wait(lambda: "VRChat-Client-QUEST1 at 10.9.8.7" in stats.last_error)
    assert "lan=true" in stats.remedy
    assert vrchat.asked == []


def test_an_open_listener_says_who_can_reach_it(
    vrchat: FakeVrchat, feed: Callable[..., Feeding]
) -> None:
    stats = feed(listen="0.0.0.0").sink.stats
    assert vrchat.wait(lambda: "is open to every device in every network" in stats.note)


def test_a_headset_is_asked_where_that_is_allowed(
    vrchat: FakeVrchat, feed: Callable[..., Feeding], mdns: Zeroconf
) -> None:
    # Nobody answers there, but it is no longer passed over.
    announce(mdns, "VRChat-Client-QUEST2", 9, "10.9.8.7")
    stats = feed(lan=True).sink.stats
    assert vrchat.wait(lambda: "was not found" in stats.last_error)
    time.sleep(1.5)
    assert "another device" not in stats.last_error


def test_closing_takes_the_announcement_back(feed: Callable[..., Feeding], mdns: Zeroconf) -> None:
    feeding = feed()
    ours(mdns)
    start = time.monotonic()
    feeding.close()
    assert time.monotonic() - start < 2.0
    with pytest.raises(queue.Empty):
        browsed_after_goodbye(mdns)


def browsed_after_goodbye(mdns: Zeroconf) -> str:
    from zeroconf import ServiceBrowser

    found: queue.Queue[str] = queue.Queue()

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: object) -> None:
        if name.startswith("vtdrive-") and "Added" in str(state_change):
            found.put(name)

    # One of its own, whose cache holds nothing yet.
    with contextlib.closing(Zeroconf()) as other:
        ServiceBrowser(other, KIND, handlers=[heard])
        return found.get(timeout=2.5)


def test_an_npm_server_is_found_and_followed(
    stack: contextlib.ExitStack, feed: Callable[..., Feeding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vrchat_discovery, "_POLL_S", 0.3)
    vrchat = stack.enter_context(contextlib.closing(FakeVrchat()))
    vrchat.wear("avtr_npm", {"FT/v2/JawOpen": "f", "FT/v2/JawX1": "T"})
    http_port = free_port()
    server = stack.enter_context(
        contextlib.closing(Npm("serve", "VRChat-Client-NPM", http_port, vrchat.osc_port))
    )
    assert server.told() == "ready"
    server.tell(add="/avatar/change", type="s", value="avtr_npm")
    server.tell(add="/avatar/parameters/FT/v2/JawOpen", type="f")
    server.tell(add="/avatar/parameters/FT/v2/JawX1", type="T")
    feed()
    assert vrchat.wait(lambda: vrchat.values.keys() == {"FT/v2/JawOpen", "FT/v2/JawX1"})
    vrchat.wear("avtr_other", {"v2/MouthX": "f"})
    server.tell(add="/avatar/parameters/v2/MouthX", type="f")
    server.tell(remove="/avatar/parameters/FT/v2/JawOpen")
    server.tell(remove="/avatar/parameters/FT/v2/JawX1")
    server.tell(add="/avatar/change", type="s", value="avtr_other")
    assert vrchat.wait(lambda: "v2/MouthX" in vrchat.values)


def test_npm_finds_our_page(stack: contextlib.ExitStack, feed: Callable[..., Feeding]) -> None:
    browser = stack.enter_context(contextlib.closing(Npm("browse")))
    assert browser.told() == "ready"
    feed()
    page = browser.told(within_s=15)
    assert page["host"]["name"] == "vtdrive"
    assert page["host"]["oscIp"] == "127.0.0.1"
    (node,) = page["nodes"]
    assert node["path"].endswith("/avatar/change") or node["path"] == "change"
    assert node["types"] == ["s"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
