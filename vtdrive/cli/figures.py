"""`--json FILE`: where figures are written once they are measured."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from vtdrive.errors import UsageError

__all__ = ["check_writable", "write_figures", "write_text"]


def check_writable(path: Path | None, *, option: str = "--json") -> None:
    """Raises UsageError, naming `option`, when `path` cannot become a file.

    Call it before minutes of measuring.
    """
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{option} {path}: this is a folder", "name a file in it")
    if not path.parent.is_dir():
        raise UsageError(
            f"{option} {path}: there is no folder {path.parent}", "make it, or choose another place"
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option} {path}: it may not be written", "choose another place")


def write_figures(path: Path | None, figures: Any) -> None:
    """Write `figures` as JSON; nothing for None. Raises UsageError when that fails."""
    if path is not None:
        write_text(path, json.dumps(figures, indent=1) + "\n", option="--json")


def write_text(path: Path, text: str, *, option: str) -> None:
    """Write `text` to `path`; `-` is standard output. Raises UsageError, naming `option`."""
    if path == Path("-"):
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as fault:
        raise UsageError(
            f"{option} {path}: {(fault.strerror or str(fault)).lower()}", "choose another place"
        ) from fault
