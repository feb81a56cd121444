"""Every kind of sink at once, nobody at home for any but one: that one must not notice."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.load import load_config
from vtdrive.config.sinks import SINK_KINDS, SinkConfig
from vtdrive.config.urls import parse_sink_url
from vtdrive.core.pattern import Pattern
from vtdrive.runtime.outlets import Outlet, Outlets
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.make import make_sink
from vtdrive.wire.vmc import decode

FPS = 60
SECONDS = 4.0


@pytest.fixture(autouse=True)
def nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, lock or avatar of whoever runs the tests."""
    for name in ("user_cache_path", "user_config_path", "user_data_path", "user_state_path"):
        monkeypatch.setattr(platformdirs, name, lambda *_, **__: tmp_path)
    # For the process that paints.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unheard(kind: str, folder: Path) -> SinkConfig:
    """A sink of that kind whose receiver is absent."""
    table = SINK_KINDS[kind]
    if kind == "file":
        return parse_sink_url(f"file:{folder / 'film.mp4'}")
    if not {"path", "port"} & table.model_fields.keys():
        return parse_sink_url(f"{kind}:")
    if "path" in table.model_fields:
        return parse_sink_url(f"{kind}:{folder / kind}.out")
    port = free_port(socket.SOCK_DGRAM)
    return parse_sink_url(f"{kind}://127.0.0.1:{port}")


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(0.1)
        yield link


def test_a_sink_that_is_down_delays_nobody(tmp_path: Path, receiver: socket.socket) -> None:
    heard = parse_sink_url(f"vmc://127.0.0.1:{receiver.getsockname()[1]}")
    small = AvatarConfig(width=320, height=180)
    sinks = [make_sink(unheard(kind, tmp_path), look=small) for kind in SINK_KINDS]
    sinks.append(make_sink(heard))
    assert len({sink.target for sink in sinks if sink.target}) >= len(SINK_KINDS) - 2
    frames: list[float] = []
    faults: list[BaseException] = []

    def follow(stop: threading.Event) -> None:
        waiting: list[bytes] = []
        while not stop.is_set():
            try:
                waiting.append(receiver.recv(65536))
            except TimeoutError:
                continue
            if b"/VMC/Ext/Blend/Apply" in waiting[-1]:
                frames.append(decode(waiting).time_s or 0.0)
                waiting = []

    pattern = Pattern(load_config([]), [sink.profile for sink in sinks])
    events: list[str] = []
    took: list[float] = []
    outlets = [Outlet(sink, pattern.schema, events.append) for sink in sinks]
    with Worker("receive", follow, on_failure=faults.append):
        with Outlets(outlets, pattern.schema, events.append) as out:
            start = time.monotonic()
            for sent, frame in enumerate(pattern.frames(fps=FPS)):
                if sent >= FPS * SECONDS:
                    break
                time.sleep(max(0.0, start + sent / FPS - time.monotonic()))
                before = time.perf_counter()
                out.send(frame, time.monotonic_ns())
                took.append(time.perf_counter() - before)
            closing = time.monotonic()
        closed_s = time.monotonic() - closing
        time.sleep(0.3)
    assert not faults
    assert len(frames) == FPS * SECONDS
    # Generous: this holds a sink to not waiting for its receiver, and is no claim of speed.
    assert statistics.median(took) < 0.01
    assert sorted(took)[-5] < 0.1
    assert closed_s < 2.5 * len(sinks)
    broken = [o.sink.name for o in outlets if not o.healthy]
    assert not broken, events
    assert not [event for event in events if "broke:" in event or "Traceback" in event], events
