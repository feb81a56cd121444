"""Which face is the streamer's: pure logic over places and sizes, no picture and no model.

While the face is followed, its own place is all that counts. When it is gone, only the region it
can have reached is searched, which grows slowly; faces that stand elsewhere at that moment are
remembered as others and stay refused however near the region comes to them. After `forget_s`
without the face everything is forgotten and a face is chosen anew.

Somebody who passes in front can carry the measurement away with them. So when the followed face has
left the place where it was a moment ago, that place is looked at again: a face that is back there
is the streamer's.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Choose", "Lock", "Region", "Spot"]

Choose = Literal["largest", "centre", "left", "right"]

_SIZE_RATIO = 1.8
"""A face this much larger or smaller is somebody else's."""
_REACH = 0.8
"""How far, in face sizes, a face may move from one frame to the next."""
_REACH_PER_S = 0.5
"""How much further, in face sizes a second, while it is out of sight."""
_OTHERS_S = 0.5
"""Faces elsewhere within this time of the loss are others: nobody gets that far so quickly."""
_SAME = 0.6
"""Two sightings nearer than this, in face sizes, are one face."""
_SURROUND = 2.0
"""Margin of the search, in face sizes, so that those who stand beside are seen, and refused."""
_TRAIL_S = 2.0
"""How long ago "a moment ago" is."""
_TRAIL_STEP_S = 0.1
_LEFT = 0.8
"""Further than this from there, in face sizes, the face has left."""
_BACK = 0.5
"""A face nearer than this to there, in face sizes, is back."""
_PARTS = (0.5, 0.0, 1.0)
"""Squares that are searched in turn while nobody is known: place as a share of the room.

The detector sees 128 x 128 pixels of what it is given and misses faces smaller than an eighth of
that, which in a wide picture are those at a usual distance. Smaller parts would find them further
off, but also every photograph on the wall.
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """A face's centre and size (the longer side of its box), pixels."""

    x: float
    y: float
    size: float

    def apart(self, other: Spot) -> float:
        """Distance in sizes of the smaller of the two."""
        return math.hypot(self.x - other.x, self.y - other.y) / min(self.size, other.size)

    def alike(self, other: Spot) -> bool:
        """Whether the sizes are plausible for one and the same face."""
        return 1 / _SIZE_RATIO <= self.size / other.size <= _SIZE_RATIO


