"""Whether there is a screen for a window."""

from __future__ import annotations

import os
import sys

__all__ = ["has_screen"]


def has_screen() -> bool:
    """Whether a window can be shown; Windows and macOS always have a screen."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
