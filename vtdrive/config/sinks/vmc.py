"""VMC protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from vtdrive.config.sinks.base import Driven, Port
from vtdrive.types import Profile

__all__ = ["VmcSink"]

_PERFORMER_PORT = 39540


class VmcSink(Driven):
    """VMC over UDP: VSeeFace, VNyan, Warudo, VMagicMirror, SnekStudio …"""

    example: ClassVar[str] = "vmc://127.0.0.1:39539"

    kind: Literal["vmc"] = "vmc"
    host: str = "127.0.0.1"
    """Address of the machine that runs the avatar app."""
    port: Port = 39539
    """The port that app listens on. An assistant's default is 39540."""
    role: Literal["performer", "assistant"] = "performer"
    """performer: everything, to the app that draws the avatar. assistant: expressions and gaze
    only, to an app that owns the body, such as VirtualMotionCapture."""
    names: Literal["vrm0", "vrm1", "both"] = "vrm0"
    """How expressions are spelled: Joy / A (VRM 0), happy / aa (VRM 1), or each in both ways."""
    shapes: Literal["pascal", "camel", "off"] = "pascal"
    """How the 52 are spelled; off: not sent."""
    bundle: Literal["auto", "off"] = "auto"
    """off: one message per datagram, for receivers that cannot read bundles."""
    eyes: Literal["bones", "shapes"] = "bones"
    """Gaze as eye bones (an assistant: as a point to look at), or as LookUp … and EyeLook …
    expressions; never both."""
    vrm: str = ""
    """Your avatar's .vrm file, for receivers that apply bone positions (EVMC4U): each bone is sent
    where it rests in that file. Empty: positions are 0."""
    skeleton: Literal["normalised", "raw"] = "normalised"
    """With `vrm`: how the receiver's bones rest. normalised: unturned; raw: as in the file, which
    matters for VRM 1 models only."""

    @model_validator(mode="before")
    @classmethod
    def _port_of_role(cls, given: object) -> object:
        if isinstance(given, Mapping) and given.get("role") == "assistant":
            merged: dict[str, Any] = {"port": _PERFORMER_PORT, **given}
            return merged
        return given

    @property
    def profile(self) -> Profile:
        return Profile(self.drive, self.mirror, overrides=self.names == "vrm1")
