"""What is said over MQTT, without a broker."""

from __future__ import annotations

import dataclasses
import json

import pytest
from avatar_frames import SMALL, frame_of
from pydantic import ValidationError

from vtdrive.config.sinks import MqttSink
from vtdrive.types import AvatarFrame, EmotionState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS
from vtdrive.wire.mqtt_topics import Topics, discovery, words


def feeling(name: str, *, speaking: float = 0.0, status: Status = Status.LIVE) -> AvatarFrame:
    frame = frame_of(SMALL, status=status)
    i = EMOTION_INDEX[name]
    weights = frozen([float(k == i and i > 0) for k in range(len(EMOTIONS))])
    felt = EmotionState(weights, weights, i, i)
    state = dataclasses.replace(frame.state, emotion=felt, speaking=speaking)
    return dataclasses.replace(frame, state=state)


@pytest.mark.parametrize("name", EMOTIONS)
def test_the_word_is_what_the_avatar_shows(name: str) -> None:
    assert words(feeling(name))["emotion"] == name


def test_a_face_that_is_held_is_still_there() -> None:
    seen = [words(feeling("neutral", status=status))["face"] for status in Status]
    assert seen == ["off", "on", "on"]
    assert words(feeling("neutral", speaking=0.7))["speaking"] == "on"
    assert words(feeling("neutral", speaking=0.2))["speaking"] == "off"


def test_home_assistant_is_told_golden() -> None:
    emotion, face, speaking = discovery(Topics("desk/face"), "homeassistant", version="9.9")
    assert emotion.topic == "homeassistant/sensor/desk_face/emotion/config"
    assert face.topic == "homeassistant/binary_sensor/desk_face/face/config"
    assert speaking.topic == "homeassistant/binary_sensor/desk_face/speaking/config"
    assert emotion.retain
    assert json.loads(emotion.payload) == {
        "name": "Expression",
        "unique_id": "vtdrive_desk_face_emotion",
        "object_id": "desk_face_emotion",
        "state_topic": "desk/face/emotion",
        "availability_topic": "desk/face/status",
        "payload_available": "online",
        "payload_not_available": "offline",
        "device_class": "enum",
        "options": [
            "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
        ],
        "device": {
            "identifiers": ["vtdrive_desk_face"], "name": "desk/face", "sw_version": "9.9",
        },
    }  # fmt: skip
    switched = json.loads(face.payload)
    assert (switched["payload_on"], switched["payload_off"]) == ("on", "off")
    assert switched["state_topic"] == "desk/face/face"


@pytest.mark.parametrize("prefix", ["", "/", "a/", "/a", "a//b", "a/#", "+", "a\0", "é" * 201])
def test_a_prefix_no_broker_takes_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError):
        MqttSink(prefix=prefix)


def test_the_password_does_not_show() -> None:
    config = MqttSink.model_validate({"user": "me", "password": "hunter2"})
    assert "hunter2" not in repr(config) + config.model_dump_json() + str(config.model_dump())
