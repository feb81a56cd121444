"""Values as TOML text. (tomlkit can edit files, but not lay them out as the docs want them.)"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.positions import Path

__all__ = ["key_text", "table_lines", "value_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 96


def key_text(key: str) -> str:
    """A key, quoted where TOML wants it."""
    return key if _BARE.fullmatch(key) else _string(key)


def value_text(value: Any) -> str:
    """A value on one line: numbers, text, lists, inline tables. Floats keep every digit; secrets
    show that they are there, and no more."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | SecretStr):
        return _string(str(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(k)} = {value_text(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(value_text(item) for item in value)}]"


def table_lines(
    tree: Mapping[str, Any], *, note: Callable[[Path], str] | None = None
) -> Iterator[str]:
    """A whole config as lines; `note` gives a comment for the end of each key's line.

    Tables become `[headers]`, the list `sinks` becomes `[[sinks]]`, and tables in it become
    `[sinks.NAME]` or `[[sinks.NAME]]`; a `sum` and all that lies in other lists stays inline.
    """
    yield from _table(tree, (), note or (lambda path: ""))


def _table(tree: Mapping[str, Any], path: Path, note: Callable[[Path], str]) -> Iterator[str]:
    for key, value in tree.items():
        if not _has_header(key, value, path):
            yield from _pair(key, value, (*path, key), note)
    for key, value in tree.items():
        here = (*path, key)
        if not _has_header(key, value, path):
            continue
        if isinstance(value, Mapping):
            if not value or not all(_has_header(k, v, here) for k, v in value.items()):
                yield from ("", f"[{_dotted(here)}]")
            yield from _table(value, here, note)
        else:
            for i, item in enumerate(value):
                yield from ("", f"[[{_dotted(here)}]]")
                yield from _table(item, (*here, i), note)


def _has_header(key: str, value: Any, path: Path) -> bool:
    inside = bool(path) and path[0] in TABLE_LISTS
    if isinstance(value, Mapping):
        return bool(value) if inside else key != "sum"
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(item, Mapping) for item in value) and (
        inside or (not path and key in TABLE_LISTS)
    )


def _pair(key: str, value: Any, path: Path, note: Callable[[Path], str]) -> Iterator[str]:
    said = note(path)
    comment = f"  # {said}" if said else ""
    line = f"{key_text(key)} = {value_text(value)}"
    nested = isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value)
    if nested and len(line) > _WIDTH:
        yield f"{key_text(key)} = [{comment}"
        yield from (f"    {value_text(item)}," for item in value)
        yield "]"
    else:
        yield line + comment


def _dotted(path: Path) -> str:
    return ".".join(key_text(str(step)) for step in path if not isinstance(step, int))


def _string(text: str) -> str:
    # JSON's escapes are TOML's, save for DEL, which TOML does not allow raw.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
