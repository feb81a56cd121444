"""How names in a mapping become columns: sides, means, and `out.` references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vtdrive.config.expr import Expression
from vtdrive.core.mapping import Resolver
from vtdrive.core.signals import unsided

__all__ = ["resolver_for", "sided_expressions"]

_OUT: Final = "out."
_SIDES: Final = ("Left", "Right")


def sided_expressions(tables: Mapping[str, Expression]) -> dict[str, Expression]:
    """`[shapes]` with side-less names replaced by both sides; a table with a side wins."""
    out: dict[str, Expression] = {}
    for name, expression in tables.items():
        pair = unsided(name)
        for target in pair or (name,):
            if target == name or target not in tables:
                out[target] = expression
    return out


def resolver_for(name: str, *, sided: bool) -> Resolver:
    """How the table of `name` reads signals.

    With `sided`, a name without a side means the table's own side where it has one; in all other
    cases it means the mean of both sides.
    """
    side = next((s for s in _SIDES if name.endswith(s)), "") if sided else ""

    def resolve(written: str) -> dict[str, float]:
        prefix = _OUT if written.startswith(_OUT) else ""
        pair = unsided(written.removeprefix(_OUT))
        if pair is None:
            return {written: 1.0}
        if side:
            return {prefix + pair[_SIDES.index(side)]: 1.0}
        return {prefix + pair[0]: 0.5, prefix + pair[1]: 0.5}

    return resolve
