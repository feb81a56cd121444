"""Where frames go. One table per kind of sink, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vtdrive.config.base import Hz, Table
from vtdrive.types import Drive, Profile

__all__ = ["JsonlSink", "McapSink", "OscSink", "SinkConfig", "VmcSink"]

Port = Annotated[int, Field(ge=1, le=65535)]


class _Driven(Table):
    """Options of every sink that receives poses."""

    drive: Drive = "both"
    """`presets`: Joy, A, Blink …; `shapes`: the 52 ARKit shapes with emotion mixed in (for
    perfect-sync models); `both`: presets and the 52 as tracked."""
    mirror: bool = False
    """True: the avatar moves like a mirror image."""
    max_hz: Annotated[float, Field(ge=0, le=240)] = 0.0
    """Send at most this often; 0 = every frame."""

    @property
    def profile(self) -> Profile:
        return Profile(self.drive, self.mirror)


class VmcSink(_Driven):
    """VMC over UDP: VSeeFace, VNyan, Warudo, VMagicMirror, SnekStudio …"""

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


class OscSink(_Driven):
    """Any OSC receiver: one message per parameter, at an address made from a pattern."""

    kind: Literal["osc"] = "osc"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 9000
    """The port it listens on."""
    address: str = "/vtdrive/{name}"
    """`{name}` becomes the parameter's name."""


class JsonlSink(_Driven):
    """One JSON object per frame, to a file or `-` for standard output."""

    kind: Literal["jsonl"] = "jsonl"
    path: str = "-"
    """The file; `-` is standard output."""


class McapSink(Table):
    """A recording of every tap, for `vtdrive replay`. No picture is stored."""

    kind: Literal["mcap"] = "mcap"
    path: str
    """The file; `{time}` in it becomes the time of the start."""
    landmarks: bool = True
    """False: smaller files that replay only from the solved signals on."""
    flush_hz: Hz = 1.0
    """How often what is recorded reaches the disk."""

    @property
    def profile(self) -> Profile:
        return Profile()


SinkConfig = Annotated[VmcSink | OscSink | JsonlSink | McapSink, Field(discriminator="kind")]
