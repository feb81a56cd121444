"""MQTT against Debian's mosquitto: what arrives."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from avatar_frames import SMALL, frame_of
from jsonschema import Draft202012Validator
from mqtt_broker import PROFILE, Broker, Opened, Read, real, shown
from mqtt_broker import broker as broker
from mqtt_broker import opened as opened
from mqtt_broker import read as read
from waiting import until

from vtdrive.wire.stream_schema import stream_schema

VALID = Draft202012Validator(stream_schema())


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
