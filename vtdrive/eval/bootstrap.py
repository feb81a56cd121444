"""How sure a ratio of rates is, when the same faces were counted under every condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["WorstToBest", "worst_to_best"]

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class WorstToBest:
    """The highest of several rates over the lowest. None stands for: divided by a rate of 0."""

    ratio: float | None
    worst: int
    """Column of the highest rate; the first of equals."""
    best: int
    interval95: tuple[float | None, float | None]
    """Worst and best are sought anew in each resample, as they were found by looking, too."""
    interval95_same_columns: tuple[float | None, float | None]
    """The columns `worst` and `best` throughout: narrower, blind to their having been picked."""


def worst_to_best(
    hit: npt.NDArray[np.bool_], *, resamples: int = 2000, seed: int = 0
) -> WorstToBest:
    """Paired bootstrap over faces: each resample draws rows of `hit` (faces, conditions).

    All conditions of a face are drawn together, so what makes a face hard in every light cancels.
    All rates 0 is a ratio of 1. Raises ValueError without faces or conditions.
    """
    if hit.ndim != 2 or 0 in hit.shape:
        raise ValueError(f"needs faces and conditions, not an array of shape {hit.shape}")
    faces = len(hit)
    rates = hit.mean(0)
    worst, best = int(rates.argmax()), int(rates.argmin())
    rng = np.random.default_rng(seed)
    values = hit.astype(np.float64)
    drawn = np.concatenate(
        [
            rng.multinomial(faces, np.full(faces, 1 / faces), size=min(_CHUNK, resamples - at))
            @ values
            for at in range(0, resamples, _CHUNK)
        ]
    )
    return WorstToBest(
        ratio=_finite(_ratio(rates.max(), rates.min())),
        worst=worst,
        best=best,
        interval95=_interval(drawn.max(1), drawn.min(1)),
        interval95_same_columns=_interval(drawn[:, worst], drawn[:, best]),
    )


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> npt.NDArray[np.float64]:
    high, low = np.asarray(above, np.float64), np.asarray(below, np.float64)
    safe = np.where(low > 0, low, 1.0)
    out: npt.NDArray[np.float64] = np.where(low > 0, high / safe, np.where(high > 0, np.inf, 1.0))
    return out


def _interval(
    above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]
) -> tuple[float | None, float | None]:
    # Of the values themselves: between a number and infinity there is nothing to interpolate.
    lo, hi = np.quantile(_ratio(above, below), (0.025, 0.975), method="inverted_cdf")
    return _finite(lo), _finite(hi)


def _finite(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if np.isfinite(number) else None
