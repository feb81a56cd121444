"""iFacialMocap on an iPhone."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.inputs.base import InputTable, ListenPort

__all__ = ["IFacialMocapInput"]


class IFacialMocapInput(InputTable):
    """iFacialMocap on an iPhone."""

    example: ClassVar[str] = "ifacialmocap-in://192.168.1.20"

    kind: Literal["ifacialmocap-in"] = "ifacialmocap-in"
    host: str
    """The phone's address; the app shows it."""
    port: ListenPort = 49983
    """The port that the phone and this machine use."""
    version: Literal["v1", "v2"] = "v1"
    """Which text to ask the phone for; both are understood."""
