"""The format seen from outside: JSON Schema for editors, and a page to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, get_args, get_origin

from vtdrive.config.base import Table
from vtdrive.config.export import untitled
from vtdrive.config.toml_text import value_text
from vtdrive.render.format.avatar import Avatar, Feeling, Part, Spring, Sprite, Steer, Turn
from vtdrive.render.format.deform import Bend, Key, Morph, Move, Rotate, Scale, Show, Warp

__all__ = ["avatar_reference", "avatar_schema"]

_TABLES: Final[Mapping[str, type[Table]]] = {
    "Top level": Avatar,
    "`[turn]`": Turn,
    "`[[part]]`": Part,
    '`deform`: `kind = "move"`': Move,
    '`deform`: `kind = "rotate"`': Rotate,
    '`deform`: `kind = "scale"`': Scale,
    '`deform`: `kind = "bend"`': Bend,
    '`deform`: `kind = "warp"`': Warp,
    "`keys` of a warp": Key,
    "`morph`": Morph,
    "`show`": Show,
    "`sprite`": Sprite,
    "`[params.NAME]`": Steer,
    "`[springs.NAME]`": Spring,
    "`[feelings.NAME]`": Feeling,
}
_INTRO: Final = """\
# Every key of avatar.toml

Written by `vtdrive avatar schema --format markdown`; the [JSON Schema](avatar.schema.json) for
editors is `vtdrive avatar schema`. How to make one:
[Draw an avatar of your own](../how-to/draw-an-avatar.md).

An avatar is a folder with `avatar.toml`, a drawing (`.svg`) and, if you like, pictures.
`vtdrive avatar check` names every mistake with its line; while the avatar is shown, files that
change are loaded anew, and what is wrong leaves the former one in place.

Units: the canvas' own, x to the right, y down; degrees, clockwise. Left is the character's own.
"""


def avatar_schema() -> str:
    """JSON Schema (2020-12) of avatar.toml, with every description, unit and range."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vtdrive avatar",
        **untitled(Avatar.model_json_schema()),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def avatar_reference(params: Mapping[str, Steer], springs: Mapping[str, Spring]) -> str:
    """The page; `params` and `springs` are the built-in ones."""
    lines = [_INTRO]
    for title, table in _TABLES.items():
        lines += _section(title, table)
    lines += ["", "## Built-in parameters", "", "| name | range | at rest |", "|---|---|---|"]
    for name, steer in params.items():
        lo, hi = steer.clamp
        lines.append(f"| `{name}` | {lo:g} to {hi:g} | {steer.neutral:g} |")
    lines += ["", "## Built-in springs", "", "| name | hangs on | Hz, damping |", "|---|---|---|"]
    for name, spring in springs.items():
        on = ", ".join(f"{to} {weight:g}" for to, weight in spring.to.items())
        lines.append(f"| `{name}` | {on} | {spring.hz:g}, {spring.damping:g} |")
    return "\n".join(lines) + "\n"


def _section(title: str, table: type[Table]) -> Iterator[str]:
    yield from ("", f"## {title}", "", " ".join((table.__doc__ or "").split()), "")
    yield from ("| key | default | meaning |", "|---|---|---|")
    for name, field in table.model_fields.items():
        if name == "kind":
            continue
        default = "required"
        if not field.is_required():
            value = field.get_default(call_default_factory=True)
            default = "none" if value is None else f"`{value_text(value)}`"
        said = " ".join((field.description or "").split())
        choices = _choices(field.annotation)
        if choices:
            said = f"{said} One of: {', '.join(choices)}.".strip()
        yield f"| `{name}` | {default} | {said.replace('|', chr(92) + '|')} |"


def _choices(annotation: object) -> list[str]:
    if get_origin(annotation) is not None and not isinstance(annotation, type):
        values = get_args(annotation)
        if values and all(isinstance(value, str) for value in values):
            return [str(value) for value in values]
    return []
