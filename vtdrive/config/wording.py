"""Values and choices in words, for sentences about what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vtdrive.config.nearest import nearest

__all__ = ["MOST_LISTED", "described", "not_allowed"]

MOST_LISTED = 30
"""A sentence lists so many allowed names at most."""


def described(value: Any) -> str:
    """A value as the user wrote it, with its type in plain words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else f"{value[:40]}…"
        return f"the text {shown!r}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:20]}…"


def not_allowed(
    name: str, allowed: Iterable[str], *, what: str = "not allowed", meant: str | None = None
) -> str:
    """`'vrm' is not allowed (allowed: vrm0, vrm1, both; did you mean 'vrm0'?)`.

    `meant` is the suggestion where one is known; it must be allowed too. Else it is the nearest.
    """
    names = list(dict.fromkeys(allowed))
    notes = []
    if len(names) <= MOST_LISTED:
        notes.append(f"allowed: {', '.join(names)}")
    close = meant if meant in names else nearest(name, names)
    if close is not None:
        notes.append(f"did you mean '{close}'?")
    elif not notes:
        notes.append(f"allowed: {', '.join(names[:8])} … {len(names)} in all")
    return f"{name!r} is {what} ({'; '.join(notes)})"
