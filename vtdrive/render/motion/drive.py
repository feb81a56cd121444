"""Parameters from signals: the avatar's `[params]`, compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vtdrive.config.expr import Term
from vtdrive.core.mapping import Program
from vtdrive.core.resolve import resolver_for
from vtdrive.core.signals import unsided
from vtdrive.render.format.avatar import Spring, Steer
from vtdrive.render.motion.limits import Limits
from vtdrive.render.motion.signals import known_signals
from vtdrive.render.motion.tables import unknown

__all__ = ["compiled"]

_OUT = "out."
_BEYOND = 3.0
"""How far past a soft limit a value may go before it is bent back, in ranges."""


def compiled(
    names: Sequence[str],
    steers: Mapping[str, Steer],
    springs: Mapping[str, Spring],
    soft: Sequence[str],
) -> tuple[Program, Limits]:
    """What drives the parameters `names` (P,) but for feelings and springs, and their limits.

    Raises ValueError for names that nobody knows and for parameters that read each other in a
    circle.
    """
    _check(names, steers, springs)
    every = {name: steers.get(name) or _of_spring(springs[name]) for name in names}
    gentle = [name in soft for name in names]
    lo, hi, neutral = np.array([(*every[n].clamp, every[n].neutral) for n in names], float).T
    limits = Limits(lo=lo, hi=hi, neutral=neutral, soft=np.array(gentle, bool))
    open_ended = {
        name: _widened(steer) if is_soft else steer
        for (name, steer), is_soft in zip(every.items(), gentle, strict=True)
    }
    program = Program(known_signals(), open_ended, lambda name: resolver_for(name, sided=False))
    return program, limits


def _of_spring(spring: Spring) -> Steer:
    """What drives a parameter that nothing but a spring moves."""
    return Steer(clamp=spring.clamp, neutral=spring.neutral, bias=spring.neutral)


def _widened(steer: Steer) -> Steer:
    lo, hi = steer.clamp
    more = (hi - lo) * _BEYOND
    return steer.model_copy(update={"clamp": (lo - more, hi + more)})


def _check(
    names: Sequence[str], steers: Mapping[str, Steer], springs: Mapping[str, Spring]
) -> None:
    signals = set(known_signals())
    for name, steer in steers.items():
        terms: list[Term] = [steer, *steer.gates, *steer.max, *steer.min]
        for written in (signal for term in terms for signal in term.sum):
            if written.startswith(_OUT):
                _check_read(name, written.removeprefix(_OUT), names, springs)
            elif written not in signals and unsided(written) is None:
                unknown(f"params.{name}: signals", written, (*signals, *(_OUT + n for n in names)))
    for name, spring in springs.items():
        for other in spring.to:
            if other not in names:
                unknown(f"springs.{name}.to", other, names)


def _check_read(name: str, other: str, names: Sequence[str], springs: Mapping[str, Spring]) -> None:
    if other not in names:
        unknown(f"params.{name}: signals", _OUT + other, [_OUT + known for known in names])
    if other in springs:
        raise ValueError(
            f"params.{name} reads out.{other}, which hangs on a spring: only springs follow springs"
        )
