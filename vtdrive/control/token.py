"""The secret that HTTP commands must carry: made once, kept for the user alone."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from vtdrive.errors import UsageError
from vtdrive.kept_token import kept_token

__all__ = ["load_token", "token_path"]


def token_path() -> Path:
    """Where it lies."""
    return platformdirs.user_config_path("vtdrive") / "control-token"


def load_token(path: Path | None = None) -> str:
    """The token, made anew where there is none, or none of use. Raises UsageError."""
    path = path or token_path()
    try:
        return kept_token(path)
    except OSError as fault:
        raise UsageError(
            f"the control token {path} cannot be read or written: {fault.strerror or fault}",
            "mend the folder's permissions, or leave out --control http://…",
        ) from fault
