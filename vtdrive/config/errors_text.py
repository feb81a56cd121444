"""Validation faults as sentences: what is wrong, what is allowed, what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.merge_files import Layers
from vtdrive.config.nearest import nearest
from vtdrive.config.positions import Path
from vtdrive.config.problems import MOST_SHOWN, Problem
from vtdrive.config.shape import ANY, Slot, all_keys, schema_path, slot_at
from vtdrive.config.wording import described, not_allowed
from vtdrive.vocab import emotion_named

__all__ = ["problems_of"]

_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_WORDED = 5 * MOST_SHOWN
"""More than are shown, since several may say the same."""


def problems_of(errors: Sequence[ErrorDetails], layers: Layers) -> list[Problem]:
    """Validation faults, placed at the files and lines that caused them, the first ones first.

    Finding words takes a while each, so faults beyond those that are shown keep pydantic's.
    """
    ordered = sorted(errors, key=lambda error: layers.origin(_path_of(error["loc"])))
    told = [_problem_of(error, layers) for error in ordered[:_WORDED]]
    rest = [_at(_path_of(error["loc"]), layers, error["msg"]) for error in ordered[_WORDED:]]
    return told + rest


def _problem_of(error: ErrorDetails, layers: Layers) -> Problem:
    path = _path_of(error["loc"])
    kind = error["type"]
    if kind == "value_error":
        return _of_table(error, path, layers)
    if kind == "missing" and isinstance(path[-1], int):
        path = path[:-1]  # a pair that lacks its second number
        slot = slot_at(path, layers.tree)
        return _at(path, layers, _wants(slot, _value_at(path, layers.tree)))
    if kind == "extra_forbidden":
        return _at(path, layers, _unknown_key(path, layers.tree))
    return _at(path, layers, _reason(error, path, layers.tree))


def _path_of(loc: tuple[int | str, ...]) -> Path:
    # Pydantic puts the kind of a sink or input between its index and its key.
    return (*loc[:2], *loc[3:]) if loc[0] in TABLE_LISTS and len(loc) > 2 else loc


def _at(path: Path, layers: Layers, reason: str) -> Problem:
    return Problem(layers.origin(path), path, reason)


def _value_at(path: Path, tree: Any) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _of_table(error: ErrorDetails, path: Path, layers: Layers) -> Problem:
    """A fault between keys of one table: placed at the key that the sentence names first."""
    said = str(error.get("ctx", {}).get("error", error["msg"]))
    names = frozenset(re.findall(r"\w+", said))
    return _at(layers.latest_under(path, names), layers, said)


def _reason(error: ErrorDetails, path: Path, tree: Any) -> str:
    kind, value = error["type"], _value_at(path, tree)
    slot = slot_at(path, tree)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _kind_reason(slot, path[0], value)
    if kind == "missing":
        return "is missing and has no default"
    if kind == "literal_error" and slot and isinstance(value, str):
        choices = (str(choice) for choice in slot.choices)
        return not_allowed(value, choices, meant=emotion_named(value))
    if kind in _RANGE and slot:
        return f"{described(value)} is out of range (allowed: {slot.bounds})"
    if kind == "finite_number":
        return f"{described(value)} is no usable number"
    if kind in ("too_long", "too_short"):
        return _length_reason(error, slot, value)
    if slot and slot.entry and isinstance(value, Mapping):
        return f"may be many: write {_header(path, many=True)} with double brackets"
    if slot and slot.model and isinstance(value, list):
        return f"is one table: write {_header(path, many=False)} with single brackets"
    return _wants(slot, value) + (_quoting_hint(slot, value) if slot else "")


def _header(path: Path, *, many: bool) -> str:
    name = ".".join(step for step in path if isinstance(step, str))
    return f"[[{name}]]" if many else f"[{name}]"


def _wants(slot: Slot | None, value: Any) -> str:
    if slot and slot.is_secret:
        return f"wants {slot.wanted}"  # and what was written is nobody's business
    bounds = f", {slot.bounds}" if slot and slot.bounds else ""
    return f"wants {slot.wanted if slot else 'another value'}{bounds}; got {described(value)}"


def _kind_reason(slot: Slot | None, place: str | int, value: Any) -> str:
    kinds = list(slot.models) if slot else []
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if kind is None:
        return f"every [[{place}]] needs a kind (allowed: {', '.join(kinds)})"
    return f"kind {not_allowed(str(kind), kinds)}"


def _length_reason(error: ErrorDetails, slot: Slot | None, value: Any) -> str:
    ctx = error.get("ctx", {})
    limit = ctx.get("max_length", ctx.get("min_length"))
    word = "most" if "max_length" in ctx else "least"
    if slot and not slot.is_list:
        return _wants(slot, value)
    return f"may hold at {word} {limit}; got {described(value)}"


def _quoting_hint(slot: Slot, value: Any) -> str:
    if isinstance(value, str) and slot.annotation in (int, float, bool):
        return ": write it without quotes"
    if (slot.annotation is str or slot.is_secret) and not isinstance(value, dict | list):
        return ': put it in "quotes"'
    return ""


def _unknown_key(path: Path, tree: Any) -> str:
    parent = slot_at(path[:-1], tree)
    name = str(path[-1])
    allowed = parent.allowed(_value_at(path[:-1], tree)) if parent else []
    what = "unknown table" if isinstance(_value_at(path, tree), dict) else "unknown key"
    notes = [f"allowed: {', '.join(allowed)}"]
    close = nearest(name, allowed, at_least=0.75) or _elsewhere(
        name, schema_path(path[:-1], tree), allowed
    )
    if close:
        notes.append(f"did you mean '{close}'?")
    return f"{what} ({'; '.join(notes)})"


def _elsewhere(name: str, here: tuple[str, ...], allowed: list[str]) -> str | None:
    """Where else that key, or one like it, belongs: inside `table` first."""
    inside: dict[str, str] = {}
    outside: dict[str, str] = {}
    for path, _ in all_keys():
        if len(path) >= 2 and here and path[: len(here)] == here:
            inside.setdefault(path[-1], ".".join(path[len(here) :]))
        elif len(path) >= 2:
            outside.setdefault(path[-1], _written(path))
    own = {key: key for key in allowed}
    tries = [(inside, 1.0), (outside, 1.0), (own, 0.6), (inside, 0.6), (outside, 0.6)]
    for known, at_least in tries:
        found = nearest(name, known, at_least=at_least)
        if found is not None:
            return known[found]
    return None


def _written(path: tuple[str, ...]) -> str:
    """The place of a key as one would write it."""
    if path[0] in TABLE_LISTS:
        slots = dict(all_keys())
        lists = [end for end in range(3, len(path)) if slots[path[:end]].is_list]
        end = max(lists, default=2)
        return f"[[{'.'.join([path[0], *path[2:end]])}]] {'.'.join(path[end:])}"
    return f"[{'.'.join(path[:-1])}] {path[-1]}".replace(f".{ANY}", ".NAME")
