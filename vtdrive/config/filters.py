"""Smoothing, calibration, loss and idle motion: everything about time except emotion."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vtdrive.config.base import Hz, Ms, Share, Table, Unit

__all__ = ["Filters", "Gaze", "Idle", "LidFilter", "Lids", "Loss", "Neutral", "OneEuro"]


class OneEuro(Table):
    """A One Euro filter (Casiez 2012) on real time: cut-off = min_cutoff_hz + beta · speed."""

    min_cutoff_hz: Hz = 1.0
    """Trembles at rest: lower it. Feels heavy at rest: raise it."""
    beta: Annotated[float, Field(ge=0, le=1000)] = 1.0
    """Drags behind fast motion: raise it. In Hz per unit of speed (rad/s, m/s, or 1/s)."""
    d_cutoff_hz: Hz = 1.0
    """Smoothing of the speed itself; rarely worth touching."""


class LidFilter(Table):
    """Lids must not lag: a blink lasts 100 ms."""

    release_ms: Ms = 85.0
    """Time to open fully after a blink. Closing is never slowed."""


class Filters(Table):
    """One filter per group of signals."""

    head: OneEuro = OneEuro(min_cutoff_hz=1.0, beta=3.0)
    root: OneEuro = OneEuro(min_cutoff_hz=0.8, beta=10.0)
    gaze: OneEuro = OneEuro(min_cutoff_hz=1.0, beta=5.0)
    gaze_deadzone_deg: Annotated[float, Field(ge=0, le=10)] = 1.0
    """Eyes hold still for movements smaller than this."""
    lids: LidFilter = LidFilter()
    jaw: OneEuro = OneEuro(min_cutoff_hz=3.0, beta=1.5)
    mouth: OneEuro = OneEuro(min_cutoff_hz=2.0, beta=1.0)
    brows: OneEuro = OneEuro(min_cutoff_hz=1.5, beta=1.0)
    slow: OneEuro = OneEuro(min_cutoff_hz=1.0, beta=0.5)
    """Weak signals: cheeks, nose, what the tracker sees badly."""


class Lids(Table):
    """Blinks, winks and wide eyes, from the shape network checked against lid geometry."""

    open_at: Unit = 0.25
    """eyeBlink up to here counts as open, until a neutral is taken (then: rest + 0.03)."""
    shut_at: Unit = 0.55
    """eyeBlink from here counts as shut."""
    wink_difference: Unit = 0.4
    """Left and right must differ by this much for a wink; else both lids move together."""
    wink_ms: Ms = 80.0
    """… for this long."""
    wink_max_yaw_deg: Annotated[float, Field(ge=0, le=90)] = 25.0
    """No winks when the head is turned further: the far eye cannot be seen."""
    veto_open: Annotated[float, Field(ge=0, lt=1)] = 0.7
    """Where the lid gap says the eye is more open than this, blink is held down."""
    shut_gap: Annotated[tuple[float, float], Field()] = (0.30, 0.55)
    """Lid gap, as a share of its rest, that is fully shut, and that begins to count as shut: the
    lids themselves are believed where the network sees half a blink (in a wink, for instance)."""
    wide_from: Annotated[float, Field(gt=1, le=2)] = 1.05
    """Wide eyes begin at this multiple of the lid gap at rest. Stares at rest: raise it."""
    wide_span: Annotated[float, Field(gt=0, le=2)] = 0.15
    """… and are full this much further."""
    wide_max_turn_deg: Annotated[float, Field(gt=5, le=90)] = 20.0
    """Wide eyes fade out between 5° of head turn and this: a turned head shows another gap."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.open_at >= self.shut_at:
            raise ValueError("open_at must be below shut_at")
        if not 0 <= self.shut_gap[0] < self.shut_gap[1] <= 1:
            raise ValueError("shut_gap is [shut, begins], between 0 and 1")
        return self


class Gaze(Table):
    """Where the eyes look, from the iris. Landmarks follow an eye only part of the way."""

    yaw_gain: Annotated[float, Field(gt=0, le=5)] = 1.6
    """Eyes turn too little sideways: raise it."""
    pitch_gain: Annotated[float, Field(gt=0, le=5)] = 2.0
    """The same up and down, where lids hide the iris. Eyes tremble: lower it."""
    full_yaw_deg: Annotated[float, Field(gt=1, le=90)] = 30.0
    """Turn at which eyeLookIn and eyeLookOut are 1."""
    full_pitch_deg: Annotated[float, Field(gt=1, le=90)] = 25.0
    """Turn at which eyeLookUp and eyeLookDown are 1."""


class Neutral(Table):
    """The user's resting pose. A camera above the screen must not make the avatar stare down."""

    auto: bool = True
    """Take the first steady, frontal stretch of each run as neutral."""
    seconds: Annotated[float, Field(gt=0, le=30)] = 2.0
    """How long that stretch is."""
    steady_deg: Annotated[float, Field(gt=0, le=45)] = 6.0
    """Head movement allowed within it."""
    frontal_deg: Annotated[float, Field(gt=0, le=90)] = 30.0
    """Largest turn away from the camera that still counts as frontal."""
    emotion: Literal["asked", "always", "never"] = "asked"
    """Whether it also takes what the classifier reads into the resting face, so that it comes out
    neutral: `asked`, only when you ask for it (key `n`); `always`, also of the automatic one, for
    whoever begins every run with a calm face; `never`, and what was taken before is not used."""
    take_off: tuple[str, ...] = (
        "browDown",
        "browInnerUp",
        "browOuterUp",
        "mouthFrown",
        "mouthPucker",
        "mouthFunnel",
        "mouthPress",
        "mouthShrugLower",
    )
    """Shapes whose level at rest is taken off: a resting face must not look cross or sad. A name
    without its side stands for both. Smile, jaw and lids are better left out."""


class Loss(Table):
    """What happens when the face is lost."""

    hold_ms: Ms = 300.0
    """Freeze this long: most losses are shorter."""
    ease_ms: Annotated[float, Field(gt=0, le=60_000)] = 250.0
    """Then ease to neutral with this time constant (98 % after four of them). Lids open first."""
    return_ms: Ms = 150.0
    """Blend back over this long when the face returns."""


class Idle(Table):
    """Small signs of life."""

    when: Literal["lost", "always", "never"] = "lost"
    """`lost`: breathe, sway and blink only while no face is seen; `always`: also breathe (at half)
    while live; `never`: stand still; then the built-in avatar does nothing by itself either, which
    otherwise always breathes and flicks its ears."""
    breath_s: Annotated[float, Field(gt=0.5, le=60)] = 4.5
    """One breath."""
    breath_m: Annotated[float, Field(ge=0, le=0.1)] = 0.008
    """Rise of the body with a breath."""
    sway_deg: Annotated[float, Field(ge=0, le=10)] = 1.0
    """Head sway while no face is seen."""
    sway_s: Annotated[float, Field(gt=0.5, le=60)] = 6.0
    """Period of the sway."""
    blink_every_s: Annotated[tuple[float, float], Field()] = (2.0, 6.0)
    """Shortest and longest pause between idle blinks."""
    double_blink: Share = 0.1
    """Chance that an idle blink comes twice."""
    seed: int = 1
    """Idle blinks are random but repeatable."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        shortest, longest = self.blink_every_s
        if not 0.3 <= shortest <= longest:
            raise ValueError("blink_every_s is [shortest, longest], at least 0.3 s")
        return self
