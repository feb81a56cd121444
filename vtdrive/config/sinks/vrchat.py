"""VRChat avatar parameters."""

from __future__ import annotations

import ipaddress
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["VrchatSink"]


class VrchatSink(FaceDriven):
    """VRChat: the parameters that the worn avatar declares, and VRChat's own eye tracking."""

    example: ClassVar[str] = "vrchat://127.0.0.1:9000"

    kind: Literal["vrchat"] = "vrchat"
    host: str = "127.0.0.1"
    """Where VRChat runs. What OSCQuery tells wins over it."""
    port: Port = 9000
    """VRChat's OSC port. What OSCQuery tells wins over it."""
    parameters: Literal["auto", "oscquery", "file", "default"] = "auto"
    """How to learn what the avatar declares. `oscquery`: ask VRChat; `file`: read the file that
    VRChat wrote about the avatar; `auto`: ask, and read the file until VRChat answers; `default`:
    do not learn it, send a usual set below FT/v2/."""
    avatar: str = ""
    """For `file` and `auto`: an avatar's JSON file, or the folder OSC in which VRChat keeps them,
    of which the newest is taken. Empty: VRChat's usual folder."""
    oscquery: str = ""
    """HOST:PORT of VRChat's OSCQuery page, where searching (mDNS) is blocked; nothing is announced
    then, and an avatar change seen within 2 s. Empty: search."""
    lan: bool = False
    """True: also talk to a VRChat that is found on another device of the local network."""
    listen: str = "127.0.0.1"
    """The IP address on which VRChat can tell of an avatar change. For a VRChat on another device:
    this computer's address in that network."""
    eyes: Literal["auto", "on", "off"] = "auto"
    """VRChat's own eye tracking. `auto`: look and lids each go there where the avatar declares no
    parameters for them."""
    look: Literal["center", "each"] = "center"
    """VRChat's own eye tracking gets one direction for both eyes, or one for each."""
    refresh_s: Annotated[float, Field(ge=0.2, le=5.0)] = 1.0
    """What did not change is sent again this often."""
    chatbox: bool = False
    """True: others read the shown emotion in the chat box above the avatar."""
    caption: str = "{emotion}"
    """What the chat box says; `{emotion}` becomes happiness, surprise …"""

    @field_validator("listen")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError(f"{value!r} is no IP address, such as 127.0.0.1") from None

    @field_validator("oscquery")
    @classmethod
    def _a_place(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        fits = port.isascii() and port.isdigit() and 1 <= int(port) <= 65535
        if value and not (host.strip("[]") and fits and "/" not in value):
            raise ValueError(f"{value!r} is no HOST:PORT, such as 127.0.0.1:54321")
        return value
