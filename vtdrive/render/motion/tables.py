"""What moves every avatar (`params.toml`, `feelings.toml`), and what an avatar changes of it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

from pydantic import Field

from vtdrive.config.base import Share, Table
from vtdrive.config.wording import not_allowed
from vtdrive.render.format.avatar import Avatar, Feeling, Spring, Steer
from vtdrive.render.format.deform import Pair
from vtdrive.vocab import EMOTIONS

__all__ = [
    "BuiltIn",
    "FeltBuiltIn",
    "MotionFault",
    "built_in",
    "feelings_of",
    "felt_built_in",
    "known_params",
    "springs_of",
    "steers_of",
    "unknown",
]

_HERE: Final = Path(__file__).parent


class MotionFault(ValueError):
    """What an avatar's tables say of its motion cannot be."""

    def __init__(self, path: tuple[str | int, ...], said: str) -> None:
        super().__init__(f"{'.'.join(map(str, path))}: {said}")
        self.path, self.said = path, said
        """Where in `avatar.toml`, and what is wrong there."""


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


class FeltBuiltIn(Table):
    """`feelings.toml`."""

    full_at: Annotated[float, Field(gt=0, le=1)]
    """The weight at which an expression is all there."""
    sided: list[str]
    """Expressions that are turned round for a face that is lopsided the other way."""
    spoken: dict[str, Share]
    """Parameter = how much of what is felt leaves it while one speaks."""
    late: dict[str, dict[str, Pair]]
    """Expression and parameter = the weights between which it comes."""
    passing: dict[str, dict[str, Pair]]
    """Expression and parameter = seconds that it lasts, and that it takes to go."""
    feelings: dict[str, Feeling]


@functools.cache
def built_in() -> BuiltIn:
    """The parameters and springs that every avatar has."""
    return BuiltIn.model_validate(_read("params.toml"))


@functools.cache
def felt_built_in() -> FeltBuiltIn:
    """What the expressions do to every avatar."""
    return FeltBuiltIn.model_validate(_read("feelings.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


def known_params(avatar: Avatar) -> tuple[str, ...]:
    """The parameters of `avatar`, in the order of `Motion`: the built-in ones, then its own."""
    base = built_in()
    return tuple(dict.fromkeys((*base.params, *base.springs, *avatar.params, *avatar.springs)))


def steers_of(avatar: Avatar) -> dict[str, Steer]:
    """What drives each parameter. Of a built-in one an avatar changes the fields that it gives.
    Raises MotionFault where they do not fit the others."""
    steers = dict(built_in().params)
    for name, steer in avatar.params.items():
        base = steers.get(name)
        given = {field: getattr(steer, field) for field in steer.model_fields_set}
        if base is not None:
            both = {field: getattr(base, field) for field in type(base).model_fields} | given
            steer = Steer.model_validate(both)
        lo, hi = steer.clamp
        if not lo <= steer.neutral <= hi:
            said = f"the neutral of {name}, {steer.neutral:g}, must lie within clamp"
            at = "clamp" if "clamp" in given else "neutral"
            raise MotionFault(("params", name, at), f"{said}, {lo:g} to {hi:g}: give both")
        steers[name] = steer
    return steers


def springs_of(avatar: Avatar) -> dict[str, Spring]:
    """The springs; those of the avatar in place of built-in ones of the same name."""
    return {**built_in().springs, **avatar.springs}


def feelings_of(avatar: Avatar) -> dict[str, Feeling]:
    """What each of `EMOTIONS` does. An avatar changes single parameters of it; where it names one,
    nothing else of the built-in feeling touches that parameter. Raises MotionFault for a
    feeling that is no expression."""
    feelings = {name: felt_built_in().feelings.get(name, Feeling()) for name in EMOTIONS}
    for name, change in avatar.feelings.items():
        if name not in feelings:
            unknown(("feelings", name), name, EMOTIONS, what="no expression")
        if name == EMOTIONS[0]:
            said = "a neutral face is the avatar at rest; change `neutral` in [params]"
            raise MotionFault(("feelings", name), said)
        changed = change.add.keys() | change.cap.keys() | change.set.keys()
        base = feelings[name]
        feelings[name] = Feeling(
            add=_without(base.add, changed) | change.add,
            cap=_without(base.cap, changed) | change.cap,
            set=_without(base.set, changed) | change.set,
        )
    return feelings


def _without(table: Mapping[str, float], names: Set[str]) -> dict[str, float]:
    return {name: value for name, value in table.items() if name not in names}


def unknown(
    path: tuple[str | int, ...], name: str, known: Iterable[str], *, what: str = "unknown"
) -> NoReturn:
    """Raise the fault of a name that stands at `path` of `avatar.toml` and is none of `known`."""
    raise MotionFault(path, not_allowed(name, known, what=what))
