"""From a stream of guesses to a calm expression: averaging, thresholds, holds and easing."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from vtdrive.config.emotion import EmotionConfig, EmotionTiming
from vtdrive.core.emotion_context import EmotionContext, upper_face_agrees, without_mouth
from vtdrive.core.resting import without_rest
from vtdrive.types import F32, Emotion, EmotionState, Status, all_finite, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

__all__ = ["EmotionContext", "EmotionMachine"]

_NEUTRAL: Final = 0
_HAPPINESS: Final = EMOTION_INDEX["happiness"]
_WEIGHT_SPAN: Final = 0.5
"""Probability above `exit` at which the weight is full."""
_FROZEN_MS: Final = 5000.0
"""A look at the second monitor keeps the smile; whoever works there must not grin for minutes."""
_DUST: Final = 1e-6
"""Weights below this are none: nobody sees them, and denormals cost time."""
_SETTLED: Final = 3.0
"""Time constants to 95 %, which is what attack and release times mean."""


class EmotionMachine:
    """Probabilities in, eased weights out. `observe` once a sample, `advance` once a tick."""

    def __init__(self, config: EmotionConfig) -> None:
        self._config = config
        self._timing = tuple(config.of(name) for name in EMOTIONS[1:])
        self.reset()

    def reset(self) -> None:
        self._probs = np.eye(len(EMOTIONS), dtype=np.float32)[_NEUTRAL]
        self._weights = np.zeros(len(EMOTIONS), np.float32)
        self._shown = _NEUTRAL
        self._shown_ns = 0
        self._peak = 0.0
        self._barred = _NEUTRAL
        """Ended by `max_hold_ms`: shows again only after it has gone away in between."""
        self._ended_ns: int | None = None
        self._since_ns: list[int | None] = [None] * len(EMOTIONS)
        self._sample_ns: int | None = None
        self._heard_ns: int | None = None
        self._sure: tuple[int, int] = (_NEUTRAL, 0)
        self._tick_ns: int | None = None
        self._shut_ns: int | None = None

    def adopt(self, other: EmotionMachine) -> None:
        """Go on from another machine's state, with these settings."""
        self._probs, self._weights = other._probs.copy(), other._weights.copy()
        self._shown, self._shown_ns, self._ended_ns = other._shown, other._shown_ns, other._ended_ns
        self._since_ns, self._sure = list(other._since_ns), other._sure
        self._sample_ns, self._heard_ns = other._sample_ns, other._heard_ns
        self._tick_ns, self._peak, self._barred = other._tick_ns, other._peak, other._barred
        self._shut_ns = other._shut_ns

    def step(
        self,
        sample: Emotion | None,
        context: EmotionContext,
        t_ns: int,
        *,
        rest: F32 | None = None,
    ) -> EmotionState:
        """One tick. `sample` is the newest there is, new or not.

        `rest` (8,) is what the user's resting face reads as (`core.resting`): it is taken off.
        While the face is held nothing moves. A sample with a value that is no number counts as
        none: a classifier that makes only such is silent.
        """
        if not context.lids_shut:
            self._shut_ns = None
        elif self._shut_ns is None:
            self._shut_ns = t_ns
        if context.status is Status.HELD:
            self._tick_ns = t_ns
            return self._state()
        if sample is not None and self._is_new(sample):
            self._heard_ns = sample.t_ns
            if self._believable(context, t_ns):
                probs = sample.probs if rest is None else without_rest(sample.probs, rest)
                self._average(without_mouth(probs, self._probs, context), context, sample.t_ns)
                self._decide(context, sample.t_ns)
        self._expire(context, t_ns)
        self._ease(t_ns)
        return self._state()

    def _state(self) -> EmotionState:
        return EmotionState(
            frozen(self._probs.copy()),
            frozen(self._weights.copy()),
            int(self._probs.argmax()),
            self._shown,
        )

    def _is_new(self, sample: Emotion) -> bool:
        newer = self._heard_ns is None or sample.t_ns > self._heard_ns
        return newer and self._config.enabled and all_finite(sample.probs)

    def _believable(self, context: EmotionContext, t_ns: int) -> bool:
        turned = abs(math.degrees(context.yaw_rad)) > self._config.freeze_yaw_deg
        # Eyes that stay shut are part of an expression: of grief, of laughter.
        shut = self._shut_ns
        blinking = shut is not None and (t_ns - shut) * 1e-6 <= self._config.blink_ms
        return context.status is Status.LIVE and not turned and not blinking

    def _average(self, probs: F32, context: EmotionContext, t_ns: int) -> None:
        c = self._config
        last = self._sample_ns
        stale = last is None or (t_ns - last) * 1e-6 > c.stale_ms + 1e3
        best, second = _top_two(probs)
        if stale or last is None:
            self._probs = probs.astype(np.float32)
            # What was about to show before the gap must dwell anew.
            self._since_ns = [None] * len(EMOTIONS)
            self._sure = (_NEUTRAL, 0)
        else:
            tau_ms = c.smooth_speaking_ms if context.speaking else c.smooth_ms
            speed = c.unsure_speed if best - second < c.unsure_gap else 1.0
            dt_ms = (t_ns - last) * 1e-6 * speed
            share = 1.0 if tau_ms <= 0 else 1.0 - math.exp(-dt_ms / tau_ms)
            self._probs = self._probs + np.float32(share) * (probs - self._probs)
        self._sample_ns = t_ns
        if best >= c.snap_p and best - second >= c.snap_gap:
            top = int(probs.argmax())
            self._sure = (top, self._sure[1] + 1 if self._sure[0] == top else 1)
        else:
            self._sure = (_NEUTRAL, 0)

    def _decide(self, context: EmotionContext, t_ns: int) -> None:
        if self._barred and float(self._probs[self._barred]) < self._of(self._barred).exit:
            self._barred = _NEUTRAL
        candidate = _NEUTRAL
        for i in range(1, len(EMOTIONS)):
            if not self._may_enter(i, context):
                self._since_ns[i] = None
                continue
            since = self._since_ns[i]
            self._since_ns[i] = since = t_ns if since is None else since
            snapped = self._sure == (i, self._sure[1]) and self._sure[1] >= 2
            if snapped or (t_ns - since) * 1e-6 >= self._of(i).dwell_ms:
                candidate = i
        if self._shown == _NEUTRAL:
            cooled = (
                self._ended_ns is None or (t_ns - self._ended_ns) * 1e-6 >= self._config.cooldown_ms
            )
            if candidate != _NEUTRAL and cooled:
                self._show(candidate, t_ns)
            return
        if (t_ns - self._shown_ns) * 1e-6 < self._of(self._shown).min_hold_ms:
            return
        if candidate not in (_NEUTRAL, self._shown):
            self._show(candidate, t_ns)
        elif float(self._probs[self._shown]) < self._of(self._shown).exit:
            self._show(_NEUTRAL, t_ns)

    def _may_enter(self, i: int, context: EmotionContext) -> bool:
        if i == self._barred:
            return False
        p, timing = float(self._probs[i]), self._of(i)
        enter = timing.enter
        if context.speaking and i != _HAPPINESS:
            enter += self._config.speaking_enter
        others = np.delete(self._probs, i)
        if p < enter or p - float(others.max()) < timing.margin:
            return False
        return not context.speaking or upper_face_agrees(i, context)

    def _show(self, emotion: int, t_ns: int) -> None:
        if emotion == _NEUTRAL:
            self._ended_ns = t_ns
        self._shown, self._shown_ns, self._peak = emotion, t_ns, 0.0

    def _expire(self, context: EmotionContext, t_ns: int) -> None:
        """Ends what has lasted too long, or has no samples behind it any more."""
        if self._shown == _NEUTRAL:
            return
        limit = self._of(self._shown).max_hold_ms
        over = limit > 0 and (t_ns - self._shown_ns) * 1e-6 >= limit
        heard = self._heard_ns
        silent = heard is None or (t_ns - heard) * 1e-6 > self._config.stale_ms
        believed = self._sample_ns
        doubtful = believed is None or (t_ns - believed) * 1e-6 > _FROZEN_MS
        if over:
            self._barred = self._shown
        if over or silent or doubtful or context.status is Status.LOST:
            self._show(_NEUTRAL, t_ns)

    def _ease(self, t_ns: int) -> None:
        last, self._tick_ns = self._tick_ns, t_ns
        dt_ms = 0.0 if last is None else max(0.0, (t_ns - last) * 1e-6)
        for i, weight in enumerate(self._weights.tolist()):
            if i == _NEUTRAL or (weight == 0.0 and i != self._shown):
                continue
            timing = self._of(i)
            target = self._target(i, timing, t_ns) if i == self._shown else 0.0
            span = timing.attack_ms if target > weight else timing.release_ms
            share = 1.0 if span <= 0 else 1.0 - math.exp(-_SETTLED * dt_ms / span)
            weight += share * (target - weight)
            if weight < _DUST or (target < weight and weight < self._config.floor):
                weight = 0.0
            self._weights[i] = weight

    def _target(self, i: int, timing: EmotionTiming, t_ns: int) -> float:
        x = (float(self._probs[i]) - timing.exit) / _WEIGHT_SPAN
        x = min(1.0, max(0.0, x))
        target = timing.cap * x * x * (3 - 2 * x)
        self._peak = max(self._peak, target)
        # Within the hold it may grow but not fade: that is what holding means.
        held = (t_ns - self._shown_ns) * 1e-6 < timing.min_hold_ms
        return self._peak if held else target

    def _of(self, i: int) -> EmotionTiming:
        return self._timing[i - 1]


def _top_two(probs: F32) -> tuple[float, float]:
    second, best = np.partition(probs, -2)[-2:].tolist()
    return best, second
