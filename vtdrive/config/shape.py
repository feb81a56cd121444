"""What the schema allows at a path: the one place that walks its types.

Error sentences, the commented config and the reference page all read the schema through this.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as at
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.positions import Path
from vtdrive.config.schema import Config

__all__ = ["ANY", "Slot", "all_keys", "root", "schema_path", "slot_at", "unit_of"]

ANY = "NAME"
"""Stands for a name the user chooses, in the paths of `all_keys`."""

_UNITS = {
    "ms": "ms",
    "s": "s",
    "seconds": "s",
    "hz": "Hz",
    "fps": "frames per second",
    "deg": "degrees",
    "m": "m",
    "width": "px",
    "height": "px",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a config: its type, its bounds and what its docstring says."""

    annotation: Any
    metadata: tuple[Any, ...] = ()
    field: FieldInfo | None = None

    @property
    def model(self) -> type[BaseModel] | None:
        """The table that belongs here; None where a value or a free table does."""
        kind = self.annotation
        return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None

    @property
    def models(self) -> dict[str, type[BaseModel]]:
        """Where `kind` tells tables apart: the table of each kind."""
        return {m.model_fields["kind"].default: m for m in _members(self.annotation)}

    @property
    def is_table(self) -> bool:
        """Whether `[brackets]` belong here: a table of known or of free names."""
        return self.model is not None or bool(self.models) or get_origin(self.annotation) is dict

    @property
    def is_list(self) -> bool:
        return get_origin(self.annotation) is list

    @property
    def entry(self) -> type[BaseModel] | None:
        """The table that a list of tables of one kind holds; None where it is no such list."""
        return _slot(get_args(self.annotation)[0]).model if self.is_list else None

    @property
    def is_secret(self) -> bool:
        """Whether the value must not be shown."""
        return self.annotation is SecretStr

    @property
    def choices(self) -> tuple[Any, ...]:
        """The allowed values of an enumeration, else nothing."""
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    def child(self, step: str | int, value: Any = None) -> Slot | None:
        """What belongs under `step`; `value` (this slot's) tells which kind of table it is."""
        origin, args = get_origin(self.annotation), get_args(self.annotation)
        if isinstance(step, int):
            if origin is list or (origin is tuple and Ellipsis in args):
                return _slot(args[0])
            return _slot(args[step]) if origin is tuple and 0 <= step < len(args) else None
        if origin is dict:
            return _slot(args[1])
        model = self.model or self._kind_of(value)
        field = model.model_fields.get(step) if model else None
        if field is None:
            return None
        inner = _slot(field.annotation)
        return Slot(inner.annotation, (*field.metadata, *inner.metadata), field)

    def allowed(self, value: Any = None) -> list[str]:
        """The keys that are allowed here; none where names are free."""
        model = self.model or self._kind_of(value)
        return list(model.model_fields) if model else []

    def _kind_of(self, value: Any) -> type[BaseModel] | None:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        return self.models.get(kind) if isinstance(kind, str) else None

    @property
    def wanted(self) -> str:
        """What to write here, as words: `a number`, `[number, number]`, `a table`."""
        origin, args = get_origin(self.annotation), get_args(self.annotation)
        if self.is_table:
            return "a table"
        if origin is Literal:
            return " or ".join(_quoted(choice) for choice in args)
        if origin is list:
            return f"a list of {_slot(args[0]).wanted}s".replace("a list of a ", "a list of ")
        if origin is tuple:
            if Ellipsis in args:
                return f"a list of {_slot(args[0]).wanted}s"
            return f"[{', '.join(_slot(a).wanted.removeprefix('a ') for a in args)}]"
        words = {
            float: "a number", int: "a whole number", bool: "true or false", str: "text",
            SecretStr: "text",
        }  # fmt: skip
        return words.get(self.annotation, "a value")

    @property
    def bounds(self) -> str:
        """`0 to 1`, `above 0, up to 1000`, or nothing."""
        if get_origin(self.annotation) in (list, tuple):
            return ""
        low = high = ""
        for bound in _flat(self.metadata):
            if isinstance(bound, at.Ge):
                low = _number(bound.ge)
            elif isinstance(bound, at.Gt):
                low = f"above {_number(bound.gt)}"
            elif isinstance(bound, at.Le):
                high = _number(bound.le)
            elif isinstance(bound, at.Lt):
                high = f"below {_number(bound.lt)}"
        if low and high:
            plain = not low.startswith("above") and not high.startswith("below")
            start = low if low.startswith("above") else f"from {low}"
            return f"{low} to {high}" if plain else f"{start}, {_upper(high)}"
        return f"{low} or more" if low and not low.startswith("above") else low or _upper(high)


