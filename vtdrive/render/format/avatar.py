"""The tables of `avatar.toml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vtdrive.config.base import Share, Table
from vtdrive.config.expr import Expression
from vtdrive.render.format.deform import Deform, Morph, Pair, Show

__all__ = ["Avatar", "Blend", "Feeling", "Part", "Spring", "Sprite", "Steer", "Turn"]

Blend = Literal["normal", "multiply", "screen", "overlay", "add"]
Positive = Annotated[float, Field(ge=0.01, le=1e5)]
Box = Annotated[tuple[float, float, Positive, Positive], Field(min_length=4, max_length=4)]
Size = Annotated[tuple[Positive, Positive], Field(min_length=2, max_length=2)]


class Sprite(Table):
    """One picture of a set, of which the first that fits is shown."""

    art: str
    """A picture's path, or the id of a drawing."""
    when: dict[str, Pair] = Field(default_factory=dict)
    """Parameter = [from, to]; all must fit. Empty: always fits."""


class Part(Table):
    """A layer, or (without art) a group of them. Later parts are painted over earlier ones."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """Its own."""
    parent: str = ""
    """The part it moves with; empty: the picture."""
    art: str | None = None
    """The id of a group in the avatar's drawing, or the path of a picture (.png, .webp, .svg).
    Not given: the drawing's group with the part's own name, where there is one. "": a group."""
    at: Pair | None = None
    """Where a picture's left upper corner lies. Pictures of the canvas' size lie at 0, 0."""
    size: Size | None = None
    """A picture's width and height in art units; not given: its pixels."""
    pivot: Pair | None = None
    """What it turns and stretches about; not given: the parent's, else the middle."""
    opacity: Share = 1.0
    """Of it and all below it."""
    blend: Blend = "normal"
    """How it is laid over what is behind it."""
    clip: str = ""
    """The part inside whose drawing it is seen, and inside what that one is clipped by."""
    depth: float | None = None
    """How far it stands before the axis of the head, in units of `[turn] radius`: what is nearer
    moves more when the head turns. Negative: behind. Not given: the parent's. The turn is done
    before the deforms of the outermost part that gives a depth (the head, with its tilt)."""
    bulge: float | None = None
    """How round it is: 1 lies on a ball (its middle at `depth`, its edge at depth - 1), 0 is flat.
    Not given: the parent's, else 0."""
    rigid: Share | None = None
    """How much it turns as one piece about its pivot (1) or point by point (0). Not given: the
    parent's, else 0."""
    deform: list[Deform] = Field(default_factory=list)
    """Done in this order, before those of the parent."""
    morph: list[Morph] = Field(default_factory=list)
    """Key drawings that its own is blended with."""
    show: list[Show] = Field(default_factory=list)
    """When it is seen."""
    sprite: list[Sprite] = Field(default_factory=list)
    """Pictures to switch between, in place of `art`."""


class Turn(Table):
    """How the head turns: parts of different depth shift by different amounts."""

    centre: Pair
    """The middle of the head, in art units."""
    radius: Positive
    """Half the head's width."""
    height: Positive
    """Half the head's height."""
    yaw: str = "head_x"
    """The parameter that turns it."""
    pitch: str = "head_y"
    """The parameter that nods it."""
    yaw_deg: float = 0.5
    """Degrees of turning for 1 of the parameter."""
    pitch_deg: float = 0.3
    """The same for nodding."""


class Steer(Expression):
    """A parameter: its range (`clamp`) and what drives it (`sum` …), in the language of config
    files. Signals are those of `[outputs]`."""

    neutral: float = 0.0
    """Its value at rest: that of the drawn art. Lies within `clamp`."""


class Spring(Table):
    """A parameter that follows others as if it hung on a spring."""

    to: dict[str, float]
    """Parameter = weight. Each parameter counts as a share of its range, so that a head turned all
    the way is 1."""
    hz: Annotated[float, Field(ge=0.1, le=10)]
    """How fast it swings by itself."""
    damping: Annotated[float, Field(ge=0.05, le=2)]
    """Below 1 it overshoots: 0.2 by 53 %, 0.3 37 %, 0.5 16 %, 0.7 5 %."""
    swing: bool = True
    """True: what comes out is how far the spring lags behind, so it rests at 0 as soon as the head
    does. False: the spring's place itself."""
    gain: float = 1.0
    """Multiplies what comes out."""
    clamp: Pair = (-1.0, 1.0)
    """The range of what comes out."""
    neutral: float = 0.0
    """Its value at rest."""

    @model_validator(mode="after")
    def _at_home(self) -> Self:
        if self.clamp[0] > self.clamp[1]:
            raise ValueError("clamp is [lowest, highest]")
        if not self.clamp[0] <= self.neutral <= self.clamp[1]:
            raise ValueError("neutral must lie within clamp")
        return self


class Feeling(Table):
    """What one expression does to parameters, at full weight."""

    add: dict[str, float] = Field(default_factory=dict)
    """Parameter = what is added."""
    cap: dict[str, float] = Field(default_factory=dict)
    """Parameter = the most it may then be: a narrowed lid still blinks."""
    set: dict[str, float] = Field(default_factory=dict)
    """Parameter = the value it is drawn to."""


class Avatar(Table):
    """One avatar."""

    format: Literal[1] = 1
    """Of this file."""
    name: Annotated[str, Field(min_length=1, max_length=60)]
    """Shown to people."""
    about: str = ""
    """A sentence for `vtdrive avatar list`."""
    author: str = ""
    """Who drew it."""
    licence: str = ""
    """What others may do with it."""
    canvas: Size
    """Width and height of the art, in art units."""
    frame: Box | None = None
    """x, y, width, height of what `zoom = 1` fits into the picture; not given: the canvas."""
    drawing: str = ""
    """An .svg file whose groups are parts' drawings."""
    turn: Turn | None = None
    """Not given: the head does not turn."""
    params: dict[str, Steer] = Field(default_factory=dict)
    """Parameters of its own, and changes to the built-in ones."""
    springs: dict[str, Spring] = Field(default_factory=dict)
    """Hair, ears, ribbons: parameters that swing. One named like a built-in one replaces it."""
    feelings: dict[str, Feeling] = Field(default_factory=dict)
    """Changes to what the eight expressions do: `[feelings.anger] add = { ear_l = -1.0 }`."""
    part: Annotated[list[Part], Field(min_length=1, max_length=400)]
    """What is painted, from back to front."""
