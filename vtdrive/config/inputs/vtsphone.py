"""VTube Studio on an iPhone, and MeowFace."""

from __future__ import annotations

from typing import ClassVar, Literal

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
