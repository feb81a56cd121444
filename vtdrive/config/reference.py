"""What every key means, written from the schema: the comments of `config new`, the docs page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.schema import Config
from vtdrive.config.shape import ANY, Slot, all_keys, unit_of
from vtdrive.config.toml_text import value_text

__all__ = ["comment_lines", "key_facts", "markdown"]

_HEAD = """\
# Every key of a config

<!-- Written by `vtdrive config schema --format markdown`: change the docstrings of the schema. -->

A config is a TOML file; `--config FILE` may repeat, and a later file overrides an earlier one.
Tables merge key by key, except that an entry of `[outputs]`, `[shapes]` or `[overlay]` replaces the
former entry of that name whole. `[[sinks]]` and `[[inputs]]` of all files add up. Without any file
everything is as listed here. `vtdrive config check FILE` names every mistake with its line,
`vtdrive config show --origin` tells which file a value came from, and `vtdrive config new FILE`
writes a file that holds all of this. [How to tune](../how-to/tune.md) starts from what looks wrong;
[Mapping](../explanation/mapping.md) explains `[shapes]`, `[overlay]` and `[outputs]`, whose
defaults stand in `vtdrive/config/mapping.toml`.

`NAME` stands for a name: an emotion in `[emotion.timing]` and `[overlay]`, a shape in `[shapes]`, a
parameter of your avatar in `[outputs]`.
"""


def key_facts(key: str, slot: Slot) -> str:
    """Type, unit and range in brackets: `[number, ms, 0 to 600000]`."""
    facts = [slot.wanted.removeprefix("a ").replace('" or "', '", "'), unit_of(key), slot.bounds]
    return ", ".join(fact for fact in facts if fact)


def comment_lines(key: str, slot: Slot, *, width: int = 96) -> Iterator[str]:
    """The docstring of a key and its facts, as comment lines."""
    said = _said(slot)
    if len(slot.choices) == 1:
        return  # nothing to choose
    facts = f"({key_facts(key, slot)})"
    text = f"{said} {facts}" if said else facts
    yield from textwrap.wrap(text, width, initial_indent="# ", subsequent_indent="# ")


def markdown() -> str:
    """docs/reference/config.md."""
    lines = [_HEAD.rstrip()]
    table: tuple[str, ...] | None = None
    for path, slot in all_keys():
        if (
            slot.model
            or (slot.is_table and len(path) == 1)
            or (len(path) == 1 and path[0] in TABLE_LISTS)
        ):
            continue
        if path[:-1] != table:
            table = path[:-1]
            lines += _section(table)
        lines.append(_row(path, slot))
    return "\n".join([*lines, "", *_overlay(), ""])


def _section(table: tuple[str, ...]) -> Iterator[str]:
    if table and table[0] in TABLE_LISTS:
        name = ".".join((table[0], *table[2:]))
        many = len(table) == 2 or dict(all_keys())[table].is_list
        header = f"[[{name}]]" if many else f"[{name}]"
        level = "##" if len(table) == 2 else "###"
        yield from ("", f"{level} `{header}` with `kind = {value_text(table[1])}`", "")
    else:
        yield from ("", f"## `[{'.'.join(table)}]`" if table else "## Top level", "")
    said = _model_said(table)
    if said:
        yield from (said, "")
    yield from ("| key | default | allowed | meaning |", "|---|---|---|---|")


def _row(path: tuple[str, ...], slot: Slot) -> str:
    cells = [f"`{path[-1]}`", _default_cell(path, slot), key_facts(path[-1], slot), _said(slot)]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default_cell(path: tuple[str, ...], slot: Slot) -> str:
    """The default, and which names have another."""
    if slot.field is None or slot.field.is_required():
        return "required"
    if slot.is_table and path[-1] != "sum":
        return "see below"
    usual = _shown(slot.field.get_default(call_default_factory=True))
    by_value: dict[str, list[str]] = {}
    for name, value in _defaults(path):
        by_value.setdefault(_shown(value), []).append(name)
    if ANY not in path:
        return next(iter(by_value), usual)
    others = [f"{', '.join(names)} {shown}" for shown, names in by_value.items() if shown != usual]
    return "; ".join([usual, *others])


def _defaults(path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The values that the whole config has at `path`: one, or one per free name."""
    values: list[tuple[str, Any]] = [("", Config().model_dump())]
    for step in path:
        if step == ANY:
            values = [pair for _, table in values for pair in table.items()]
        else:
            values = [
                (name, table[step])
                for name, table in values
                if isinstance(table, dict) and step in table
            ]
    yield from values


def _shown(value: Any) -> str:
    return "none" if value is None else f"`{value_text(value)}`"


def _overlay() -> Iterator[str]:
    yield from ("## `[overlay.NAME]`", "")
    yield 'Emotion → shape → weight, mixed in by the larger of the two for `drive = "shapes"`.'
    yield "A shape without its side stands for both; `strong.SHAPE` goes to the stronger side."


def _said(slot: Slot) -> str:
    text = slot.field.description if slot.field else None
    return " ".join((text or "").split())


def _model_said(table: tuple[str, ...]) -> str:
    """What the table's own key says, and the docstring of its type."""
    for path, slot in all_keys():
        model = slot.model or slot.entry
        if path == table and model:
            return " ".join(filter(None, [_said(slot), *(model.__doc__ or "").split()]))
    return ""
