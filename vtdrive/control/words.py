"""From an address with arguments, as OSC and HTTP have them, to a command's text. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from vtdrive.core.commands import COMMANDS, CommandError

__all__ = ["from_osc", "from_query"]

_SWITCHED: Final = frozenset({"freeze", "emotion", "panic"})


def from_osc(path: Sequence[str], args: Sequence[object]) -> str:
    """`/vtdrive/expression/happiness 1` as text; empty where a button was merely released.

    A lone number is a position where the address ends with something to switch (1 on, 0 off), and
    elsewhere tells whether a button is pressed. Raises CommandError.
    """
    words = list(path)
    if len(args) == 1 and isinstance(args[0], int | float) and words[-1:] != ["for"]:
        value = float(args[0])
        expressive = len(words) == 2 and words[0] == "expression"
        if not (expressive or (len(words) == 1 and words[0] in _SWITCHED)):
            return " ".join(words) if value != 0.0 else ""
    return " ".join([*words, *map(_word, args)])


def from_query(path: Sequence[str], query: Mapping[str, str]) -> str:
    """`/command/expression/happiness?for=5&weight=0.8` as text; raises CommandError.

    Values follow the words of the path in the order that the command has them.
    """
    verb = path[0].lower() if path else ""
    params = next((spec.params for spec in COMMANDS if spec.name == verb), ())
    for key in query:
        if key not in params:
            known = f"it knows {', '.join(params)}" if params else "it takes none"
            raise CommandError(f"{verb}: no value is called {key[:40]!r}", known)
    words = list(path)
    for key in params:
        if key in query:
            words += ["for", query[key]] if key == "for" else [query[key]]
    return " ".join(words)


def _word(arg: object) -> str:
    if isinstance(arg, bool):
        return "on" if arg else "off"
    if isinstance(arg, int):
        return str(arg)
    if isinstance(arg, float) and math.isfinite(arg):
        # OSC's floats are f32: 0.8 must not become 0.800000011920929.
        return f"{arg:.6g}"
    if isinstance(arg, str):
        return arg
    raise CommandError("an argument is neither text nor a number", "send strings, ints or floats")
