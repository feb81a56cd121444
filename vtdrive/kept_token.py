"""A secret made once and kept for the user alone, in a file."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["kept_token", "write_private"]

_PRIVATE: Final = 0o600
_SOUND: Final = re.compile(r"[A-Za-z0-9_-]{32,200}")


def kept_token(path: Path) -> str:
    """The token in the file `path`, made anew where there is none, or none of use. Raises OSError.

    The file is readable by its owner alone (mode 600). Windows has no such modes: there it lies in
    the user's profile, which other users cannot read.
    """
    return _kept(path) or _made(path)


def _kept(path: Path) -> str:
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(_PRIVATE)
        token = path.read_text("utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return token if _SOUND.fullmatch(token) else ""


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    write_private(path, f"{token}\n")
    return token


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path`, as a file that its owner alone can read. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes it private before a byte is in it.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
