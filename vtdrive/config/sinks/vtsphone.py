"""VTube Studio on an iPhone, imitated."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["VtsPhoneSink"]


class VtsPhoneSink(FaceDriven):
    """An iPhone with VTube Studio, imitated: apps ask for its tracking and get ours."""

    example: ClassVar[str] = "vtsphone://127.0.0.1:21412"

    kind: Literal["vtsphone"] = "vtsphone"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: apps on this machine; 0.0.0.0: the network. With `push`:
    the address of the machine that runs the app."""
    port: Port = 21412
    """The port to listen on, as the phone does. With `push`: the port the app listens on (VSeeFace:
    50506)."""
    push: bool = False
    """True: listen to nobody, send unasked to `host` and `port`."""
    keys: Literal["pascal", "camel"] = "pascal"
    """How shapes are spelled: EyeBlinkLeft, as the phone does, or eyeBlinkLeft."""
