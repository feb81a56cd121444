"""VTube Studio on an iPhone, and MeowFace."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.inputs.base import InputTable, ListenPort

__all__ = ["VtsPhoneInput"]


class VtsPhoneInput(InputTable):
    """VTube Studio on an iPhone, or MeowFace on Android: vtdrive asks it for its tracking."""

    example: ClassVar[str] = "vtsphone-in://192.168.1.20"

    kind: Literal["vtsphone-in"] = "vtsphone-in"
    host: str
    """The phone's address; the app shows it."""
    port: ListenPort = 21412
    """The port the phone listens on."""
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port to listen on here; 0: any that is free. The phone is told. Where a firewall wants a
    rule, give one."""
    gaze: Literal["auto", "angles", "shapes"] = "auto"
    """Where the eyes look: by their angles, or by the eyeLook shapes. Eyes that go the wrong way:
    shapes."""
