"""Debian's mosquitto, another program's client of it and the MQTT sink, for its tests."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from avatar_frames import FULL, frame_of, posed
from waiting import free_port, until

from vtdrive.config.sinks import MqttSink
from vtdrive.sinks import looping
from vtdrive.sinks.mqtt import MqttOutput
from vtdrive.types import AvatarFrame, EmotionState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin") or ""
PROFILE = MqttSink().profile

real = pytest.mark.skipif(not MOSQUITTO, reason="no mosquitto here: apt-get install mosquitto")
paho = pytest.importorskip("paho.mqtt.client", reason="aiomqtt is not installed")


class Broker:
    """A mosquitto of our own on 127.0.0.1, which can be killed and started again."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true") -> None:
        self.port = free_port()
        self._conf = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", extra]
        if hasattr(os, "getuid") and os.getuid() == 0:
            lines.append("user root")  # else it gives that up, and cannot read this folder
        self._conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", str(self._conf)], stdout=log, stderr=log
            )
        until(self._up)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Reader:
    """Another program's client: what it is told about `#`, in order."""

    def __init__(self, port: int) -> None:
        self.got: list[tuple[str, str, bool]] = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        self.got.append((message.topic, message.payload.decode(), bool(message.retain)))

    def said(self, topic: str) -> list[str]:
        return [payload for name, payload, _ in self.got if name == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def read() -> Iterator[Callable[[int], Reader]]:
    made: list[Reader] = []

    def start(port: int) -> Reader:
        made.append(Reader(port))
        return made[-1]

    yield start
    for reader in made:
        reader.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MqttOutput]]:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(looping, "_LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr("keyring.get_password", lambda *_: None)
    made: list[MqttOutput] = []

    def start(**options: Any) -> MqttOutput:
        sink = MqttOutput(MqttSink(**options))
        made.append(sink)
        sink.open(FULL)
        return sink

    yield start
    for sink in made:
        sink.close()


Opened = Callable[..., MqttOutput]
Read = Callable[[int], Reader]


def shown(name: str, seq: int = 0, status: Status = Status.LIVE) -> AvatarFrame:
    pose = posed(FULL, {"jawOpen": 0.25})
    frame = frame_of(FULL, pose, seq=seq, t_ns=seq, status=status, profiles=(PROFILE,))
    i = EMOTION_INDEX[name]
    felt = EmotionState(frame.state.emotion.probs, frozen([0.5 * (k == i) for k in range(8)]), i, i)
    return dataclasses.replace(frame, state=dataclasses.replace(frame.state, emotion=felt))
