"""JSON lines."""

from __future__ import annotations

from typing import ClassVar, Literal

from vtdrive.config.sinks.base import Driven

__all__ = ["JsonlSink"]


class JsonlSink(Driven):
    """One JSON object per frame, to a file or `-` for standard output."""

    example: ClassVar[str] = "jsonl:- or jsonl:FILE"

    kind: Literal["jsonl"] = "jsonl"
    path: str = "-"
    """The file; `-` is standard output."""
