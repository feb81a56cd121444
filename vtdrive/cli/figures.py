"""`--json FILE`: where figures are written once they are measured."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vtdrive.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["check_writable", "show_and_write", "write_figures", "write_text"]

_STDOUT: Final = Path("-")


def check_writable(path: Path | None, *, option: str = "--json") -> None:
    """Raises UsageError, naming `option`, when `path` cannot become a file.

    Call it before minutes of measuring.
    """
    if path is None:
        return
    try:
        if path.is_dir():
            raise UsageError(f"{option} {path}: this is a folder", "name a file in it")
        if not path.parent.is_dir():
            raise UsageError(
                f"{option} {path}: there is no folder {path.parent}",
                "make it, or choose another place",
            )
        writable = os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError as fault:
        raise _refused(option, path, fault) from fault
    if not writable:
        raise UsageError(f"{option} {path}: it may not be written", "choose another place")


def show_and_write(path: Path | None, figures: Any, tables: Iterable[RenderableType]) -> None:
    """Both, whatever becomes of the other: measuring took minutes. Raises as `write_figures`.

    Figures that go to standard output (`-`) stand there alone.
    """
    from rich.console import Console

    console = Console(highlight=False)
    try:
        # Before the tables: whoever pipes them into `head` still gets all figures.
        write_figures(path, figures)
    finally:
        for part in () if path == _STDOUT else tables:
            console.print(part)
            console.print()


def write_figures(path: Path | None, figures: Any) -> None:
    """Write `figures` as JSON; nothing for None. Raises UsageError when that fails."""
    if path is not None:
        write_text(path, json.dumps(figures, indent=1) + "\n", option="--json")


def write_text(path: Path, text: str, *, option: str) -> None:
    """Write `text` to `path`; `-` is standard output. Raises UsageError, naming `option`.

    What of a file's name is no text (on Linux any bytes may be one) is written as `\\udcXX`.
    """
    if path == _STDOUT:
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as fault:
        raise _refused(option, path, fault) from fault


def _refused(option: str, path: Path, fault: OSError) -> UsageError:
    reason = (fault.strerror or str(fault)).lower()
    return UsageError(f"{option} {path}: {reason}", "choose another place")
