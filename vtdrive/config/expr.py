"""The mapping language: how one value is computed from signals.

An expression is, in this order::

    x = bias + Σ weight · signal          `sum`, `bias`
    x = (x - lo) / (hi - lo), in [0, 1]   `range`
    x = curve(x)                          `curve`
    x = x · gain + offset
    x = x · Π gates                       each gate is an expression without gates of its own
    x = max(x, each of `max`), min(x, each of `min`)
    x = clamp(x), then exactly 0 where |x| < floor

Signals are named: the 52 shapes (`jawOpen`), `emotion.happiness`, `head.yaw_deg` …
(`core/signals.py` lists all). A shape without its side (`mouthSmile`) is the mean of both sides,
except in a table that is itself without a side (`[shapes.noseSneer]` stands for both), where it is
that same side.
In `[shapes]` a plain name is the value as tracked and `out.NAME` the corrected one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vtdrive.config.base import Table

__all__ = ["Curve", "Expression", "Gate", "Output", "Term"]

Curve = Literal["linear", "smoothstep"]
Pair = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]


class Term(Table):
    """A weighted sum with a range and a curve: what a gate or an alternative is made of."""

    sum: dict[str, float] = Field(default_factory=dict)
    """Signal name = weight."""
    bias: float = 0.0
    """Added to the sum before the range."""
    range: Pair | None = None
    """[lo, hi] of the sum that becomes 0..1; outside it the value stays at 0 or 1."""
    curve: Curve = "linear"
    """Shape inside the range."""
    gamma: Annotated[float, Field(gt=0, le=8)] = 1.0
    """Exponent inside the range: below 1 lifts small values, above 1 hides them."""
    points: Annotated[list[Pair], Field(max_length=16)] = Field(default_factory=list)
    """[[x, y], …] a polyline instead of curve and gamma, x rising."""
    gain: float = 1.0
    """Multiplies the result."""
    offset: float = 0.0
    """Added after the gain."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.range is not None and self.range[0] == self.range[1]:
            raise ValueError("range needs two different ends")
        if self.points and len(self.points) < 2:
            raise ValueError("points needs at least two points")
        xs = [x for x, _ in self.points]
        if any(b <= a for a, b in pairwise(xs)):
            raise ValueError("points must have rising x")
        if (self.curve != "linear" or self.gamma != 1.0) and self.range is None:
            raise ValueError("curve and gamma work inside a range: give one")
        return self


class Gate(Term):
    """A factor, usually in [0, 1]: `1 - blink`, `jaw is open`."""


class Expression(Term):
    """A term with gates, alternatives and bounds."""

    gates: Annotated[list[Gate], Field(max_length=4)] = Field(default_factory=list)
    """Factors."""
    max: Annotated[list[Gate], Field(max_length=4)] = Field(default_factory=list)
    """Alternatives: the largest wins."""
    min: Annotated[list[Gate], Field(max_length=4)] = Field(default_factory=list)
    """Upper limits: the smallest wins."""
    clamp: Pair = (0.0, 1.0)
    """[lo, hi] of the result."""
    floor: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Below this the result is exactly 0. A leftover 0.001 can block every blink on VRM 1."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.clamp[0] > self.clamp[1]:
            raise ValueError("clamp is [lowest, highest]")
        return self


class Output(Expression):
    """One parameter of the avatar."""

    neutral: float = 0.0
    """Its value at rest, and when the face is lost."""
    mirror: bool = True
    """False: computed from the unmirrored face, also for targets in mirror mode."""
    drive: Literal["preset", "shape", "custom"] = "custom"
    """Which targets want it: presets (Joy, A …), shapes (ARKit), custom (all)."""

    @model_validator(mode="after")
    def _at_home(self) -> Self:
        if not self.clamp[0] <= self.neutral <= self.clamp[1]:
            raise ValueError("neutral must lie within clamp")
        return self