def root() -> Slot:
    """The whole config."""
    return Slot(Config)


def slot_at(path: Path, tree: Any) -> Slot | None:
    """What the schema allows at `path`; `tree` settles which kind a sink is. None: nothing."""
    slot: Slot | None = root()
    node = tree
    for step in path:
        if slot is None:
            return None
        slot = slot.child(step, node)
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
    return slot


def schema_path(path: Path, tree: Any) -> tuple[str, ...]:
    """`path` as `all_keys` has it: `("sinks", 0, "rules", 2)` is `("sinks", "obs", "rules")`."""
    found: list[str] = []
    node = tree
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        if isinstance(step, str):
            found.append(step)
        elif len(found) == 1 and found[0] in TABLE_LISTS:
            kind = node.get("kind") if isinstance(node, Mapping) else None
            found.append(str(kind))
    return tuple(found)


def all_keys() -> Iterator[tuple[tuple[str, ...], Slot]]:
    """Every key of the schema with its path, the keys of a table before the tables in it; a free
    name is `NAME`, a kind of sink its name."""
    yield from _schema_keys()


@functools.cache
def _schema_keys() -> tuple[tuple[tuple[str, ...], Slot], ...]:
    return tuple(_keys_under(root(), ()))


def unit_of(key: str) -> str:
    """The unit that a key's name ends in, or nothing."""
    return _UNITS.get(key) or _UNITS.get(key.rsplit("_", 1)[-1], "") if key != "s" else ""


def _keys_under(slot: Slot, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Slot]]:
    keys = [((*path, name), slot.child(name)) for name in slot.allowed()]
    found = [(here, inner) for here, inner in keys if inner is not None]
    yield from found
    for here, inner in found:
        if inner.model:
            yield from _keys_under(inner, here)
        elif get_origin(inner.annotation) is dict:
            yield from _keys_under(_slot(get_args(inner.annotation)[1]), (*here, ANY))
        elif inner.is_list:
            entry = _slot(get_args(inner.annotation)[0])
            for kind, model in entry.models.items():
                yield from _keys_under(Slot(model), (*here, kind))
            if entry.model and here[0] in TABLE_LISTS:
                yield from _keys_under(entry, here)


def _slot(annotation: Any) -> Slot:
    """Peel `Annotated[...]` and `... | None` off a type, keeping the bounds."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *extra = get_args(annotation)
            metadata += tuple(extra)
        elif _is_optional(annotation):
            annotation = next(a for a in get_args(annotation) if a is not types.NoneType)
        else:
            return Slot(annotation, metadata)


def _is_optional(annotation: Any) -> bool:
    if get_origin(annotation) not in (Union, types.UnionType):
        return False
    args = get_args(annotation)
    return types.NoneType in args and len(args) == 2


def _members(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return []
    return [m for m in typing.get_args(annotation) if "kind" in getattr(m, "model_fields", {})]


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def _number(value: Any) -> str:
    return f"{value:g}" if abs(value) < 100_000 else f"{value:.0f}"


def _upper(high: str) -> str:
    return high if not high or high.startswith("below") else f"up to {high}"


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
