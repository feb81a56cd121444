"""One live input as the mixer sees it: what it last measured, and whether it still counts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from vtdrive.config.filters import Gaze, Neutral
from vtdrive.config.inputs import CHANNELS, Channel, InputTable
from vtdrive.core.blend import I64, Mask
from vtdrive.core.input_neutral import InputNeutral
from vtdrive.core.looks import LOOK, gaze_of_looks, look_shapes
from vtdrive.spaces import IDENTITY
from vtdrive.types import F32, Incoming, all_finite, frozen
from vtdrive.vocab import SHAPE_INDEX, SHAPES

__all__ = ["CHANNEL_LANES", "GAZE", "HEAD_IDLE", "LANES", "LIDS_IDLE", "PLACE", "InputSlot"]

GAZE: Final = slice(52, 56)
PLACE: Final = slice(56, 59)
HEAD_IDLE: Final = 59
LIDS_IDLE: Final = 60
LANES: Final = 61
"""A face as one vector: 52 shapes, gaze (left yaw, pitch, right …), position of the head, and how
much idle motion the head and the lids show."""

_GAP_NS: Final = 150_000_000
"""After this long without news the next measurement is eased to: it may be far from the last."""
_MAX_GAZE_RAD: Final = math.radians(64.0)
_MAX_M: Final = 10.0
_MOUTH_CLOSE: Final = SHAPE_INDEX["mouthClose"]
_JAW_OPEN: Final = SHAPE_INDEX["jawOpen"]
_BLINKS: Final = [SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]]


_STARTS: Final[tuple[tuple[str, Channel], ...]] = (
    ("eyeLook", "gaze"),
    ("eye", "lids"),
    ("brow", "brows"),
    ("mouth", "mouth"),
    ("jaw", "mouth"),
    ("cheek", "cheeks"),
    ("nose", "cheeks"),
    ("tongue", "tongue"),
)


def _channel(shape: str) -> Channel:
    return next(channel for start, channel in _STARTS if shape.startswith(start))


def _lanes(channel: Channel) -> Mask:
    lanes = np.zeros(LANES, bool)
    lanes[:52] = [_channel(name) == channel for name in SHAPES]
    lanes[GAZE] = channel == "gaze"
    lanes[PLACE] = lanes[HEAD_IDLE] = channel == "head"
    lanes[LIDS_IDLE] = channel == "lids"
    return lanes


CHANNEL_LANES: Final[dict[Channel, Mask]] = {name: _lanes(name) for name in CHANNELS}
"""Channel -> (LANES,) what belongs to it. The head's rotation and emotion have no lane."""


