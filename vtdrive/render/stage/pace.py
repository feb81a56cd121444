"""An even beat that neither drifts nor rushes."""

from __future__ import annotations

__all__ = ["Pace"]


class Pace:
    """When the next picture is due: always `start_ns` plus a whole number of periods.

    One that comes late does not move those after it. Who is more than half a period late has
    missed the next beat: it is left out, so that two pictures never come right after each other.
    """

    def __init__(self, *, start_ns: int, rate_hz: float) -> None:
        if not rate_hz > 0.0:
            raise ValueError(f"a pace needs a rate above 0, not {rate_hz}")
        self.missed = 0
        """Beats left out so far."""
        self._start_ns = start_ns
        self._period_ns = 1e9 / rate_hz
        self._beat = 0

    @property
    def due_ns(self) -> int:
        # From the count, not by adding up: a rounded period would drift.
        return self._start_ns + round(self._beat * self._period_ns)

    def step(self, now_ns: int) -> None:
        """The picture that was due is out: on to the next beat."""
        soonest = (now_ns - self._start_ns) / self._period_ns + 0.5
        following = self._beat + 1
        if soonest > following:
            reached = int(soonest) + (soonest > int(soonest))
            self.missed += reached - following
            following = reached
        self._beat = following
