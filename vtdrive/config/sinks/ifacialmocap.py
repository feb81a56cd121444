"""iFacialMocap, sent as the phone does."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["IFacialMocapSink"]


class IFacialMocapSink(FaceDriven):
    """What iFacialMocap on an iPhone sends: any app that takes it."""

    example: ClassVar[str] = "ifacialmocap://127.0.0.1:49983"

    kind: Literal["ifacialmocap"] = "ifacialmocap"
    host: str = "127.0.0.1"
    """Address of the machine that listens."""
    port: Port = 49983
    """The port it listens on."""
    version: Literal["v1", "v2"] = "v1"
    """What stands between a shape's name and its value: `-` (v1, which every app reads) or `&`."""