class InputSlot:
    """What one input has to offer at a tick. `number` counts from 1; owner 0 is the camera."""

    def __init__(self, number: int, config: InputTable, *, neutral: Neutral, gaze: Gaze) -> None:
        self.rank = config.rank
        self._number = number
        self._config = config
        self._full = {"full_yaw_deg": gaze.full_yaw_deg, "full_pitch_deg": gaze.full_pitch_deg}
        claimed = config.channels or CHANNELS
        self._claimed = np.any([CHANNEL_LANES[name] for name in claimed], axis=0)
        self._heads = "head" in claimed
        self._feels = "emotion" in claimed
        self._rests = self._heads or "gaze" in claimed
        """Whether it drives anything that a neutral is about."""
        self.neutral = InputNeutral(neutral)
        self.bad = 0
        """Measurements with values that were not numbers. They are not heard."""
        self._newest: Incoming | None = None
        self._good: Incoming | None = None
        self._heard_ns: int | None = None
        self._times = 0
        """Raised where the next value may be far from the last."""
        self._live = self._here = False
        self._spoken_ns: int | None = None
        self._lanes = np.zeros(LANES, np.float32)
        self._mask = np.zeros(LANES, bool)
        self._turn: F32 = IDENTITY

    def adopt(self, other: InputSlot) -> None:
        """Go on from another's state, with these options."""
        self.neutral.adopt(other.neutral)
        self.bad, self._newest, self._good = other.bad, other._newest, other._good
        self._heard_ns, self._times, self._live = other._heard_ns, other._times, other._live
        self._here, self._spoken_ns = other._here, other._spoken_ns
        self._turn = other._turn
        if self._good is not None:
            self._measure(self._good, self._heard_ns or self._good.t_ns)

    @property
    def live(self) -> bool:
        """Whether it has measured a face (heard a voice) lately."""
        return self._live

    @property
    def present(self) -> bool:
        """Whether it drives its channels: there, or lost and told to keep them."""
        kept = self._config.when_lost != "camera" and self._heard_ns is not None
        return self._here or kept

    @property
    def speaks(self) -> bool:
        """Whether it is a voice: its mouth must not come late."""
        return self._good is not None and self._good.voice is not None

    @property
    def holding(self) -> bool:
        """Whether it is lost and shows its last values."""
        return not self._here and self._config.when_lost == "hold"

    @property
    def owner(self) -> int:
        """Whose value this is, as the blends tell owners apart: another one is eased to.

        Held values are the last ones: to go on showing them is no change.
        """
        return (self._number << 40) + (self._times << 1) + self._resting

    @property
    def head(self) -> F32 | None:
        """(4,) rotation to show, or None where it does not drive the head."""
        good = self._good
        if not self._heads or good is None or good.head_xyzw is None:
            return None
        return IDENTITY if self._resting else self._turn

    @property
    def weights(self) -> F32 | None:
        """(8,) expressions to show, or None where it names none."""
        good = self._good
        if not self._feels or good is None or good.weights is None:
            return None
        out = _bounded(good.weights, 0.0, 1.0)
        out[0] = 0.0
        return out * np.float32(0.0) if self._resting else out

    @property
    def voice(self) -> F32 | None:
        """(6,) of a voice that is listened to now, be it silent."""
        good = self._good
        if self._spoken_ns is None or good is None or good.voice is None:
            return None
        return _bounded(good.voice, 0.0, 1.0)

    @property
    def last(self) -> Incoming | None:
        """The last measurement of a face (or voice): what it holds once that is lost."""
        return self._good

    def recall(self, last: Incoming) -> None:
        """Begin with another run's `last`; one with a value that is no number is not heard."""
        sound = _sound(last)
        if sound is None:
            return
        self._good = sound
        self._heard_ns = sound.t_ns if sound.found else None
        self._spoken_ns = None if sound.voice is None else sound.t_ns
        self._measure(sound, sound.t_ns)

    def offer(self, lanes: F32, owners: I64, free: Mask) -> Mask:
        """Put what it has into `lanes` (LANES,) where they are `free`, and take these, in place;
        which they were."""
        mine = self._mask & free
        if self._resting:
            lanes[mine] = 0.0
            lanes[mine & _IDLE] = 1.0
        else:
            lanes[mine] = self._lanes[mine]
        owners[mine] = self.owner
        free &= ~mine
        return mine

    def hear(self, incoming: Incoming | None, t_ns: int) -> None:
        """The newest measurement there is at `t_ns`; the same one may come many times."""
        if incoming is not None and incoming is not self._newest:
            self._newest = incoming
            sound = _sound(incoming)
            if sound is None:
                self.bad += 1
            else:
                self._take(sound, t_ns)
        elif self._good is not None and not self.neutral.settled(t_ns):
            self._measure(self._good, t_ns)
        live = self._recent(self._heard_ns, t_ns)
        if self._live and not live:
            self.neutral.restart()
        self._live = live
        if not self._recent(self._spoken_ns, t_ns):
            self._spoken_ns = None
        # A voice that only stands in keeps the mouth through its pauses: each word would else
        # begin with a hand-over, and come late.
        here = live or (self.rank == "fallback" and self._spoken_ns is not None)
        if here and not self._here:
            self._times += 1
        self._here = here

    def _recent(self, at_ns: int | None, t_ns: int) -> bool:
        return at_ns is not None and (t_ns - at_ns) * 1e-6 <= self._config.stale_ms

    @property
    def _resting(self) -> bool:
        return not self._here and self._config.when_lost == "neutral"

    def _take(self, incoming: Incoming, t_ns: int) -> None:
        # A voice that is silent is a value, a closed mouth; a face that is not seen is none.
        if not incoming.found and incoming.voice is None:
            return
        former = self._good
        if former is not None and incoming.t_ns - former.t_ns > _GAP_NS:
            self._times += 1
        self._good = incoming
        if incoming.voice is not None:
            self._spoken_ns = incoming.t_ns
        if incoming.found:
            self._heard_ns = incoming.t_ns
            if self._rests:
                self.neutral.hear(incoming, t_ns)
        self._measure(incoming, t_ns)

    def _measure(self, incoming: Incoming, t_ns: int) -> None:
        """Lanes and turn of one measurement, relative to the neutral."""
        known = incoming.known.copy()
        lanes = np.zeros(LANES, np.float32)
        lanes[:52] = _bounded(incoming.shapes, 0.0, 1.0)
        has_gaze = incoming.gaze_rad is not None or bool(known[LOOK].any())
        if incoming.gaze_rad is not None:
            gaze = self.neutral.gaze(incoming.gaze_rad, t_ns)
            lanes[LOOK] = look_shapes(np.degrees(gaze), **self._full)
        else:
            gaze = gaze_of_looks(lanes[LOOK].tolist(), **self._full)
        known[LOOK] = has_gaze
        lanes[GAZE] = _bounded(gaze, -_MAX_GAZE_RAD, _MAX_GAZE_RAD).reshape(-1)
        # It undoes part of an open jaw: from another face it would turn the lips inside out.
        known[_MOUTH_CLOSE] = known[_JAW_OPEN]
        head, place = incoming.head_xyzw, incoming.head_m
        if head is not None:
            zero = np.zeros(3, np.float32)
            self._turn, offset = self.neutral.head(head, zero if place is None else place, t_ns)
            lanes[PLACE] = offset
        mask = np.zeros(LANES, bool)
        mask[:52] = known
        mask[GAZE] = has_gaze
        mask[PLACE] = head is not None and place is not None
        mask[HEAD_IDLE] = head is not None
        mask[LIDS_IDLE] = known[_BLINKS].any()
        self._lanes, self._mask = lanes, mask & self._claimed


_IDLE: Final = np.arange(LANES) >= HEAD_IDLE


def _bounded(values: F32, lo: float, hi: float) -> F32:
    """What np.clip does, at a third of its cost for so few values."""
    return np.minimum(np.maximum(values, np.float32(lo)), np.float32(hi))


def _sound(incoming: Incoming) -> Incoming | None:
    """The measurement within bounds; None where a value is no number, or the rotation is none."""
    parts = (
        incoming.shapes, incoming.head_xyzw, incoming.head_m, incoming.gaze_rad,
        incoming.weights, incoming.voice,
    )  # fmt: skip
    if not all(part is None or all_finite(part) for part in parts):
        return None
    head, place, gaze = incoming.head_xyzw, incoming.head_m, incoming.gaze_rad
    if head is not None:
        norm = math.sqrt(sum(x * x for x in head.tolist()))
        if not 0.5 < norm < 2.0:
            return None
        head = frozen(head / np.float32(norm))
    return replace(
        incoming,
        head_xyzw=head,
        head_m=None if place is None else frozen(_bounded(place, -_MAX_M, _MAX_M)),
        gaze_rad=None if gaze is None else frozen(_bounded(gaze, -_MAX_GAZE_RAD, _MAX_GAZE_RAD)),
    )
