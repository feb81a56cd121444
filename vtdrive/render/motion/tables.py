"""What moves every avatar (`params.toml`), and what an avatar makes of it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from pydantic import Field

from vtdrive.config.base import Table
from vtdrive.config.nearest import nearest
from vtdrive.render.format.avatar import Avatar, Spring, Steer

__all__ = ["BuiltIn", "built_in", "known_params", "springs_of", "steers_of", "unknown"]

_HERE: Final = Path(__file__).parent


class BuiltIn(Table):
    """`params.toml`."""

    flips: list[str]
    """Parameters whose sign a mirror changes."""
    soft: list[str]
    """Parameters that near their limits more and more slowly."""
    marks: list[str]
    """Parameters that pop in and fade out as a whole."""
    large: list[str]
    """Marks of which at most one is seen at a time."""
    params: dict[str, Steer] = Field(default_factory=dict)
    springs: dict[str, Spring] = Field(default_factory=dict)


@functools.cache
def built_in() -> BuiltIn:
    """What every avatar has."""
    return BuiltIn.model_validate(
        tomllib.loads((_HERE / "params.toml").read_text(encoding="utf-8"))
    )


def known_params(avatar: Avatar) -> tuple[str, ...]:
    """The parameters of `avatar`, in the order of `Motion`: the built-in ones, then its own."""
    base = built_in()
    return tuple(dict.fromkeys((*base.params, *base.springs, *avatar.params, *avatar.springs)))


def steers_of(avatar: Avatar) -> dict[str, Steer]:
    """What drives each parameter. Of a built-in one an avatar changes the fields that it gives."""
    steers = dict(built_in().params)
    for name, steer in avatar.params.items():
        base = steers.get(name)
        if base is not None:
            given = {field: getattr(steer, field) for field in steer.model_fields_set}
            both = {field: getattr(base, field) for field in type(base).model_fields} | given
            steer = Steer.model_validate(both)
        steers[name] = steer
    return steers


def springs_of(avatar: Avatar) -> dict[str, Spring]:
    """The springs; those of the avatar in place of built-in ones of the same name."""
    return {**built_in().springs, **avatar.springs}


def unknown(where: str, name: str, known: Sequence[str] | Mapping[str, object]) -> NoReturn:
    """Raise the ValueError for a name that stands at `where` and is none of `known`."""
    close = nearest(name, known)
    hint = f" (did you mean '{close}'?)" if close else ""
    raise ValueError(f"{where}: unknown '{name}'{hint}")
