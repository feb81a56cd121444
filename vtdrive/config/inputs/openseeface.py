"""OpenSeeFace."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.inputs.base import InputTable, ListenPort

__all__ = ["OpenSeeFaceInput"]


class OpenSeeFaceInput(InputTable):
    """OpenSeeFace: its facetracker sends, vtdrive listens."""

    example: ClassVar[str] = "openseeface-in://127.0.0.1:11573"

    kind: Literal["openseeface-in"] = "openseeface-in"
    host: str = "127.0.0.1"
    """The address to listen on. 127.0.0.1: only this machine can send; 0.0.0.0: the network can."""
    port: ListenPort = 11573
    """The port to listen on."""