@dataclass(frozen=True, slots=True)
class Region:
    """Part of a picture: columns x0..x1 and rows y0..y1, pixels, ends excluded."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(slots=True)
class Lock:
    """Remembers one face. Times are the frames' `t_ns`; every method is cheap."""

    choose: Choose
    forget_s: float
    _home: Spot | None = None
    _seen_ns: int = 0
    _others: list[Spot] = field(default_factory=list)
    _misses: int = 0
    _trail: deque[tuple[int, Spot]] = field(default_factory=deque)
    _looked_ns: int | None = None

    def reset(self) -> None:
        """Forget everything, as at the start of a run."""
        self._home = None
        self._others.clear()
        self._trail.clear()
        self._misses = 0

    def region(self, t_ns: int, *, width: int, height: int) -> Region:
        """Where to look for faces in this frame. Call before `pick`; forgets when it is time."""
        if self._home is not None and self._gone_s(t_ns) >= self.forget_s:
            self.reset()
        if self._home is None:
            return self._anywhere(width, height)
        half = self._reach(t_ns) + _SURROUND * self._home.size
        return _around(self._home, half, width=width, height=height)

    def pick(self, t_ns: int, spots: Sequence[Spot], *, width: int) -> int | None:
        """Which of the faces detected in `region` to take; None when none is the streamer's."""
        if self._home is None:
            if not spots:
                self._misses += 1
                return None
            self._misses = 0
            return self._chosen(spots, width)
        home = self._home
        strangers = self._note_others(t_ns, spots)
        fits = [
            i for i, spot in enumerate(spots) if i not in strangers and self._within(t_ns, spot)
        ]
        return min(
            fits,
            key=lambda i: home.apart(spots[i]) + abs(math.log(spots[i].size / home.size)),
            default=None,
        )

    def keep(self, t_ns: int, spot: Spot) -> bool:
        """Whether a measured face at `spot` is the followed one; remembers its place if so."""
        if self._home is not None and not self._within(t_ns, spot):
            return False
        self._home, self._seen_ns = spot, t_ns
        self._others.clear()
        self._misses = 0
        if not self._trail or t_ns - self._trail[-1][0] >= _TRAIL_STEP_S * 1e9:
            self._trail.append((t_ns, spot))
        while t_ns - self._trail[0][0] > _TRAIL_S * 1e9:
            self._trail.popleft()
        return True

    def left_behind(self, t_ns: int, *, width: int, height: int) -> Region | None:
        """Where to look for the streamer while another face is followed; None: no need to.

        Asks for at most one look in 0.1 s, and only while the followed face has moved far.
        """
        if self._home is None or not self._trail:
            return None
        then = self._trail[0][1]
        recently = self._looked_ns is not None and 0 <= t_ns - self._looked_ns < _TRAIL_STEP_S * 1e9
        if recently or then.apart(self._home) <= _LEFT:
            return None
        self._looked_ns = t_ns
        return _around(then, _SURROUND * then.size, width=width, height=height)

    def back(self, t_ns: int, spots: Sequence[Spot]) -> int | None:
        """Which face seen in `left_behind` is the streamer, who is followed from here on."""
        assert self._home is not None
        then = self._trail[0][1]
        for i, spot in enumerate(spots):
            if then.apart(spot) < _BACK and spot.alike(then) and spot.apart(self._home) > _SAME:
                self._home, self._seen_ns = spot, t_ns
                self._trail.clear()
                return i
        return None

    def _gone_s(self, t_ns: int) -> float:
        return max(0.0, (t_ns - self._seen_ns) * 1e-9)

    def _reach(self, t_ns: int) -> float:
        assert self._home is not None
        return self._home.size * (_REACH + _REACH_PER_S * self._gone_s(t_ns))

    def _within(self, t_ns: int, spot: Spot) -> bool:
        assert self._home is not None
        far = math.hypot(spot.x - self._home.x, spot.y - self._home.y)
        return far <= self._reach(t_ns) and spot.alike(self._home)

    def _note_others(self, t_ns: int, spots: Sequence[Spot]) -> set[int]:
        """Indexes of `spots` that are known not to be the streamer; their places are updated."""
        strangers: set[int] = set()
        for n, other in enumerate(self._others):
            i = min(
                (i for i in range(len(spots)) if i not in strangers and other.alike(spots[i])),
                key=lambda i: other.apart(spots[i]),
                default=None,
            )
            if i is not None and other.apart(spots[i]) < _SAME:
                self._others[n] = spots[i]
                strangers.add(i)
        if self._gone_s(t_ns) <= _OTHERS_S:
            for i, spot in enumerate(spots):
                if i not in strangers and not self._within(t_ns, spot):
                    self._others.append(spot)
                    strangers.add(i)
        return strangers

    def _chosen(self, spots: Sequence[Spot], width: int) -> int:
        rank = {
            "largest": [-spot.size for spot in spots],
            "centre": [abs(spot.x - width / 2) for spot in spots],
            "left": [spot.x for spot in spots],
            "right": [-spot.x for spot in spots],
        }[self.choose]
        return min(range(len(spots)), key=rank.__getitem__)

    def _anywhere(self, width: int, height: int) -> Region:
        """The whole picture and, while nobody is seen, every other time one of its parts."""
        part, turn = divmod(self._misses, 2)
        if turn == 0:
            return Region(0, 0, width, height)
        share, side = _PARTS[part % len(_PARTS)], min(width, height)
        x0, y0 = int((width - side) * share), int((height - side) * share)
        return Region(x0, y0, x0 + side, y0 + side)


def _around(spot: Spot, half: float, *, width: int, height: int) -> Region:
    x0, y0 = max(0, int(spot.x - half)), max(0, int(spot.y - half))
    return Region(x0, y0, min(width, int(spot.x + half)), min(height, int(spot.y + half)))
