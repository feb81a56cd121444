"""Spelling help: which valid name was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(name: str, choices: Iterable[str], *, at_least: float = 0.6) -> str | None:
    """The choice closest to `name`, ignoring case and separators; None where none is close.

    `at_least` is the share of letters that must agree, in (0, 1].
    """
    by_plain: dict[str, str] = {}
    for choice in choices:
        by_plain.setdefault(_plain(choice), choice)
    wanted = _plain(name)
    if wanted in by_plain:
        return by_plain[wanted]
    # Someone who leaves out a unit or a side writes the beginning of the name.
    longer = sorted((p for p in by_plain if wanted and p.startswith(wanted)), key=len)
    if longer and len(wanted) >= 3:
        return by_plain[longer[0]]
    close = difflib.get_close_matches(wanted, by_plain, n=1, cutoff=at_least)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
