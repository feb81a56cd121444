"""The config seen from outside: JSON Schema for editors, and what is in force as TOML."""

from __future__ import annotations

import json
from typing import Any

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.load import Loaded
from vtdrive.config.positions import Path
from vtdrive.config.problems import DEFAULT
from vtdrive.config.schema import Config
from vtdrive.config.toml_text import table_lines

__all__ = ["effective_toml", "json_schema", "untitled"]


def json_schema() -> str:
    """JSON Schema (2020-12) of a config file, with every description, unit and range."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vtdrive config",
        **untitled(Config.model_json_schema()),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def effective_toml(loaded: Loaded, *, origins: bool = False) -> str:
    """The config in force. It loads back to the same config.

    Passwords are hidden: they alone do not load back.
    With `origins`, each line ends in a comment: `FILE:LINE`, `command line` or `default`.
    """
    layers = loaded.layers
    tree = dict(layers.tree)
    for name in TABLE_LISTS:
        tree[name] = [_whole(table) for table in getattr(loaded.config, name)]

    def note(path: Path) -> str:
        if path[0] in TABLE_LISTS and not _is_written(path, layers.tree):
            return DEFAULT
        return str(layers.origin(path))

    return "\n".join(table_lines(tree, note=note if origins else None)).strip() + "\n"


def _whole(sink: Any) -> dict[str, Any]:
    """A sink or input with its defaults, `kind` first, since that decides what the rest means."""
    values = sink.model_dump(exclude_none=True)
    return {"kind": values.pop("kind"), **values}


def _is_written(path: Path, tree: Any) -> bool:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def untitled(node: Any) -> Any:
    """Without the titles that pydantic makes from names: they only repeat the key."""
    if isinstance(node, dict):
        return {
            key: untitled(value)
            for key, value in node.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [untitled(item) for item in node] if isinstance(node, list) else node
