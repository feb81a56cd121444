"""How loud a voice is, and whether there is one: a gate that knows the room and the speaker."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["Level"]

_SILENT_DB: Final = -100.0
_DOWN_S: Final = 0.08
"""The room is as quiet as the quietest moments."""
_UP_DB_S, _UP_VOICED_DB_S = 3.0, 0.7
"""How fast a louder room is believed: slowly while it could be a voice."""
_FLOOR_DB: Final = (-90.0, -30.0)
_SHUT_DB: Final = 4.0
"""Once open, the gate shuts this much lower."""
_HANG_S: Final = 0.05
_PEAK_DB: Final = (-50.0, -6.0)
_PEAK_UP_S: Final = 0.12
_PEAK_DOWN_DB_S: Final = 0.5
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
        self._below_s = 0.0

    @property
    def floor_db(self) -> float:
        """The noise of the room."""
        return self._floor_db

    def step(self, power: float, dt_s: float) -> float:
        """Loudness 0..1 of sound with this mean square, 0 while no voice is heard."""
        db = max(_SILENT_DB, 10.0 * math.log10(power)) if power > 0.0 else _SILENT_DB
        self._gate(db, dt_s)
        self._learn(db, dt_s)
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

    def _learn(self, db: float, dt_s: float) -> None:
        if db < self._floor_db:
            self._floor_db += (db - self._floor_db) * (1.0 - math.exp(-dt_s / _DOWN_S))
        else:
            rise = (_UP_VOICED_DB_S if self.active else _UP_DB_S) * dt_s
            self._floor_db = min(db, self._floor_db + rise)
        self._floor_db = min(_FLOOR_DB[1], max(_FLOOR_DB[0], self._floor_db))
        if self.active and db > self._peak_db:
            self._peak_db += (db - self._peak_db) * (1.0 - math.exp(-dt_s / _PEAK_UP_S))
        elif self.active:
            self._peak_db -= _PEAK_DOWN_DB_S * dt_s
        self._peak_db = min(_PEAK_DB[1], max(_PEAK_DB[0], self._peak_db))
