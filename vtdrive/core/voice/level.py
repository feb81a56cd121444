"""How loud a voice is, and whether there is one: a gate that knows the room and the speaker."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["Level"]

_SILENT_DB: Final = -100.0
_DOWN_S: Final = 0.08
"""The room is as quiet as the quietest moments."""
_UP_DB_S, _UP_NOISE_DB_S, _UP_VOICED_DB_S = 3.0, 12.0, 0.7
"""How fast a louder room is believed: below the gate, above it, and above it with a pitch, which
may be somebody who sings."""
_FLOOR_DB: Final = (-66.0, -30.0)
"""The lower end also keeps the room from being a voice after the perfect silence of a muted one."""
_SHUT_DB: Final = 4.0
"""Once open, the gate shuts this much lower."""
_HANG_S: Final = 0.05
_PEAK_DB: Final = (-50.0, -6.0)
_PEAK_UP_S: Final = 0.12
_PEAK_DOWN_DB_S, _PEAK_NEW_DB_S = 3.0, 14.0
_NEW_S: Final = 1.0
"""So much voice is needed to know how loud somebody speaks; until then it is learnt faster."""
_RANGE_DB: Final = 26.0
"""From the quietest to the loudest of ordinary speech."""


class Level:
    """Follows the room's noise and the speaker's loudness, in dB of full scale."""

    def __init__(self, *, gate_db: float) -> None:
        """`gate_db`: how far above the room's noise a voice begins."""
        self.active = False
        self._gate_db = gate_db
        self._floor_db = -62.0
        self._peak_db = -24.0
        self._db = _SILENT_DB
        self._below_s = 0.0
        self._known_s = 0.0

    @property
    def floor_db(self) -> float:
        """The noise of the room."""
        return self._floor_db

    def opens(self, power: float, dt_s: float) -> bool:
        """Whether sound with this mean square is loud enough for a voice. Then call `loudness`."""
        self._db = max(_SILENT_DB, 10.0 * math.log10(power)) if power > 0.0 else _SILENT_DB
        self._gate(self._db, dt_s)
        return self.active

    def loudness(self, pitched: float, dt_s: float) -> float:
        """0..1, and 0 while no voice is heard; `pitched` 0..1 tells a voice from noise."""
        db = self._db
        self._learn(db, pitched, dt_s)
        if not self.active:
            return 0.0
        low = max(self._peak_db - _RANGE_DB, self._opens_db - _SHUT_DB)
        return min(1.0, max(0.0, (db - low) / max(6.0, self._peak_db - 2.0 - low)))

    @property
    def _opens_db(self) -> float:
        return self._floor_db + self._gate_db

    def _gate(self, db: float, dt_s: float) -> None:
        if db >= self._opens_db - (_SHUT_DB if self.active else 0.0):
            self.active, self._below_s = True, 0.0
        elif self.active:
            self._below_s += dt_s
            self.active = self._below_s < _HANG_S

    def _learn(self, db: float, pitched: float, dt_s: float) -> None:
        if db < self._floor_db:
            self._floor_db += (db - self._floor_db) * (1.0 - math.exp(-dt_s / _DOWN_S))
        else:
            fast = _UP_NOISE_DB_S + (_UP_VOICED_DB_S - _UP_NOISE_DB_S) * pitched
            rise = (fast if self.active else _UP_DB_S) * dt_s
            self._floor_db = min(db, self._floor_db + rise)
        self._floor_db = min(_FLOOR_DB[1], max(_FLOOR_DB[0], self._floor_db))
        if self.active and pitched >= 0.5:
            self._learn_peak(db, dt_s)

    def _learn_peak(self, db: float, dt_s: float) -> None:
        self._known_s += dt_s
        if db > self._peak_db:
            self._peak_db += (db - self._peak_db) * (1.0 - math.exp(-dt_s / _PEAK_UP_S))
        else:
            fall = _PEAK_NEW_DB_S if self._known_s < _NEW_S else _PEAK_DOWN_DB_S
            self._peak_db = max(db, self._peak_db - fall * dt_s)
        self._peak_db = min(_PEAK_DB[1], max(_PEAK_DB[0], self._peak_db))
