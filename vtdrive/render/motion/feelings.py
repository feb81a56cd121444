"""What expressions do to parameters, and which rules keep a face alive beneath them.

A narrowed lid is a cap, so that it still blinks. What widens a lid fades as the tracked eye shuts,
so that a blink closes it. The mouth is opened in silence only: while one speaks, it follows the
voice. What a feeling does on one side alone is done on the side that the face itself favours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.core.signals import SIGNAL_INDEX
from vtdrive.render.format.avatar import Feeling
from vtdrive.render.motion.mirror import mirroring
from vtdrive.render.motion.tables import felt_built_in, unknown
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

__all__ = ["Feelings"]

F64 = npt.NDArray[np.float64]
_LIDS: Final = ("eye_open_l", "eye_open_r")
_MOUTH: Final = "mouth_open"
_LOPSIDED: Final = {"mouthSmile": 1.0, "mouth": 1.0, "browOuterUp": 0.5, "mouthDimple": 0.5}
"""Shape without its side = how much more of it on one side says so."""
_CHOOSES: Final = 0.12
_CHANGES: Final = 0.3
"""How lopsided a face must be to choose a side, and to change it while a feeling shows."""
_TURN_S: Final = 0.15
_SMILES: Final = (SIGNAL_INDEX["mouthSmileLeft"], SIGNAL_INDEX["mouthSmileRight"])
_BROAD: Final = (0.45, 0.75)
"""A smile, beyond that of one's face at rest, that is a laugh: from here, and wholly."""
_FAINT: Final = 0.02
_NO_CAP: Final = 1e6


class Feelings:
    """(P,) driven parameters to felt ones. Its state is the side of what is one-sided, and how
    long what passes has been there."""

    def __init__(self, feelings: Mapping[str, Feeling], names: Sequence[str]) -> None:
        """`feelings` by expression. Raises MotionFault for parameters that are none of `names`."""
        rules, size = felt_built_in(), (len(EMOTIONS), len(names))
        index = {name: i for i, name in enumerate(names)}
        add, pull, pulls = np.zeros((3, *size))
        cap = np.full(size, _NO_CAP)
        for feeling, table in feelings.items():
            row = EMOTION_INDEX[feeling]
            for kind, values, into in (
                ("add", table.add, add),
                ("cap", table.cap, cap),
                ("set", table.set, pull),
            ):
                for name, value in values.items():
                    if name not in index:
                        unknown(("feelings", feeling, kind, name), name, names)
                    into[row, index[name]] = value
                    pulls[row, index[name]] += kind == "set"
        places, signs = mirroring(names)
        sided = np.array([name in rules.sided for name in EMOTIONS])[:, None]
        self._add = _both_ways(add, add[:, places] * signs, sided)
        self._cap = _both_ways(cap, cap[:, places], sided)
        self._pull = _both_ways(pull, pull[:, places] * signs, sided)
        self._pulls = _both_ways(pulls, pulls[:, places], sided)
        self._from, self._span = np.zeros(size), np.ones(size)
        for feeling, table_of in rules.late.items():
            for name, (start, full) in table_of.items():
                at = EMOTION_INDEX[feeling], index[name]
                self._from[at], self._span[at] = start, full - start
        self._passing = [
            (EMOTION_INDEX[feeling], index[name], lasts_s, goes_s)
            for feeling, table_of in rules.passing.items()
            for name, (lasts_s, goes_s) in table_of.items()
        ]
        self._ages_s = [0.0] * len(self._passing)
        self._spoken = np.array([rules.spoken.get(name, 0.0) for name in names])
        self._lids = np.array([index[name] for name in _LIDS], np.intp)
        self._mouth = index[_MOUTH]
        self._is_sided = sided[:, 0]
        self._lopsided = [
            (SIGNAL_INDEX[f"{stem}{side}"], weight * sign)
            for stem, weight in _LOPSIDED.items()
            for side, sign in (("Left", 1.0), ("Right", -1.0))
        ]
        self._side = self._to = 1.0
        """1: as written, -1: turned round; what shows, and what it goes to."""
        self._shows = False
        """Whether a one-sided feeling is seen."""

    def adopt(self, other: Feelings) -> None:
        """Go on from another's state."""
        self._side, self._to, self._shows = other._side, other._to, other._shows
        self._ages_s = list(other._ages_s)

    def step(self, driven: F64, weights: F64, signals: F64, *, speech: float, dt_s: float) -> F64:
        """`driven` (P,) under expressions of `weights` (8,) in a face that shows `signals`."""
        if not weights.any():
            self._shows = False
            self._ages_s = [0.0] * len(self._passing)
            return driven
        self._take_side(weights, signals, dt_s)
        w = np.clip((weights[:, None] - self._from) / self._span, 0.0, 1.0)
        self._pass(w, signals, dt_s)
        w = w * (1.0 - min(1.0, max(0.0, speech)) * self._spoken)
        add, cap, pull, pulls = (
            self._sided(both) for both in (self._add, self._cap, self._pull, self._pulls)
        )
        added = (w * add).sum(0)
        out: F64 = driven + added
        out[self._mouth] = max(driven[self._mouth], added[self._mouth])
        out = out - (w * np.maximum(out - cap, 0.0)).max(0)
        held = (w * pulls).sum(0)
        out = out + ((w * pull).sum(0) - held * out) / np.maximum(held, 1.0)
        lids, was = out[self._lids], driven[self._lids]
        out[self._lids] = np.where(lids > was, was + np.minimum(was, 1.0) * (lids - was), lids)
        return out

    def _pass(self, w: F64, signals: F64, dt_s: float) -> None:
        """Let go what has lasted; a face that smiles broadly of its own keeps it."""
        low, high = _BROAD
        smile = (float(signals[_SMILES[0]]) + float(signals[_SMILES[1]])) / 2
        kept = min(1.0, max(0.0, (smile - low) / (high - low)))
        for i, (row, at, lasts_s, goes_s) in enumerate(self._passing):
            if not w[row, at]:
                self._ages_s[i] = 0.0
                continue
            self._ages_s[i] += dt_s
            gone = min(1.0, max(0.0, (self._ages_s[i] - lasts_s) / goes_s))
            w[row, at] *= max(kept, 1.0 - gone * gone * (3.0 - 2.0 * gone))

    def _sided(self, both: tuple[F64, F64]) -> F64:
        straight, turned = both
        if self._side == 1.0:
            return straight
        if self._side == -1.0:
            return turned
        share = (1.0 + self._side) / 2.0
        return turned + share * (straight - turned)

    def _take_side(self, weights: F64, signals: F64, dt_s: float) -> None:
        lopsided = sum(float(signals[at]) * weight for at, weight in self._lopsided)
        shown, self._shows = self._shows, float(weights[self._is_sided].max()) > _FAINT
        if not shown:
            self._side = self._to = -1.0 if lopsided < -_CHOOSES else 1.0
        elif lopsided * self._to < -_CHANGES:
            self._to = -self._to
        way = self._to - self._side
        most = 2.0 * dt_s / _TURN_S
        self._side += math.copysign(min(abs(way), most), way)


def _both_ways(straight: F64, turned: F64, sided: npt.NDArray[np.bool_]) -> tuple[F64, F64]:
    return straight, np.where(sided, turned, straight)
