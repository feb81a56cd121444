"""`--control URL`: osc://HOST:PORT, http://HOST:PORT, midi:NAME."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from vtdrive.config.control import place_of
from vtdrive.config.wording import not_allowed
from vtdrive.errors import UsageError

__all__ = ["CONTROL_URLS", "DEFAULT_PORT", "control_overrides", "parse_control_url"]

CONTROL_URLS: Final = ("osc://127.0.0.1:9010", "http://127.0.0.1:9011", "midi:NAME")
"""One example of each kind."""
DEFAULT_PORT: Final = {"osc": 9010, "http": 9011}


def parse_control_url(url: str) -> tuple[str, str]:
    """Kind and place: ("osc", "127.0.0.1:9010"), ("midi", "Launchpad"); raises UsageError."""
    kind, colon, rest = url.partition(":")
    kind, rest = kind.lower(), rest.removeprefix("//")
    forms = f"write one of: {', '.join(CONTROL_URLS)}"
    if not colon or kind not in (*DEFAULT_PORT, "midi"):
        what = not_allowed(kind or url, (*DEFAULT_PORT, "midi"))
        raise UsageError(f"control {url!r}: the kind {what}", forms)
    if kind == "midi":
        if not rest.strip():
            raise UsageError(f"control {url!r}: the device is missing", forms)
        return kind, rest.strip()
    place = rest.rstrip("/")
    if place.count(":") == 0 or place.endswith("]"):
        place = f"{place}:{DEFAULT_PORT[kind]}"
    try:
        place_of(place)
    except ValueError as fault:
        raise UsageError(f"control {url!r}: {fault}", forms) from None
    return kind, place


def control_overrides(urls: Iterable[str]) -> dict[str, Any]:
    """The `[control]` table that these URLs make; raises UsageError. Each kind may come once."""
    table: dict[str, Any] = {}
    for kind, place in map(parse_control_url, urls):
        if kind in table:
            raise UsageError(
                f"--control: {kind} is given twice", "one listener of a kind is enough"
            )
        table[kind] = {"device": place} if kind == "midi" else place
    return table
