"""MQTT: all that can go wrong with a broker."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from mqtt_broker import Broker, Opened, Read, real, shown
from mqtt_broker import broker as broker
from mqtt_broker import opened as opened
from mqtt_broker import read as read
from pydantic import SecretStr
from waiting import until

from vtdrive.config.sinks import MqttSink
from vtdrive.errors import MissingExtra
from vtdrive.sinks import mqtt as mqtt_sink
from vtdrive.sinks.make import make_sink

PASSWD = shutil.which("mosquitto_passwd") or ""
OPENSSL = shutil.which("openssl") or ""


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
