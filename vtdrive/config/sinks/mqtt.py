"""MQTT."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["MqttSink"]


class MqttSink(FaceDriven):
    """An MQTT broker: home automation, robots, anything."""

    example: ClassVar[str] = "mqtt://127.0.0.1:1883"

    kind: Literal["mqtt"] = "mqtt"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 1883
    """The port it listens on."""
