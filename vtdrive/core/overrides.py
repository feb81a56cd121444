"""What the user forces upon the avatar: freeze, panic, an expression, no emotion.

All of it changes a finished `FaceState`; calibration, filters and the classifier's averages go on
beneath, so that letting go returns to what the face does now. Closed forms of time: the same motion
at any frame rate.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Final

import numpy as np

from vtdrive.config.emotion import EmotionConfig, EmotionTiming
from vtdrive.core.commands import Express, Switch, To
from vtdrive.core.idle import IdlePose
from vtdrive.core.presence import Body
from vtdrive.spaces import quat_slerp
from vtdrive.types import F32, EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, SHAPE_INDEX

__all__ = ["Forcing", "Overrides", "at_rest"]

_PANIC_S: Final = 0.3
"""To rest, and back."""
_THAW_S: Final = 0.3
"""From a frozen face to the live one."""
_BLINK_NS: Final = 400_000_000
"""Lids are opened to where they were within this time before a freeze: it may fall on a blink."""
_OPEN_S: Final = 0.15
_SETTLED: Final = 3.0
"""Time constants to 95 %, as for the emotions' own easing."""
_GONE: Final = 1e-3
_BLINKS: Final = np.array([SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]])


def at_rest(status: Status, emotion: EmotionState, idle: IdlePose | None = None) -> FaceState:
    """A face that shows nothing, but for signs of life; what was believed of its emotion stays."""
    body = Body.neutral()
    if idle is not None:
        body.head_xyzw = idle.sway_xyzw
        body.head_m[1] += idle.rise_m
        body.shapes[_BLINKS] = idle.blink
    return FaceState(
        status=status,
        head_xyzw=frozen(body.head_xyzw),
        head_m=frozen(body.head_m),
        gaze_rad=frozen(body.gaze_rad),
        shapes=frozen(body.shapes),
        emotion=dataclasses.replace(emotion, weights=frozen(np.zeros(len(EMOTIONS))), shown=0),
        speaking=0.0,
        breath=0.0 if idle is None else idle.breath,
    )


def _smoothed(x: float) -> float:
    """0..1 with a soft start and end; arguments beyond are bounded."""
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def _eased(a: FaceState, b: FaceState, share: float) -> FaceState:
    """From `a` (0) to `b` (1). What cannot be divided is that of `b` once it is reached."""
    if share <= 0.0:
        return a
    if share >= 1.0:
        return b
    k = np.float32(share)

    def between(x: F32, y: F32) -> F32:
        return frozen(x + k * (y - x))

    felt = dataclasses.replace(a.emotion, weights=between(a.emotion.weights, b.emotion.weights))
    return FaceState(
        status=a.status,
        head_xyzw=frozen(quat_slerp(a.head_xyzw, b.head_xyzw, share)),
        head_m=between(a.head_m, b.head_m),
        gaze_rad=between(a.gaze_rad, b.gaze_rad),
        shapes=between(a.shapes, b.shapes),
        emotion=felt,
        speaking=a.speaking + share * (b.speaking - a.speaking),
        breath=a.breath + share * (b.breath - a.breath),
        voice=between(a.voice, b.voice),
        still=a.still and b.still,
    )


