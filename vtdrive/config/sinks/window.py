"""A window on this screen."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import SinkTable

__all__ = ["WindowSink"]


class WindowSink(SinkTable):
    """The avatar in a window: to look at, or for OBS's window capture."""

    example: ClassVar[str] = "window:"

    kind: Literal["window"] = "window"
    title: str = "vtdrive avatar"
    """Of the window."""
    on_top: bool = False
    """Keep it above other windows."""
