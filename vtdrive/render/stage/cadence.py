"""When to paint: by the clock, yet right after a face where one comes at about that time."""

from __future__ import annotations

from typing import Final

__all__ = ["Cadence"]

_EARLY: Final = 0.2
"""A face may advance a picture by this share of the period."""
_LATE: Final = 0.15
"""A picture waits for a face that is about to come by at most this share of the period."""
_FASTER: Final = 0.95
"""The schedule follows faces that come faster than pictures by this much: a camera's 30 a second
are never quite the clock's, and a schedule that held on would paint old faces for minutes."""
_MISSED: Final = 0.25
"""A face that is this share of the period later than it should be is not coming."""
_IN_STEP: Final = 0.05
_EASE: Final = 0.2
_LONGEST_NS: Final = 250_000_000
"""Faces further apart come by chance."""


class Cadence:
    """The schedule of pictures, `fps` a second on average (up to 5 % more with faces to follow).

    Times are of any steady clock; none is read here. Pictures are at least 0.8 of a period apart.
    """

    def __init__(self, *, fps: float, now_ns: int) -> None:
        self._period_ns = round(1e9 / fps)
        self._due_ns = self._opens_ns = now_ns
        """When the next picture is due by the clock alone; from when on a face brings it."""
        self._face_ns: int | None = None
        """When the newest face came."""
        self._apart_ns = 0.0
        self._pending = False

    def arrived(self, now_ns: int) -> None:
        """A new face came."""
        if self._face_ns is not None:
            apart = now_ns - self._face_ns
            if apart > _LONGEST_NS:
                self._apart_ns = 0.0
            else:
                known = self._apart_ns or apart
                self._apart_ns = known + _EASE * (apart - known)
        self._face_ns, self._pending = now_ns, True

    def wait_ns(self, now_ns: int) -> int:
        """How long to wait for a face; 0: paint now."""
        if now_ns < self._opens_ns:
            return self._opens_ns - now_ns
        closes = self._due_ns + self._share(_LATE)
        if self._fresh or now_ns >= closes:
            return 0
        if self._coming(now_ns, closes):
            return closes - now_ns
        return 0 if self._pending else max(0, self._due_ns - now_ns)

    def painted(self, now_ns: int) -> None:
        """A picture is begun at `now_ns`."""
        due = self._due_ns + self._period_ns
        if self._fresh:
            follow = self._due_ns + self._share(_FASTER)
            due = max(now_ns + self._period_ns, follow)
        elif due < now_ns + self._period_ns // 2:
            due = now_ns + self._period_ns  # too late to catch up
        elif self._pending and self._face_ns is not None and self._in_step:
            # This face had to wait for the clock, and so would all that follow it at the same pace:
            # come earlier, picture by picture, until they need not.
            due -= min(now_ns - self._face_ns, self._share(1 - _FASTER))
        self._due_ns, self._pending = due, False
        self._opens_ns = max(due - self._share(_EARLY), now_ns + self._share(1 - _EARLY))

    @property
    def _in_step(self) -> bool:
        """Whether faces come at the pace of pictures, or of every second or third one."""
        ratio = self._apart_ns / self._period_ns
        return ratio > 0.5 and abs(ratio - round(ratio)) < _IN_STEP

    @property
    def _fresh(self) -> bool:
        """Whether a face came since the next picture may be painted."""
        return self._pending and self._face_ns is not None and self._face_ns >= self._opens_ns

    def _coming(self, now_ns: int, closes_ns: int) -> bool:
        """Whether another face should come in time for the next picture."""
        if self._face_ns is None or not self._apart_ns:
            return False
        coming = self._face_ns + round(self._apart_ns)
        return now_ns - self._share(_MISSED) < coming <= closes_ns

    def _share(self, share: float) -> int:
        return round(share * self._period_ns)
