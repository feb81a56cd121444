"""`--json FILE`: where figures are written once they are measured."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from vtdrive.errors import UsageError

__all__ = ["check_writable", "write_figures"]


def check_writable(path: Path | None) -> None:
    """Raises UsageError when `path` cannot become a file; call it before minutes of measuring."""
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"--json {path}: this is a folder", "name a file in it")
    if not path.parent.is_dir():
        raise UsageError(
            f"--json {path}: there is no folder {path.parent}", "make it, or choose another place"
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"--json {path}: it may not be written", "choose another place")


def write_figures(path: Path | None, figures: Any) -> None:
    """Write `figures` as JSON; nothing for None. Raises UsageError when that fails."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except OSError as fault:
        raise UsageError(
            f"--json {path}: {(fault.strerror or str(fault)).lower()}", "choose another place"
        ) from fault
