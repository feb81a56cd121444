"""Parameters from signals: the avatar's `[params]`, compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from vtdrive.config.expr import Term
from vtdrive.core.mapping import Program
from vtdrive.core.resolve import resolver_for
from vtdrive.core.signals import unsided
from vtdrive.render.format.avatar import Spring, Steer
from vtdrive.render.motion.limits import Limits
from vtdrive.render.motion.signals import known_signals
from vtdrive.render.motion.tables import MotionFault, unknown
from vtdrive.vocab import SHAPES

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

    Raises MotionFault for names that nobody knows and for parameters that read each other in a
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
    try:
        program = Program(known_signals(), open_ended, lambda name: resolver_for(name, sided=False))
    except ValueError as fault:
        raise MotionFault(("params",), str(fault)) from None
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
    for name, steer in steers.items():
        for path, term in _terms(steer):
            for written in term.sum:
                _check_read(("params", name, *path, "sum", written), written, names, springs)
    for name, spring in springs.items():
        for other in spring.to:
            if other not in names:
                unknown(("springs", name, "to", other), other, names)


def _terms(steer: Steer) -> Iterator[tuple[tuple[str | int, ...], Term]]:
    yield (), steer
    for key, terms in (("gates", steer.gates), ("max", steer.max), ("min", steer.min)):
        yield from (((key, i), term) for i, term in enumerate(terms))


def _check_read(
    path: tuple[str | int, ...],
    written: str,
    names: Sequence[str],
    springs: Mapping[str, Spring],
) -> None:
    if not written.startswith(_OUT):
        known = known_signals()
        if written not in known and unsided(written) is None:
            stems = (name.removesuffix("Left") for name in SHAPES)
            unknown(path, written, (*known, *stems), what="no signal")
        return
    other = written.removeprefix(_OUT)
    if other not in names:
        unknown(path, written, [_OUT + name for name in names], what="no parameter")
    if other in springs:
        raise MotionFault(path, f"{other} hangs on a spring, and only springs can follow springs")
