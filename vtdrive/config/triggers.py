"""When something in the face counts as an event: what scene rules and hotkeys wait for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vtdrive.config.base import Ms, Table

__all__ = ["EmotionName", "When"]

EmotionName = Literal[
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"
]
"""`vocab.EMOTIONS` as a type, so that the schema lists them."""

_SPANS = {"_deg": 3.0, "_m": 0.02}
"""Unit -> usual hysteresis. All other signals are shares from 0 to 1."""
_SHARE = 0.1


class When(Table):
    """A condition with a beginning and an end. Name one of emotion, signal and face."""

    emotion: EmotionName | None = None
    """While this emotion is shown."""
    signal: Annotated[str, Field(max_length=60)] | None = None
    """While this signal (`jawOpen`, `mouthSmile`, `head.yaw_deg` …) is `above` or `below` a value;
    one without its side is the mean of both. `[outputs]` weighs the same ones."""
    face: Literal["lost", "found"] | None = None
    """While no face, or a face, is followed."""
    above: float | None = None
    """Begins where the signal, or the emotion's strength, rises to this. An emotion's strength
    never passes its `cap` (0.8)."""
    below: float | None = None
    """Begins where the signal falls to this."""
    hysteresis: Annotated[float, Field(ge=0)] | None = None
    """Ends this far on the other side of the threshold; left out: 0.1, 3 degrees or 2 cm. Flickers
    around the threshold: raise it."""
    hold_ms: Ms = 200.0
    """It must last this long to begin. Fires by accident: raise it."""
    debounce_ms: Ms = 150.0
    """It must be over for this long to end: shorter gaps do not count."""
    min_on_ms: Ms = 500.0
    """Once begun it lasts at least this long."""
    cooldown_ms: Ms = 0.0
    """Pause after the end before it may begin again. Fires too often: raise it."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [key for key in ("emotion", "signal", "face") if getattr(self, key) is not None]
        if len(named) != 1:
            got = f"not {' and '.join(named)}" if named else "none is given"
            raise ValueError(f"when names one of emotion, signal and face; {got}")
        return self

    @model_validator(mode="after")
    def _threshold(self) -> Self:
        limits = [key for key in ("above", "below") if getattr(self, key) is not None]
        if self.signal is not None:
            if len(limits) != 1:
                raise ValueError("signal needs above or below, one of them")
        elif self.face is not None and limits:
            raise ValueError(f"{limits[0]} means nothing for face")
        elif self.below is not None:
            raise ValueError("below means nothing for emotion: use above")
        elif self.emotion == "neutral" and limits:
            raise ValueError("above means nothing for neutral, which has no strength")
        if self.hysteresis is not None and not limits:
            raise ValueError("hysteresis needs a threshold: above or below")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        """Both ends must be possible: a rule that never ends looks like a fault of the program."""
        if not self.is_share:
            return self
        if self.above is not None:
            if not 0.0 < self.above <= 1.0:
                raise ValueError("above must be more than 0 and at most 1 here")
            if self.end <= 0.0:
                raise ValueError("hysteresis must be less than above, else it never ends")
        if self.below is not None:
            if not 0.0 <= self.below < 1.0:
                raise ValueError("below must be at least 0 and less than 1 here")
            if self.end >= 1.0:
                raise ValueError("hysteresis must be less than 1 - below, else it never ends")
        return self

    @property
    def is_share(self) -> bool:
        """Whether what is compared lies in [0, 1]."""
        name = self.signal or ""
        return not name.endswith(tuple(_SPANS)) and name != "breath"

    @property
    def end(self) -> float:
        """The value at which a threshold is left again; 0 where there is none."""
        if self.above is not None:
            return self.above - self._gap(self.above)
        if self.below is not None:
            return self.below + self._gap(1.0 - self.below)
        return 0.0

    def _gap(self, room: float) -> float:
        if self.hysteresis is not None:
            return self.hysteresis
        span = next((s for unit, s in _SPANS.items() if (self.signal or "").endswith(unit)), _SHARE)
        return min(span, room / 2) if self.is_share else span