class Forcing:
    """Expression weights with a forced expression, or without the face's own."""

    def __init__(self, config: EmotionConfig) -> None:
        calm = EmotionTiming()
        self._timing = (calm, *(config.of(name) for name in EMOTIONS[1:]))
        self._release_ms = np.array([timing.release_ms for timing in self._timing])
        self.off = False
        """Whether expressions read from the face are not shown."""
        self._emotion: int | None = None
        self._weight = 0.0
        self._until_ns: int | None = None
        self._forced = np.zeros(len(EMOTIONS))
        self._own = np.ones(len(EMOTIONS))
        """How much of the face's own expressions shows."""
        self._back_ms = calm.attack_ms
        self._t_ns: int | None = None
        self._at_rest = True
        """Whether nothing is forced, nor still easing out."""

    def adopt(self, other: Forcing) -> None:
        """Go on from another's state, with these timings."""
        self.off, self._emotion, self._weight = other.off, other._emotion, other._weight
        self._until_ns, self._t_ns, self._back_ms = other._until_ns, other._t_ns, other._back_ms
        self._forced, self._own = other._forced.copy(), other._own.copy()
        self._at_rest = other._at_rest

    @property
    def shown(self) -> int | None:
        """The expression that is forced now."""
        return self._emotion

    def express(self, asked: Express, t_ns: int) -> Express:
        """Force or let go; the command with `toggle` resolved."""
        self._advance(t_ns)
        i, self._at_rest = EMOTION_INDEX[asked.emotion], False
        on = self._emotion != i if asked.to == "toggle" else asked.to == "on"
        if on:
            self._emotion = i
            self._weight = self._timing[i].cap if asked.weight is None else asked.weight
            seconds = asked.seconds
            self._until_ns = None if seconds is None else t_ns + round(seconds * 1e9)
        elif self._emotion == i:
            self._let_go()
        return dataclasses.replace(asked, to="on" if on else "off")

    def switch(self, to: To, t_ns: int) -> To:
        """Own expressions on or off; where they are then."""
        self._advance(t_ns)
        on = self.off if to == "toggle" else to == "on"
        if on and self.off:
            self._back_ms = EmotionTiming().attack_ms
        self.off, self._at_rest = not on, False
        return "on" if on else "off"

    def standing(self, t_ns: int) -> list[str]:
        """Commands at `t_ns` that bring a fresh one to the same aims."""
        out = [Switch("emotion", "off").text] if self.off else []
        until = self._until_ns
        if self._emotion is not None and (until is None or until > t_ns):
            seconds = None if until is None else max(0.01, (until - t_ns) * 1e-9)
            out.append(Express(EMOTIONS[self._emotion], "on", seconds, self._weight).text)
        return out

    def step(self, felt: EmotionState, t_ns: int) -> EmotionState:
        """`felt` as it is to be shown at `t_ns`; the same object while nothing is forced."""
        self._advance(t_ns)
        if self._at_rest:
            return felt
        weights = np.clip(felt.weights * self._own + self._forced, 0.0, 1.0)
        shown = self._emotion if self._emotion is not None else 0 if self.off else felt.shown
        return dataclasses.replace(felt, weights=frozen(weights), shown=shown)

    def _advance(self, t_ns: int) -> None:
        """Ease up to `t_ns` under what was asked so far."""
        last, self._t_ns = self._t_ns, t_ns
        if self._at_rest:
            return
        until = self._until_ns
        if until is not None and t_ns >= until:
            # On its own time and not on the tick's: it must last as long at any frame rate.
            self._ease(until, last)
            last = until if last is None else max(last, until)
            self._let_go()
        self._ease(t_ns, last)
        if self._emotion is None and not self.off:
            self._at_rest = bool((self._own == 1.0).all()) and not self._forced.any()

    def _let_go(self) -> None:
        if self._emotion is not None:
            self._back_ms = float(self._release_ms[self._emotion])
        self._emotion, self._until_ns = None, None

    def _ease(self, t_ns: int, last_ns: int | None) -> None:
        dt_ms = 0.0 if last_ns is None else max(0.0, (t_ns - last_ns) * 1e-6)
        aim, forced = np.zeros(len(EMOTIONS)), self._emotion
        own_ms = self._release_ms if self.off else np.full(len(EMOTIONS), self._back_ms)
        if forced is not None:
            aim[forced] = self._weight if forced else 0.0
            # Together, so that forcing what shows already changes nothing.
            own_ms = np.full(len(EMOTIONS), self._timing[forced].attack_ms)
        attack_ms = np.array([timing.attack_ms for timing in self._timing])
        self._forced = _towards(
            self._forced, aim, np.where(aim > self._forced, attack_ms, self._release_ms), dt_ms
        )
        wanted = 0.0 if forced is not None or self.off else 1.0
        self._own = _towards(self._own, np.full(len(EMOTIONS), wanted), own_ms, dt_ms)


