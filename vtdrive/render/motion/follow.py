"""From tracked faces to drawn pictures: no step where pictures are more frequent than faces."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Follower"]

F64 = npt.NDArray[np.float64]
_FRAME_S: Final = 0.0334
"""The longest that anything comes late."""


class Follower:
    """(S,) signals that go to each new face in as long as faces take to come, one frame of 30 a
    second at most; those of `direct` (S,) at once. Where there is a picture for each face, or
    fewer, nothing is late."""

    def __init__(self, direct: npt.NDArray[np.bool_]) -> None:
        self._direct = direct
        self._goal: F64 | None = None
        self._shown = np.zeros(len(direct))
        self._left_s = 0.0
        self._since_s = 0.0
        self._before_s = 0.0

    def adopt(self, other: Follower) -> None:
        """Go on from another's state."""
        self._goal, self._shown = other._goal, other._shown
        self._left_s, self._since_s = other._left_s, other._since_s
        self._before_s = other._before_s

    def step(self, signals: F64, dt_s: float) -> F64:
        """What to show `dt_s` after the last step of the newest `signals`."""
        self._since_s += dt_s
        if self._goal is None:
            self._goal = self._shown = signals
        elif not np.array_equal(signals, self._goal):
            # The longer of two, since faces rarely come in step with pictures.
            self._left_s = min(_FRAME_S, max(self._since_s, self._before_s))
            self._before_s, self._since_s = self._since_s, 0.0
            self._goal = signals
        if dt_s >= self._left_s * 0.999:
            self._left_s = 0.0
            self._shown = self._goal
            return self._shown
        eased = self._shown + dt_s / self._left_s * (self._goal - self._shown)
        self._left_s -= dt_s
        self._shown = np.where(self._direct, self._goal, eased)
        return self._shown
