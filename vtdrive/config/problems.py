"""One fault in a config, as one line for the user, and many of them as one ConfigError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.positions import Path
from vtdrive.errors import ConfigError

__all__ = ["DEFAULT", "MOST_SHOWN", "Origin", "Problem", "config_error", "place"]

MOST_SHOWN = 10
DEFAULT = "default"
"""The source of a value that neither a file nor an option set."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a value was written."""

    source: str
    """A file as the user named it, `command line`, or `default`."""
    line: int = 0
    """From 1; 0 where there are no lines."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where, at which key, and why."""

    origin: Origin
    path: Path
    reason: str

    def __str__(self) -> str:
        where = place(self.path)
        return (
            f"{self.origin}: {where}: {self.reason}" if where else f"{self.origin}: {self.reason}"
        )


def place(path: Path) -> str:
    """`("filters", "head", "beta")` as a reader of the file sees it: `[filters.head] beta`."""
    if path and path[0] in TABLE_LISTS:
        return _in_list(path)
    cut = max(len(path) - 1, 0)
    for i, step in enumerate(path):
        if step == "sum" or isinstance(step, int):
            cut = i - isinstance(step, int)  # an array belongs to the key that holds it
            break
    table = f"[{_dotted(path[:cut])}] " if cut else ""
    return table + _dotted(path[cut:])


def _in_list(path: Path) -> str:
    """`("sinks", 0, "rules", 1, "when", "emotion")` as `[[sinks.rules]] when.emotion`."""
    # A number with a key behind it counts tables; the last one may count anything.
    counts = [i for i, step in enumerate(path[:-1]) if isinstance(step, int)]
    start = counts[-1] + 1 if counts else 2
    header = ".".join(step for step in path[: start - 1] if isinstance(step, str))
    return f"[[{header}]] {_dotted(path[start:])}".strip()


def _dotted(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f" #{step + 1}"
        else:
            text += f"{'.' if text and not text.endswith(' ') else ''}{step}"
    return text


def config_error(problems: Sequence[Problem]) -> ConfigError:
    """All problems as one error: a line each, in the order of the files' lines."""
    lines = list(dict.fromkeys(str(p) for p in sorted(problems, key=lambda p: p.origin)))
    shown = lines[:MOST_SHOWN]
    if len(lines) > MOST_SHOWN:
        shown.append(f"… and {len(lines) - MOST_SHOWN} more")
    remedy = "docs/reference/config.md lists every key"
    return ConfigError("\n".join(shown), remedy if any(p.path for p in problems) else "")
