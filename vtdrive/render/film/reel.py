"""From frames as they were tracked to one state for each picture of a film."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vtdrive.types import F32, EmotionState, FaceState, frozen

__all__ = ["LONGEST_GAP_NS", "Moment", "Reel", "mixed"]

_EASE_NS: Final = 100_000_000
"""Frames nearer to each other than this are joined by a straight line. After a longer gap the old
state stands until so long before the new one: a film knows what comes."""
LONGEST_GAP_NS: Final = 600_000_000_000
"""A gap longer than this (a machine that slept, a damaged recording) is cut out of the film."""
_CUT_NS: Final = 1_000_000_000
"""What is left of such a gap."""
_NO_POINTS: Final = frozen(np.zeros((0, 3)))


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is known of one moment of a film."""

    t_ns: int
    state: FaceState
    points_px: F32 = field(default_factory=lambda: _NO_POINTS)
    """(478, 3) or (0, 3): where the face was, for films that show it."""


class Reel:
    """Picture k of the film shows the moment k / fps after the first frame.

    The film is as long as what was tracked, the last frame counted as long as the frames before it
    lasted, whatever the rates are. Moments that do not advance are left out.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._first_ns = 0
        self._last: Moment | None = None
        self._cut_ns = 0
        self._apart: deque[int] = deque(maxlen=255)
        self.pictures = 0
        """So many moments were given out."""
        self.cuts = 0
        """Gaps that were cut out."""

    def add(self, moment: Moment) -> Iterator[Moment]:
        """The next frame; the pictures that can be painted now, each with its own time."""
        last = self._last
        if last is None:
            self._first_ns = moment.t_ns
            self._last = moment
            return
        gap_ns = moment.t_ns - self._cut_ns - last.t_ns
        if gap_ns <= 0:
            return
        if gap_ns > LONGEST_GAP_NS:
            self._cut_ns += gap_ns - _CUT_NS
            self.cuts += 1
        moment = Moment(moment.t_ns - self._cut_ns, moment.state, moment.points_px)
        self._apart.append(moment.t_ns - last.t_ns)
        while (t_ns := self._due_ns(self.pictures)) <= moment.t_ns:
            self.pictures += 1
            yield _between(last, moment, t_ns)
        self._last = moment

    def end(self) -> Iterator[Moment]:
        """The pictures that are left when no frame comes any more; at least one in all."""
        last = self._last
        if last is None:
            return
        period_ns = statistics.median(self._apart) if self._apart else 1e9 / self._fps
        whole_s = (last.t_ns - self._first_ns + min(period_ns, 1e9)) * 1e-9
        while self.pictures < max(1, round(whole_s * self._fps)):
            t_ns = self._due_ns(self.pictures)
            self.pictures += 1
            yield Moment(t_ns, last.state, last.points_px)

    def _due_ns(self, picture: int) -> int:
        return self._first_ns + round(picture * 1e9 / self._fps)


def _between(a: Moment, b: Moment, t_ns: int) -> Moment:
    """The moment at `t_ns`, which lies between the two."""
    ease_ns = min(b.t_ns - a.t_ns, _EASE_NS)
    by = max(0.0, 1.0 - (b.t_ns - t_ns) / ease_ns)
    points = a.points_px if by < 0.5 else b.points_px
    if len(a.points_px) and len(b.points_px):
        points = _line(a.points_px, b.points_px, by)
    return Moment(t_ns, mixed(a.state, b.state, by), points)


def mixed(a: FaceState, b: FaceState, by: float) -> FaceState:
    """`a` where `by` is 0, `b` where it is 1, and what lies between them."""
    if by <= 0.0 or by >= 1.0:
        return a if by <= 0.0 else b
    near = a if by < 0.5 else b
    # The nearer of the two signs that a rotation has.
    other = b.head_xyzw if float(a.head_xyzw @ b.head_xyzw) >= 0 else -b.head_xyzw
    turn = _line(a.head_xyzw, other, by)
    return FaceState(
        status=near.status,
        head_xyzw=frozen(turn / max(float(np.linalg.norm(turn)), 1e-9)),
        head_m=_line(a.head_m, b.head_m, by),
        gaze_rad=_line(a.gaze_rad, b.gaze_rad, by),
        shapes=_line(a.shapes, b.shapes, by),
        emotion=EmotionState(
            probs=_line(a.emotion.probs, b.emotion.probs, by),
            weights=_line(a.emotion.weights, b.emotion.weights, by),
            leading=near.emotion.leading,
            shown=near.emotion.shown,
        ),
        speaking=a.speaking + by * (b.speaking - a.speaking),
        breath=a.breath + by * (b.breath - a.breath),
        voice=_line(a.voice, b.voice, by),
        still=near.still,
    )


def _line(a: F32, b: F32, by: float) -> F32:
    return frozen(a + np.float32(by) * (b - a))