def _towards(
    now: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    aim: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    span_ms: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    dt_ms: float,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """`now` eased towards `aim`, 95 % of the way in `span_ms`; arrived where hardly any is left."""
    left = np.exp(-_SETTLED * dt_ms / np.maximum(span_ms, 1e-9)) if dt_ms > 0 else 1.0
    out = aim + (now - aim) * left
    return np.where(np.abs(out - aim) < _GONE, aim, out)


class Overrides:
    """Everything that is forced, and the easing in and out of it."""

    def __init__(self, config: EmotionConfig) -> None:
        self.forcing = Forcing(config)
        self.frozen = False
        self.panic = False
        self._held: FaceState | None = None
        """The face that is frozen, or is being left."""
        self._lids: F32 | None = None
        """(2,) where its lids open to."""
        self._since_ns = 0
        """When it froze or thawed."""
        self._last: FaceState | None = None
        self._recent: deque[tuple[int, F32]] = deque()
        self._calm = 0.0
        self._t_ns: int | None = None

    def adopt(self, other: Overrides) -> None:
        """Go on from another's state, with these timings."""
        self.forcing.adopt(other.forcing)
        self.frozen, self.panic, self._since_ns = other.frozen, other.panic, other._since_ns
        self._held, self._lids, self._last = other._held, other._lids, other._last
        self._recent, self._calm = other._recent.copy(), other._calm
        self._t_ns = other._t_ns

    @property
    def calming(self) -> bool:
        """Whether the next step wants a face at rest."""
        return self.panic or self._calm > 0.0

    def tell(self, command: Express | Switch, t_ns: int) -> str:
        """Do it from the tick at `t_ns` on; its text with `toggle` resolved, for a recording."""
        if isinstance(command, Express):
            return self.forcing.express(command, t_ns).text
        if command.name == "emotion":
            return Switch("emotion", self.forcing.switch(command.to, t_ns)).text
        now = self.frozen if command.name == "freeze" else self.panic
        on = not now if command.to == "toggle" else command.to == "on"
        if command.name == "panic":
            self._advance(t_ns)
            self.panic = on
        elif on != now:
            self._freeze(on, t_ns)
        return Switch(command.name, "on" if on else "off").text

    def standing(self, t_ns: int) -> list[str]:
        """Commands at `t_ns` that bring fresh overrides to where these are going."""
        switches = (("freeze", self.frozen), ("panic", self.panic))
        return [f"{name} on" for name, on in switches if on] + self.forcing.standing(t_ns)

    def step(self, live: FaceState, rest: FaceState, t_ns: int) -> FaceState:
        """What to show at `t_ns` of `live`; `rest` is a face at rest, looked at while `calming`."""
        self._advance(t_ns)
        felt = self.forcing.step(live.emotion, t_ns)
        if felt is not live.emotion:
            live = dataclasses.replace(live, emotion=felt)
        return _eased(self._still(live, t_ns), rest, _smoothed(self._calm))

    def _advance(self, t_ns: int) -> None:
        dt_s = 0.0 if self._t_ns is None else max(0.0, (t_ns - self._t_ns) * 1e-9)
        self._t_ns = t_ns
        self._calm = min(1.0, max(0.0, self._calm + (dt_s if self.panic else -dt_s) / _PANIC_S))

    def _freeze(self, on: bool, t_ns: int) -> None:
        self._held, self._lids = self._last, None
        if on:
            lids = [was for at, was in self._recent if t_ns - at <= _BLINK_NS]
            self._lids = np.min(lids, axis=0) if lids else None
        self.frozen, self._since_ns = on, t_ns

    def _still(self, live: FaceState, t_ns: int) -> FaceState:
        shown, age_s = live, (t_ns - self._since_ns) * 1e-9
        if self.frozen:
            # Frozen before anything was shown: what there is first is held.
            self._held = self._held or live
            shown = dataclasses.replace(self._opened(self._held, age_s), still=True)
        elif self._held is not None:
            if age_s >= _THAW_S:
                self._held = None
            else:
                thawing = _eased(self._held, live, _smoothed(age_s / _THAW_S))
                shown = dataclasses.replace(thawing, still=live.still)
        self._last = shown
        self._recent.append((t_ns, live.shapes[_BLINKS]))
        while t_ns - self._recent[0][0] > _BLINK_NS:
            self._recent.popleft()
        return shown

    def _opened(self, held: FaceState, age_s: float) -> FaceState:
        """`held` with its lids opening as after a blink."""
        if self._lids is None:
            return held
        shapes = held.shapes.copy()
        shapes[_BLINKS] += np.float32(_smoothed(age_s / _OPEN_S)) * (self._lids - shapes[_BLINKS])
        return dataclasses.replace(held, shapes=frozen(shapes))
