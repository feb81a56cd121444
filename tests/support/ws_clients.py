"""The WebSocket server and its clients, for its tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from avatar_frames import FULL, frame_of, posed
from waiting import free_port, until
from websockets.sync.client import ClientConnection, connect

from vtdrive.config.sinks import WebSocketSink
from vtdrive.sinks.ws import WebSocketOutput
from vtdrive.types import AvatarFrame

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
