"""What adapting a model gained on faces that were left out of the fit, and whether it is sure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vtdrive.eval.emotion_scores import wilson
from vtdrive.vocab import EMOTIONS

__all__ = ["Gain", "poorer", "table"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_CLEARLY = 0.1
_CHANCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """N faces read before and after; indices of `EMOTIONS`, -1 for none of them."""

    label: I64
    before: I64
    after: I64
    log_loss_before: F64
    """Negative log-likelihood of the label."""
    log_loss_after: F64

    @property
    def gained(self) -> int:
        """Faces that only the adapted model reads right."""
        return int(((self.after == self.label) & (self.before != self.label)).sum())

    @property
    def lost(self) -> int:
        """Faces that only the model before reads right."""
        return int(((self.before == self.label) & (self.after != self.label)).sum())

    @property
    def chance(self) -> float:
        """How often as many gains or more among the changed would come by tossing a coin."""
        changed = self.gained + self.lost
        tails = (math.comb(changed, k) for k in range(self.gained, changed + 1))
        return float(sum(tails) / 2**changed)

    @property
    def helps(self) -> bool:
        """More faces are read right, by more than chance, and the labels became likelier.

        The latter alone would not do: a model that is less sure of everything has it for nothing.
        """
        likelier = bool(self.log_loss_after.mean() < self.log_loss_before.mean())
        return likelier and self.chance <= _CHANCE

    def found_of(self, k: int) -> tuple[float, float]:
        """Share found of the emotion with index `k`, before and after."""
        mine = self.label == k
        return float((self.before[mine] == k).mean()), float((self.after[mine] == k).mean())

    def accuracy(self, found: I64) -> float:
        """Share of right readings of all faces."""
        return float((found == self.label).mean())

    def macro_f1(self, found: I64) -> float:
        """Mean over the emotions that occur among the labels."""
        scores = []
        for k in np.unique(self.label):
            both = ((found == k) & (self.label == k)).sum()
            scores.append(2 * both / ((found == k).sum() + (self.label == k).sum()))
        return float(np.mean(scores))


def table(gain: Gain) -> str:
    """Before and after, for a terminal."""
    n = len(gain.label)
    lines = [
        f"{'on faces left out of the fit':32s}{'before':>8s}{'after':>8s}{'faces':>8s}",
        _line("accuracy", gain.accuracy(gain.before), gain.accuracy(gain.after), n),
        _line("macro-F1", gain.macro_f1(gain.before), gain.macro_f1(gain.after), n),
        _line("log loss (nats a face)", gain.log_loss_before.mean(), gain.log_loss_after.mean(), n),
    ]
    for k in np.unique(gain.label):
        before, after = gain.found_of(int(k))
        count = int((gain.label == k).sum())
        interval = wilson(round(after * count), count) or [0.0, 1.0]
        lines.append(
            _line(f"found of {EMOTIONS[k]}", before, after, count)
            + f"   (95 %: {interval[0]:.2f} to {interval[1]:.2f})"
        )
    lines.append(
        f"{gain.gained} faces gained, {gain.lost} lost; a coin would do as well"
        f" {100 * gain.chance:.0f} times in 100"
    )
    return "\n".join(lines)


def poorer(gain: Gain) -> str:
    """A sentence on emotions that are found clearly less often than before; "" without any."""
    fell = []
    for k in np.unique(gain.label):
        before, after = gain.found_of(int(k))
        if before - after > _CLEARLY:
            fell.append(EMOTIONS[k])
    if not fell:
        return ""
    return (
        f"Found less often than before: {', '.join(fell)}. Faces count as often as folders are"
        " full; more pictures of these would win some of them back."
    )


def _line(name: str, before: float, after: float, n: int) -> str:
    return f"{name:32s}{before:8.3f}{after:8.3f}{n:8d}"
