"""From the text of `avatar.toml` to its tables. Every fault is told at once, with its line."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from vtdrive.config.documents import Document, Unreadable, leaves, read
from vtdrive.config.problems import MOST_SHOWN, Problem
from vtdrive.config.wording import described, not_allowed
from vtdrive.errors import ConfigError
from vtdrive.render.format.avatar import Avatar, Feeling, Part, Spring, Sprite, Steer, Turn
from vtdrive.render.format.deform import Bend, Key, Morph, Move, Rotate, Scale, Show, Warp

__all__ = ["AVATAR_FILE", "avatar_error", "fault_at", "read_avatar"]

AVATAR_FILE: Final = "avatar.toml"
_REMEDY: Final = "docs/reference/avatar-format.md lists every key"
_MOST: Final = 1e6
_LEAST: Final = 1e-9
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KINDS: Final = {"move": Move, "rotate": Rotate, "scale": Scale, "bend": Bend, "warp": Warp}


def read_avatar(folder: Path) -> tuple[Avatar, Document]:
    """The tables of the avatar in `folder`; raises ConfigError with a line for every fault."""
    file = folder / AVATAR_FILE
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: there is no such folder", "vtdrive avatar list shows the avatars there are"
        )
    try:
        document = read(file)
    except Unreadable as fault:
        raise avatar_error([fault.problem]) from None
    if document.tree.get("format", 1) != 1:
        said = f"this vtdrive reads format 1, not {described(document.tree['format'])}"
        raise avatar_error([fault_at(document, ("format",), said)])
    unusable = list(_unusable(document))
    if unusable:
        raise avatar_error(unusable)
    try:
        avatar = Avatar.model_validate_json(json.dumps(document.tree, default=str), strict=True)
    except ValidationError as fault:
        errors = fault.errors(include_url=False)
        told = [error for error in errors if not _follows(error, errors)]
        raise avatar_error([_problem(error, document) for error in told]) from None
    return avatar, document


def _unusable(document: Document) -> Iterator[Problem]:
    """Values that no key wants: none is anywhere near these limits, and arithmetic is safe."""
    for path, value in leaves(document.tree):
        if isinstance(value, datetime.date | datetime.time):
            yield fault_at(document, path, "a date means nothing here; text needs quotes")
        elif isinstance(value, str) and _CONTROL.search(value):
            yield fault_at(document, path, f"{described(value)} holds letters that cannot be seen")
        elif isinstance(value, int | float) and abs(value) > _MOST:
            yield fault_at(document, path, "is too large a number (a million at most)")
        elif isinstance(value, float) and 0.0 < abs(value) < _LEAST:
            yield fault_at(document, path, "is too small a number")


def fault_at(document: Document, path: tuple[int | str, ...], said: str) -> Problem:
    """A fault at a key, named as its author knows it: `part 'mouth', morph 1, at`."""
    tree: Any = document.tree
    words: list[str] = []
    for step in path:
        tree = _value((step,), tree)
        if not isinstance(step, int):
            words.append(step)
        elif isinstance(tree, dict) and isinstance(tree.get("name"), str):
            words[-1] += f" {tree['name']!r}"
        else:
            words[-1] += f" {step + 1}"
    where = f"{', '.join(words)}: " if words else ""
    return Problem(document.origin(path), (), f"{where}{said}")


def avatar_error(problems: Sequence[Problem]) -> ConfigError:
    """All problems as one error, a line each, in the order of their lines."""
    lines = list(dict.fromkeys(str(p) for p in sorted(problems, key=lambda p: p.origin)))
    shown = lines[:MOST_SHOWN]
    if len(lines) > MOST_SHOWN:
        shown.append(f"… and {len(lines) - MOST_SHOWN} more")
    return ConfigError("\n".join(shown), _REMEDY)


def _problem(error: ErrorDetails, document: Document) -> Problem:
    path = _path(error["loc"], document.tree)
    kind, value = error["type"], _value(path, document.tree)
    where = path
    if kind == "extra_forbidden":
        table = _table(path[:-1], document.tree)
        names = list(table.model_fields) if table is not None else []
        said = not_allowed(str(path[-1]), names, what="unknown here")
    elif kind == "missing":
        said, where = f"{path[-1]} is missing and has no default", path[:-1]
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        written = value.get("kind") if isinstance(value, dict) else None
        said = "kind " + not_allowed(str(written), _KINDS)
    elif kind == "literal_error":
        said = f"{described(value)} is not allowed (allowed: {error['ctx']['expected']})"
    elif kind == "value_error":
        said = str(error["ctx"]["error"])
    else:
        message = error["msg"][:1].lower() + error["msg"][1:]
        said = f"{message}; got {described(value)}"
    found = fault_at(document, where, said)
    return Problem(document.origin(path), (), found.reason)


def _follows(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called short only because one of its items is wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors
    )


def _path(loc: tuple[int | str, ...], tree: Any) -> tuple[int | str, ...]:
    """Where in the file: without the names of unions' members, which pydantic puts between."""
    path: list[int | str] = []
    for i, step in enumerate(loc):
        last = i == len(loc) - 1
        if isinstance(tree, dict):
            if step not in tree and not last:
                continue
            path.append(step)
            tree = tree.get(step)
        elif isinstance(tree, list):
            if not isinstance(step, int) or step >= len(tree):
                continue
            path.append(step)
            tree = tree[step]
    return tuple(path)


def _value(path: tuple[int | str, ...], tree: Any) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _table(path: tuple[int | str, ...], tree: Any) -> type[Any] | None:
    """The table whose keys stand at `path`."""
    names = tuple(step for step in path if isinstance(step, str))
    if not names:
        return Avatar
    if names[-1] == "deform":
        written = _value(path, tree)
        return _KINDS.get(written.get("kind", "") if isinstance(written, dict) else "")
    by_end: dict[str, type[Any]] = {
        "part": Part, "turn": Turn, "morph": Morph, "show": Show, "sprite": Sprite, "keys": Key,
    }  # fmt: skip
    if names[-1] in by_end:
        return by_end[names[-1]]
    if len(names) == 2:
        return {"params": Steer, "springs": Spring, "feelings": Feeling}.get(names[0])
    return None
