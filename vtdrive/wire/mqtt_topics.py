"""What is said to an MQTT broker: topics, short words, and how Home Assistant learns of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vtdrive.types import AvatarFrame, Status
from vtdrive.vocab import EMOTIONS

__all__ = ["OFFLINE", "ONLINE", "Message", "Topics", "discovery", "words"]

ONLINE: Final = "online"
OFFLINE: Final = "offline"
_ON, _OFF = "on", "off"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `retain` makes the broker keep it for those who come later."""

    topic: str
    payload: str
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics below one prefix, which holds no `+`, `#` or NUL."""

    prefix: str

    @property
    def status(self) -> str:
        """`online`, or `offline`: also when vtdrive crashed, by last will. Retained."""
        return f"{self.prefix}/status"

    @property
    def state(self) -> str:
        """A frame of the JSON stream. Not retained."""
        return f"{self.prefix}/state"

    def word(self, name: str) -> str:
        """The topic of one of `words`."""
        return f"{self.prefix}/{name}"


def words(frame: AvatarFrame) -> dict[str, str]:
    """What is told in one word, retained, when it changes: topic -> payload."""
    return {
        "emotion": EMOTIONS[frame.state.emotion.shown],
        "face": _OFF if frame.status is Status.LOST else _ON,
        "speaking": _ON if frame.state.speaking >= 0.5 else _OFF,
    }


def discovery(topics: Topics, discovery_prefix: str, *, version: str) -> Iterator[Message]:
    """The retained messages from which Home Assistant makes one device with three entities."""
    node = re.sub(r"[^A-Za-z0-9_-]", "_", topics.prefix)
    device = {"identifiers": [f"vtdrive_{node}"], "name": topics.prefix, "sw_version": version}
    switch = {"payload_on": _ON, "payload_off": _OFF}
    entities: dict[str, tuple[str, str, dict[str, object]]] = {
        "emotion": (
            "sensor",
            "Expression",
            {"device_class": "enum", "options": list(EMOTIONS)},
        ),
        "face": ("binary_sensor", "Face seen", {"device_class": "occupancy", **switch}),
        "speaking": ("binary_sensor", "Speaking", {"device_class": "sound", **switch}),
    }
    for name, (component, label, more) in entities.items():
        about = {
            "name": label,
            "unique_id": f"vtdrive_{node}_{name}",
            "object_id": f"{node}_{name}",
            "state_topic": topics.word(name),
            "availability_topic": topics.status,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            **more,
            "device": device,
        }
        yield Message(f"{discovery_prefix}/{component}/{node}/{name}/config", json.dumps(about))
