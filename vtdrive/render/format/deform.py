"""What moves the points of a part. Screen directions: x to the right, y down, turns clockwise.

Every amount follows a parameter (`by`): linearly, or along a polyline (`points`) of it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from vtdrive.config.base import Table

__all__ = ["Bend", "Deform", "Key", "Morph", "Move", "Pair", "Rotate", "Scale", "Show", "Warp"]

Pair = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]
_MOST_POINTS: Final = 32
_Wide = Annotated[float, Field(ge=0.01)]


class _Driven(Table):
    by: str
    """The parameter that drives it."""
    points: Annotated[list[Pair], Field(max_length=_MOST_POINTS)] = Field(default_factory=list)
    """[[parameter, amount], …], x rising; empty: the amount is the parameter itself."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if len(self.points) == 1:
            raise ValueError("points needs at least two points")
        if any(b[0] <= a[0] for a, b in pairwise(self.points)):
            raise ValueError("points must have rising x")
        return self


class Move(_Driven):
    """Shift by (x, y) art units for an amount of 1."""

    kind: Literal["move"] = "move"
    x: float = 0.0
    """To the right."""
    y: float = 0.0
    """Down."""


class Rotate(_Driven):
    """Turn about the pivot by `deg` for an amount of 1."""

    kind: Literal["rotate"] = "rotate"
    deg: float
    """Clockwise."""
    pivot: Pair | None = None
    """Instead of the part's own."""


class Scale(_Driven):
    """Stretch about the pivot: by 1 + x and 1 + y for an amount of 1."""

    kind: Literal["scale"] = "scale"
    x: float = 0.0
    """Sideways."""
    y: float = 0.0
    """Upright."""
    pivot: Pair | None = None
    """Instead of the part's own."""


class Bend(_Driven):
    """Curl like a lock of hair: the root stays, the tip turns about it by `deg` for an amount
    of 1, points between by a share that grows with `power`."""

    kind: Literal["bend"] = "bend"
    root: Pair
    """Where it is fixed."""
    tip: Pair
    """Where it ends."""
    deg: float
    """Clockwise, at the tip."""
    power: Annotated[float, Field(ge=0.5, le=6)] = 2.0
    """1: like a whip; higher: only near the tip."""


class Key(Table):
    """One pose of a warp."""

    at: list[float]
    """The value of each parameter of the warp."""
    offsets: list[Pair]
    """(x, y) in art units for each point of the grid, row by row."""


class Warp(Table):
    """A grid over a box, whose points have been moved in key poses; between keys it is blended.
    Points outside the box go with its nearest edge."""

    kind: Literal["warp"] = "warp"
    by: Annotated[list[str], Field(min_length=1, max_length=2)]
    """One or two parameters."""
    box: Annotated[tuple[float, float, _Wide, _Wide], Field(min_length=4, max_length=4)]
    """x, y, width, height."""
    grid: Annotated[tuple[int, int], Field(min_length=2, max_length=2)]
    """Points across and down; at least 2 each."""
    keys: Annotated[list[Key], Field(max_length=81)]
    """One for each combination of values; those not given are at rest (no offset)."""


Deform = Annotated[Move | Rotate | Scale | Bend | Warp, Field(discriminator="kind")]


class Morph(Table):
    """Drawings of the same part in key poses, blended point by point. Several morphs of one part
    add up, each as its difference from the part's own drawing."""

    by: Annotated[list[str], Field(min_length=1, max_length=2)]
    """One or two parameters."""
    at: list[list[float]]
    """For each parameter, its rising key values."""
    art: list[str] | list[list[str]]
    """The ids of the drawings: a list for one parameter, a list for each value of the first one for
    two. They have the same shapes, in the same order, with the same kinds of segments."""


class Show(_Driven):
    """The part's opacity follows a parameter; several multiply."""
