"""VMC from any app."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.inputs.base import InputTable, ListenPort

__all__ = ["VmcInput"]


class VmcInput(InputTable):
    """VMC from any app: it sends, vtdrive listens."""

    example: ClassVar[str] = "vmc-in://127.0.0.1:39540"

    kind: Literal["vmc-in"] = "vmc-in"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: only this machine can send; 0.0.0.0: the network can."""
    port: ListenPort = 39540
    """The port to listen on."""
    mirror: bool = False
    """True: what arrives is a mirror image; left and right are swapped."""
    root: bool = False
    """True: the avatar's offset moves the head. Many apps send where the model stands instead."""
