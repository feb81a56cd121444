"""Plain OSC."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.base import Share
from vtdrive.config.sinks.base import Driven, Port

__all__ = ["OscSink"]


class OscSink(Driven):
    """Any OSC receiver: one message per value, at an address made from a pattern."""

    example: ClassVar[str] = "osc://127.0.0.1:9000?address=/x/{name}"

    kind: Literal["osc"] = "osc"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 9000
    """The port it listens on."""
    address: str = "/vtdrive/{name}"
    """`{name}` becomes the value's name. Several patterns: several sinks."""
    only: tuple[str, ...] = ()
    """What to send: names of outputs, or the groups shapes, presets, custom, head, gaze, emotion,
    status. Empty: every output, without head, gaze, emotion and status."""
    type: Literal["f", "i", "T", "s"] = "f"
    """f: a float; i: a whole number, rounded; T: true or false; s: text with three decimals. Head
    and gaze are floats, the emotion's name and the status text, whatever stands here."""
    scale: Annotated[float, Field(ge=-1e6, le=1e6)] = 1.0
    """f, i and s are multiplied by this: 127 or 255 for receivers that count so far."""
    threshold: Share = 0.5
    """T: true from this value on."""
    send: Literal["all", "changes"] = "all"
    """changes: only what changed, as it stands in the packet, and all once a second."""
    bundle: Literal["auto", "off"] = "auto"
    """off: one message per datagram, for receivers that cannot read bundles."""
