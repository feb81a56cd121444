"""Live inputs mixed into the camera's face, channel by channel, without a jump.

Inputs of rank `first` come before the camera, in the order of the config; those of rank `fallback`
after it, and it stands back for them once it has lost its face. Each value goes to the first of
these that measures it and has its channel. Whoever takes it over is eased to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vtdrive.config.inputs import CHANNELS, Channel, InputTable
from vtdrive.config.schema import Config
from vtdrive.core.blend import I64, LaneBlend, Mask, TurnBlend
from vtdrive.core.input_slot import (
    CHANNEL_LANES,
    GAZE,
    HEAD_IDLE,
    LANES,
    LIDS_IDLE,
    PLACE,
    InputSlot,
)
from vtdrive.core.presence import Body
from vtdrive.core.signals import SIGNALS
from vtdrive.types import F32, EmotionState, Incoming, Status, frozen
from vtdrive.vocab import EMOTIONS, MIRROR_SHAPE, SHAPE_INDEX

__all__ = ["Mixed", "Mixer", "places"]

_EASE_MS: Final = 250.0
_VOICE_MS: Final = 80.0
"""To a mouth that a voice moves: a jaw takes this long to open, and a word must not come late."""
_CAMERA: Final = 0
_JAW_OPEN: Final = SHAPE_INDEX["jawOpen"]
_ALIVE: Final = np.flatnonzero(
    CHANNEL_LANES["head"] | CHANNEL_LANES["lids"] | CHANNEL_LANES["mouth"]
)
"""Who drives one of these keeps the avatar alive."""
_SIDES: Final = np.array(MIRROR_SHAPE, np.intp)
_TURNED: Final = np.array([s.startswith("head.") and s.endswith("_deg") for s in SIGNALS])
_PLACED: Final = np.array([s.startswith("head.") and s.endswith("_m") for s in SIGNALS])
_LOOKING: Final = np.array([s.startswith("gaze.") for s in SIGNALS])
_HEARD: Final = np.array([s.startswith("voice.") for s in SIGNALS])
_SHOWN_FROM: Final = 0.5
_REST: Final = frozen(np.eye(len(EMOTIONS))[0])
_SILENT: Final = frozen(np.zeros(6))


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """What all of them together show at a tick."""

    status: Status
    body: Body
    absence: float
    """0..1: how much idle motion the head shows."""
    lids_absence: float
    """The same for the lids: idle blinks."""
    voice: F32
    """(6,) A, I, U, E, O and volume; 0 without a voice."""
    mouth_is_ours: bool
    """Whether the camera drives the jaw."""


def places(tables: Sequence[InputTable]) -> list[dict[str, object]]:
    """Which programs and devices a list names, whatever these are to drive."""
    return [table.model_dump(exclude=set(InputTable.model_fields)) for table in tables]


class Mixer:
    """All inputs of a driver. Without any, the camera's face passes through untouched."""

    def __init__(self, config: Config) -> None:
        self.tables: tuple[InputTable, ...] = tuple(config.inputs)
        self._slots = tuple(
            InputSlot(i, table, neutral=config.neutral, gaze=config.gaze)
            for i, table in enumerate(self.tables, start=1)
        )
        self._first = [slot for slot in self._slots if slot.rank == "first"]
        self._fallback = [slot for slot in self._slots if slot.rank == "fallback"]
        self._camera_has = False
        start = np.zeros(LANES, np.float32)
        start[[HEAD_IDLE, LIDS_IDLE]] = 1.0
        self._blend = LaneBlend(start, ease_ms=_EASE_MS, quick_ms=_VOICE_MS)
        self._turn = TurnBlend(ease_ms=_EASE_MS)
        self._voice = LaneBlend(_SILENT, ease_ms=_VOICE_MS)
        self._felt = LaneBlend(np.concatenate([np.zeros(8), _REST]), ease_ms=_EASE_MS)
        self._owners: I64 = np.zeros(LANES, np.int64)
        self._turner = self._feeler = _CAMERA

    def moved_by_camera(self) -> Mask | None:
        """(S,) in `SIGNALS` order: what the face that the camera sees moved in the last step, in a
        mirror image too; None: all of it. Expressions and what is told of the whole count."""
        if not self._slots:
            return None
        lanes = self._owners == _CAMERA
        out = ~_HEARD
        out[:52] = lanes[:52] | lanes[_SIDES]
        out[_TURNED] = self._turner == _CAMERA
        out[_PLACED] = lanes[PLACE].any()
        out[_LOOKING] = lanes[GAZE].any()
        return out

    @property
    def bad(self) -> int:
        """Measurements that held values that were not numbers."""
        return sum(slot.bad for slot in self._slots)

    @property
    def taking(self) -> float | None:
        """0..1 of the neutrals being taken; None where none is."""
        found = [slot.neutral.progress for slot in self._slots]
        return min((share for share in found if share is not None), default=None)

    @property
    def neutrals(self) -> tuple[int, ...]:
        """How many neutrals each input has taken."""
        return tuple(slot.neutral.count for slot in self._slots)

    def rests(self) -> list[dict[str, Any]]:
        """The neutral of each input, for a recording that begins now."""
        return [slot.neutral.to_dict() for slot in self._slots]

    def restore(self, rests: Sequence[Mapping[str, Any]]) -> None:
        """Begin with these neutrals; raises ValueError on anything unsound."""
        for slot, rest in zip(self._slots, rests, strict=False):
            slot.neutral.restore(rest)

    def lasts(self) -> list[Incoming | None]:
        """What each input last measured, for a recording that begins now: it may be holding it."""
        return [slot.last for slot in self._slots]

    def recall(self, lasts: Sequence[Incoming | None]) -> None:
        """Begin with these."""
        for slot, last in zip(self._slots, lasts, strict=False):
            if last is not None:
                slot.recall(last)

    def drives(self, at: int) -> tuple[Channel, ...]:
        """The channels of which the input at this place of the config has anything now."""
        mine = (self._owners >> 40) == at + 1
        found = {name for name, lanes in CHANNEL_LANES.items() if (mine & lanes).any()}
        found |= {"head"} if self._turner >> 40 == at + 1 else set()
        found |= {"emotion"} if self._feeler >> 40 == at + 1 else set()
        return tuple(name for name in CHANNELS if name in found)

    def adopt(self, other: Mixer) -> None:
        """Go on from another's state with these options, if it has the same inputs."""
        for mine, others in (
            (self._blend, other._blend),
            (self._voice, other._voice),
            (self._felt, other._felt),
        ):
            mine.adopt(others)
        self._turn.adopt(other._turn)
        if places(self.tables) == places(other.tables):
            for slot, former in zip(self._slots, other._slots, strict=True):
                slot.adopt(former)

    def take_neutral(self) -> None:
        """Measure every input's neutral anew."""
        for slot in self._slots:
            slot.neutral.ask()

    def step(
        self,
        inputs: Sequence[Incoming | None],
        camera: Body,
        *,
        status: Status,
        absence: float,
        t_ns: int,
    ) -> Mixed:
        """One tick. `inputs` holds the newest measurement of each, in the order of the config;
        `camera` is what it shows by itself, with its status and how absent its face is."""
        if not self._slots:
            return Mixed(status, camera, absence, absence, _SILENT, True)
        for i, slot in enumerate(self._slots):
            slot.hear(inputs[i] if i < len(inputs) else None, t_ns)
        self._camera_has = status is not Status.LOST
        before, behind = (
            [s for s in group if s.present] for group in (self._first, self._fallback)
        )
        lanes, owners = _packed(camera, absence), np.zeros(LANES, np.int64)
        free, quick = np.ones(LANES, bool), np.zeros(LANES, bool)
        present = before if self._camera_has else [*before, *behind]
        for slot in present:
            taken = slot.offer(lanes, owners, free)
            if slot.speaks:
                quick |= taken
        turner = next((slot for slot in present if slot.head is not None), None)
        turn = camera.head_xyzw if turner is None or turner.head is None else turner.head
        self._turner = _CAMERA if turner is None else turner.owner
        self._owners = owners
        shown = self._blend.step(lanes, owners, t_ns, quick=quick)
        return Mixed(
            status=self._status(status, present),
            body=Body(
                self._turn.step(turn, self._turner, t_ns),
                shown[PLACE],
                shown[GAZE].reshape(2, 2),
                shown[:52],
            ),
            absence=_exact(shown[HEAD_IDLE], absence),
            lids_absence=_exact(shown[LIDS_IDLE], absence),
            voice=frozen(self._heard(t_ns)),
            mouth_is_ours=bool(owners[_JAW_OPEN] == _CAMERA),
        )

    def felt(self, own: EmotionState, t_ns: int) -> EmotionState:
        """The expression to show in place of `own`, which came from the camera's classifier.

        An app's `shown` is its strongest expression from 0.5 on. Call it once a tick, after `step`.
        """
        if not self._slots:
            return own
        group = self._first if self._camera_has else [*self._first, *self._fallback]
        feeler = next((s for s in group if s.present and s.weights is not None), None)
        weights = None if feeler is None else feeler.weights
        self._feeler = _CAMERA if feeler is None else feeler.owner
        target = np.concatenate(
            [own.weights, own.probs] if weights is None else [weights, _probs(weights)]
        )
        owners = np.full(len(target), self._feeler, np.int64)
        shown = self._felt.step(target, owners, t_ns)
        if shown is target and weights is None:
            return own
        top = own.shown
        if weights is not None:
            top = int(weights.argmax()) if float(weights.max()) >= _SHOWN_FROM else 0
        probs = shown[8:]
        return EmotionState(frozen(probs), frozen(shown[:8]), int(probs.argmax()), top)

    def _status(self, camera: Status, present: Sequence[InputSlot]) -> Status:
        numbers = set((self._owners[_ALIVE] >> 40).tolist()) | {self._turner >> 40}
        driving = [slot for slot in present if slot.owner >> 40 in numbers]
        if camera is Status.LIVE or any(slot.live for slot in driving):
            return Status.LIVE
        held = any(slot.holding for slot in driving)
        return Status.HELD if held else camera

    def _heard(self, t_ns: int) -> F32:
        """(6,) the first voice that is heard, whatever its input drives."""
        speaker = next((slot for slot in self._slots if slot.voice is not None), None)
        voice = None if speaker is None else speaker.voice
        owner = 0 if speaker is None else speaker.owner
        target = _SILENT if voice is None else voice
        return self._voice.step(target, np.full(6, owner, np.int64), t_ns)


def _packed(body: Body, absence: float) -> F32:
    """(LANES,) of a body."""
    lanes = np.empty(LANES, np.float32)
    lanes[:52] = body.shapes
    lanes[GAZE] = body.gaze_rad.reshape(-1)
    lanes[PLACE] = body.head_m
    lanes[[HEAD_IDLE, LIDS_IDLE]] = absence
    return lanes


def _exact(lane: np.float32, whole: float) -> float:
    """A lane's value; `whole` itself where that is what it holds, without the lane's rounding."""
    return whole if lane == np.float32(whole) else float(lane)


def _probs(weights: F32) -> F32:
    """(8,) probabilities, summing to 1, that stand for an app's expressions."""
    total = float(weights.sum())
    out = weights / np.float32(max(1.0, total))
    out[0] = max(0.0, 1.0 - total)
    return np.asarray(out, np.float32)
