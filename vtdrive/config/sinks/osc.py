"""Plain OSC."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import Driven, Port

__all__ = ["OscSink"]


class OscSink(Driven):
    """Any OSC receiver: one message per parameter, at an address made from a pattern."""

    example: ClassVar[str] = "osc://127.0.0.1:9000?address=/x/{name}"

    kind: Literal["osc"] = "osc"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 9000
    """The port it listens on."""
    address: str = "/vtdrive/{name}"
    """`{name}` becomes the parameter's name."""
