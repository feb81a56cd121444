"""MQTT."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from vtdrive.config.base import Secret
from vtdrive.config.sinks.base import FaceDriven, Port
from vtdrive.config.sinks.ws import StreamField

__all__ = ["MqttSink"]

_NAME = r"[^+#\x00/]+(/[^+#\x00/]+)*"


class MqttSink(FaceDriven):
    """An MQTT broker: home automation, robots, anything."""

    example: ClassVar[str] = "mqtt://127.0.0.1:1883"

    kind: Literal["mqtt"] = "mqtt"
    host: str = "127.0.0.1"
    """Address of the machine that runs the broker."""
    port: Port = 1883
    """The port it listens on; usually 8883 with `tls`."""
    max_hz: Annotated[float, Field(ge=0, le=240)] = 10.0
    """Send at most this often; 0 = every frame."""
    prefix: Annotated[str, Field(pattern=f"^{_NAME}$", max_length=200)] = "vtdrive"
    """How all topics start: vtdrive/emotion, vtdrive/state …"""
    fields: tuple[StreamField, ...] = ("head", "gaze", "emotion", "speaking")
    """What PREFIX/state holds: head, head_m, gaze, emotion, speaking, params, bones, root_m."""
    user: str = ""
    """The user's name at the broker; empty: none."""
    password: Secret = SecretStr("")
    """The password. Better kept out of files and command lines: see the next two."""
    password_env: str = "VTDRIVE_MQTT_PASSWORD"
    """The environment variable that holds it, where `password` is empty."""
    keyring_service: str = "vtdrive-mqtt"
    """Where both are empty: the service in the system's keyring, with `user` as the account.
    `keyring set vtdrive-mqtt USER` stores it."""
    tls: bool = False
    """Encrypt, and check the broker's certificate."""
    ca_file: str = ""
    """With `tls`: the certificate that signed the broker's, where the system does not know it."""
    discovery: bool = False
    """Tell Home Assistant what there is, so that it shows up there by itself."""
    discovery_prefix: Annotated[str, Field(pattern=f"^{_NAME}$", max_length=200)] = "homeassistant"
    """Home Assistant's own prefix."""

    @model_validator(mode="after")
    def _whose_password(self) -> Self:
        if self.password.get_secret_value() and not self.user:
            raise ValueError("password means nothing without user: MQTT sends both or neither")
        return self

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if not host or any(c.isspace() or c == "\0" for c in host):
            raise ValueError("the host is a name or an address, without spaces")
        return host
