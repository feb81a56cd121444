"""MQTT against Debian's mosquitto: what arrives, and all that can go wrong with a broker."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from vtdrive.config.sinks import MqttSink
from vtdrive.errors import MissingExtra
from vtdrive.sinks import looping
from vtdrive.sinks import mqtt as mqtt_sink
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.mqtt import MqttOutput
from vtdrive.types import AvatarFrame, EmotionState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX
from vtdrive.wire.stream_schema import stream_schema

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin") or ""
PASSWD = shutil.which("mosquitto_passwd") or ""
OPENSSL = shutil.which("openssl") or ""
VALID = Draft202012Validator(stream_schema())
PROFILE = MqttSink().profile

real = pytest.mark.skipif(not MOSQUITTO, reason="no mosquitto here: apt-get install mosquitto")
paho = pytest.importorskip("paho.mqtt.client", reason="aiomqtt is not installed")


def until(said: Callable[[], object], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.01)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


@real
def test_words_on_change_and_frames_as_json(broker: Broker, opened: Opened, read: Read) -> None:
    sink, reader = opened(port=broker.port), read(broker.port)

    def heard(count: int) -> bool:
        return len(reader.said("vtdrive/state")) == count

    until(lambda: sink.stats.connected and reader.said("vtdrive/status") == ["online"])
    for seq, name in enumerate(["neutral", "neutral", "anger", "anger", "neutral"]):
        sink.send(shown(name, seq))
        until(partial(heard, seq + 1))
    assert reader.said("vtdrive/emotion") == ["neutral", "anger", "neutral"]
    assert reader.said("vtdrive/face") == ["on"]
    frames = [json.loads(text) for text in reader.said("vtdrive/state")]
    assert [frame["seq"] for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[2]["emotion"]["shown"] == "anger"
    assert frames[2]["emotion"]["weights"]["anger"] == 0.5
    for frame in frames:
        VALID.validate(frame)
        assert set(frame) - {"type", "v", "seq", "t", "status"} == {
            "head", "gaze", "emotion", "speaking",
        }  # fmt: skip
    assert sink.stats.packets == 1 + 3 + 2 + 5
    sink.close()
    until(lambda: reader.said("vtdrive/status") == ["online", "offline"])


@real
def test_who_comes_late_is_told_what_holds(broker: Broker, opened: Opened, read: Read) -> None:
    sink = opened(port=broker.port, prefix="desk/face", fields=("params",))
    sink.send(shown("surprise"))
    until(lambda: sink.stats.packets >= 5)
    late = read(broker.port)
    until(lambda: late.said("desk/face/emotion") == ["surprise"])
    assert all(retained for topic, _, retained in late.got if topic != "desk/face/state")
    assert late.said("desk/face/state") == []  # a frame is worth nothing later
    sink.send(shown("surprise", 1))
    until(lambda: late.said("desk/face/state"))
    assert json.loads(late.said("desk/face/state")[0])["params"]["jawOpen"] == 0.25


@real
def test_the_broker_says_offline_when_vtdrive_vanishes(
    broker: Broker, read: Read, tmp_path: Path
) -> None:
    reader = read(broker.port)
    script = (
        "import time\n"
        "from vtdrive.config.sinks import MqttSink\n"
        "from vtdrive.sinks.mqtt import MqttOutput\n"
        "from vtdrive.types import RigSchema\n"
        f"MqttOutput(MqttSink(port={broker.port})).open(RigSchema((), ()))\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as victim:
        until(lambda: reader.said("vtdrive/status") == ["online"], 30)
        victim.kill()
    until(lambda: reader.said("vtdrive/status") == ["online", "offline"])


@real
def test_home_assistant_is_told_when_asked(broker: Broker, opened: Opened, read: Read) -> None:
    sink, reader = opened(port=broker.port, discovery=True), read(broker.port)
    until(lambda: sink.stats.connected and len(reader.got) >= 4)
    topics = [topic for topic, _, _ in reader.got]
    assert topics.count("homeassistant/sensor/vtdrive/emotion/config") == 1
    assert sum(topic.startswith("homeassistant/") for topic in topics) == 3


@real
def test_a_broker_that_starts_late_and_one_that_is_killed(
    tmp_path: Path, opened: Opened, read: Read
) -> None:
    broker = Broker(tmp_path)
    try:
        sink = opened(port=broker.port)
        until(lambda: sink.stats.last_error)
        assert "nobody listens there" in sink.stats.last_error
        assert sink.stats.remedy.startswith("start the broker")
        assert sink.stats.connected is False
        for seq in range(50):
            before = time.perf_counter()
            sink.send(shown("fear", seq))
            assert time.perf_counter() - before < 0.05
        broker.start()
        until(lambda: sink.stats.connected)
        assert sink.stats.last_error == ""
        broker.kill()

        def noticed() -> bool:
            sink.send(shown("fear", 60))
            return sink.stats.connected is False

        until(noticed)
        until(lambda: sink.stats.last_error)
        broker.start()
        reader = read(broker.port)
        until(lambda: sink.stats.connected)
        sink.send(shown("fear", 61))
        # This broker kept nothing: all is told anew, though nothing changed.
        until(lambda: reader.said("vtdrive/emotion")[-1:] == ["fear"])
        assert reader.said("vtdrive/status")[-1] == "online"
    finally:
        broker.kill()


@real
def test_a_broker_that_hangs_delays_nobody(
    broker: Broker, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_sink, "_ANSWER_S", 0.5)
    sink = opened(port=broker.port)
    until(lambda: sink.stats.connected)
    broker.freeze()
    for seq in range(100):
        before = time.perf_counter()
        sink.send(shown("fear" if seq % 2 else "anger", seq))
        assert time.perf_counter() - before < 0.05
    until(lambda: sink.stats.last_error)
    assert "no answer" in sink.stats.last_error
    assert sink.stats.connected is False
    broker.thaw()
    until(lambda: sink.stats.connected)
    broker.freeze()
    before = time.monotonic()
    sink.close()
    assert time.monotonic() - before < 3.0
    broker.thaw()


@real
@pytest.mark.skipif(not PASSWD, reason="no mosquitto_passwd here")
def test_a_wrong_password_and_a_right_one(
    tmp_path: Path, opened: Opened, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run([PASSWD, "-c", "-b", str(passwords), "me", "hunter2"], check=True)
    passwords.chmod(0o644)
    broker = Broker(tmp_path, f"allow_anonymous false\npassword_file {passwords}")
    broker.start()
    try:
        wrong = opened(port=broker.port, user="me", password=SecretStr("hunter3"))
        nobody = opened(port=broker.port)
        for sink, who in ((wrong, "the user 'me' or the password"), (nobody, "without a user")):
            until(partial(getattr, sink.stats, "last_error"))
            assert who in sink.stats.last_error
            assert "VTDRIVE_MQTT_PASSWORD" in sink.stats.remedy
            assert "hunter" not in sink.stats.last_error + sink.stats.remedy
            sink.send(shown("fear"))  # for good: it delays and asks nobody any more
            assert sink.stats.connected is False
        monkeypatch.setenv("VTDRIVE_MQTT_PASSWORD", "hunter2")
        right = opened(port=broker.port, user="me")
        until(lambda: right.stats.connected)
    finally:
        broker.kill()


@real
@pytest.mark.skipif(not OPENSSL, reason="no openssl here")
# paho leaves a socket to the garbage collector whose TLS handshake failed.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_tls_with_a_certificate_that_is_trusted_or_not(tmp_path: Path, opened: Opened) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
         "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    broker = Broker(tmp_path, f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}")
    broker.start()
    try:
        stranger = opened(port=broker.port, tls=True)
        until(lambda: stranger.stats.last_error)
        assert "certificate is not trusted" in stranger.stats.last_error
        assert "ca_file=" in stranger.stats.remedy
        friend = opened(port=broker.port, tls=True, ca_file=str(cert))
        until(lambda: friend.stats.connected)
        lost = opened(port=broker.port, tls=True, ca_file=str(tmp_path / "no.pem"))
        until(lambda: lost.stats.last_error)
        assert "cannot read the certificate" in lost.stats.last_error
    finally:
        broker.kill()


@real
def test_new_names_between_frames(broker: Broker, opened: Opened, read: Read) -> None:
    sink, reader = opened(port=broker.port, fields=("params",)), read(broker.port)
    until(lambda: sink.stats.connected)
    sink.send(shown("fear"))
    until(lambda: len(reader.said("vtdrive/state")) == 1)
    sink.open(SMALL)
    sink.send(frame_of(SMALL, seq=1, profiles=(PROFILE,)))
    until(lambda: len(reader.said("vtdrive/state")) == 2)
    params = json.loads(reader.said("vtdrive/state")[1])["params"]
    assert [*params] == [*SMALL.names]


def test_an_unknown_host_is_a_sentence(opened: Opened) -> None:
    sink = opened(host="no-such-host.invalid")
    until(lambda: sink.stats.last_error, 20)
    assert "no such host" in sink.stats.last_error
    assert sink.stats.remedy


def test_something_that_is_no_broker(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_sink, "_ANSWER_S", 0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        sink = opened(port=mute.getsockname()[1])
        until(lambda: sink.stats.last_error)
        assert "no answer" in sink.stats.last_error
        assert "tls=true" in sink.stats.remedy


def test_a_hostile_broker_hurts_nobody(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_sink, "_ANSWER_S", 0.3)
    with socket.socket() as hostile:
        hostile.bind(("127.0.0.1", 0))
        hostile.listen()
        sink = opened(port=hostile.getsockname()[1])
        for ugly in (b"\x20\xff\xff\xff\xff", b"\x00" * 64, os.urandom(512), b"HTTP/1.1 200\r\n"):
            link, _ = hostile.accept()
            with link:
                link.sendall(ugly)
            until(lambda: sink.stats.last_error)
    assert sink.stats.connected is False


def test_without_the_package_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtra) as caught:
        make_sink(MqttSink())
    assert 'pip install "vtdrive[mqtt]"' in caught.value.remedy
