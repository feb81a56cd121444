"""VMC protocol."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import Driven, Port
from vtdrive.types import Profile

__all__ = ["VmcSink"]


class VmcSink(Driven):
    """VMC over UDP: VSeeFace, VNyan, Warudo, VMagicMirror, SnekStudio …"""

    example: ClassVar[str] = "vmc://127.0.0.1:39539"

    kind: Literal["vmc"] = "vmc"
    host: str = "127.0.0.1"
    """Address of the machine that runs the avatar app."""
    port: Port = 39539
    """The port that app listens on."""
    names: Literal["vrm0", "vrm1", "both"] = "vrm0"
    """How expressions are spelled: Joy / A (VRM 0) or happy / aa (VRM 1)."""
    shapes: Literal["pascal", "camel", "off"] = "pascal"
    """How the 52 are spelled; off: not sent."""
    bundle: Literal["auto", "off"] = "auto"
    """off: one message per datagram, for receivers that cannot read bundles."""
    eyes: Literal["bones", "shapes"] = "bones"
    """Gaze as eye bones, or as LookUp / LookDown … expressions; never both."""

    @property
    def profile(self) -> Profile:
        return Profile(self.drive, self.mirror, overrides=self.names == "vrm1")
