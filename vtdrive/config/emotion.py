"""Emotion: which model, how often, and how a stream of guesses becomes a calm expression."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from vtdrive.config.base import Ms, Share, Table, Unit
from vtdrive.config.entering import ENTER
from vtdrive.inference import provider_named
from vtdrive.vocab import EMOTIONS

__all__ = ["EmotionConfig", "EmotionTiming"]

_EXIT_BELOW: Final = 0.17
"""`exit` lies this far below `enter`: one threshold for both would switch on every wobble."""


class EmotionTiming(Table):
    """When one emotion is entered and left, and how fast it eases."""

    enter: Unit = 0.5
    """Smoothed probability that starts it. Shows too easily: raise it."""
    exit: Unit = 0.33
    """Smoothed probability below which it ends; keep it clearly below `enter`."""
    margin: Unit = 0.1
    """It must lead the second by this much."""
    dwell_ms: Ms = 300.0
    """It must last this long before it shows. Flickers: raise it."""
    attack_ms: Ms = 220.0
    """Time to ease in (to 95 %)."""
    release_ms: Ms = 600.0
    """Time to ease out."""
    min_hold_ms: Ms = 500.0
    """Once shown it stays at least this long."""
    max_hold_ms: Ms = 0.0
    """Ends by itself after this long; 0 = never."""
    cap: Share = 0.8
    """Largest weight sent."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.exit >= self.enter:
            raise ValueError("exit must be below enter")
        return self


def _timing(name: str, **keys: float) -> EmotionTiming:
    enter = ENTER[name]
    return EmotionTiming(enter=enter, exit=round(enter - _EXIT_BELOW, 2), **keys)


_DEFAULTS: dict[str, EmotionTiming] = {
    "happiness": _timing("happiness", dwell_ms=100, attack_ms=250, release_ms=700),
    "surprise": _timing(
        "surprise", dwell_ms=80, attack_ms=120, release_ms=450, min_hold_ms=400, max_hold_ms=2000
    ),
    "sadness": _timing("sadness", margin=0.05, dwell_ms=350),
    "anger": _timing("anger", margin=0.05),
    "disgust": _timing("disgust"),
    "fear": _timing("fear"),
    "contempt": _timing("contempt", dwell_ms=400),
}


class EmotionConfig(Table):
    """The emotion classifier and its timing."""

    enabled: bool = True
    """False: no classifier runs and every emotion stays 0."""
    model: str = "emotion-resnet50-int8"
    """Name of a shipped model, or the path of an .onnx file with its card beside it."""
    reads: Literal["both", "picture", "shapes"] = "both"
    """What emotion is read from: the face's picture, by the network of `model`; its blendshapes, by
    a tiny network that saves nearly all the work and misreads more; or both, added up."""
    provider: str = "cpu"
    """What computes it: `cpu`, `cuda`, `tensorrt`, `directml`, `coreml`, `openvino`, or the full
    name of another of ONNX Runtime's providers. One that is absent is told of, and the CPU used."""
    rate_hz: Annotated[float, Field(ge=0.5, le=60)] = 10.0
    """How often a face is classified. Emotion is the first to slow down when the CPU is short."""
    smooth_ms: Ms = 250.0
    """Time constant of the averaged probabilities."""
    smooth_speaking_ms: Ms = 500.0
    """The same while speaking, when mouth shapes mislead the classifier."""
    unsure_gap: Unit = 0.1
    """Where the best two are closer than this, averaging slows down …"""
    unsure_speed: Share = 0.35
    """… to this share of its speed."""
    snap_p: Unit = 0.85
    """Two samples in a row this sure …"""
    snap_gap: Unit = 0.4
    """… and this far ahead skip the dwell."""
    cooldown_ms: Ms = 300.0
    """Pause after an emotion ends before another may start."""
    stale_ms: Ms = 600.0
    """Without a new sample for this long, emotion eases to neutral."""
    speaking_enter: Unit = 0.1
    """Added to `enter` while speaking, except for happiness."""
    floor: Unit = 0.03
    """Weights below this are exactly 0."""
    blink_ms: Ms = 400.0
    """Lids shut no longer than this are a blink, during which the classifier is not believed."""
    freeze_yaw_deg: Annotated[float, Field(gt=0, le=90)] = 35.0
    """Turned further, the classifier is not believed."""
    timing: dict[str, EmotionTiming] = Field(default_factory=lambda: dict(_DEFAULTS))
    """One table per emotion; those left out keep their defaults."""

    @field_validator("provider")
    @classmethod
    def _named(cls, provider: str) -> str:
        provider_named(provider)
        return provider

    @model_validator(mode="after")
    def _known(self) -> Self:
        wanted = EMOTIONS[1:]
        for name in self.timing:
            if name not in wanted:
                raise ValueError(f"{name!r} is no emotion; allowed: {', '.join(wanted)}")
        return self

    def of(self, emotion: str) -> EmotionTiming:
        """The timing of one emotion, its default where the config is silent."""
        return self.timing.get(emotion) or _DEFAULTS[emotion]
