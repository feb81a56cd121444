"""Key combinations as users write them (`ctrl+shift+F5`), in the names that OBS has for keys."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MODIFIERS", "key_combination"]

MODIFIERS: Final = {
    "ctrl": "control", "control": "control", "strg": "control",
    "shift": "shift",
    "alt": "alt", "option": "alt",
    "cmd": "command", "command": "command", "win": "command", "super": "command",
}  # fmt: skip
"""A modifier as written -> as obs-websocket calls it."""

_NAMED: Final = {
    "enter": "RETURN", "return": "RETURN", "esc": "ESCAPE", "escape": "ESCAPE", "space": "SPACE",
    "tab": "TAB", "backspace": "BACKSPACE", "insert": "INSERT", "delete": "DELETE", "del": "DELETE",
    "pause": "PAUSE", "print": "PRINT", "home": "HOME", "end": "END", "left": "LEFT", "up": "UP",
    "right": "RIGHT", "down": "DOWN", "pageup": "PAGEUP", "pagedown": "PAGEDOWN",
    "minus": "MINUS", "plus": "PLUS", "comma": "COMMA", "period": "PERIOD",
}  # fmt: skip


def key_combination(text: str) -> tuple[str, frozenset[str]]:
    """`ctrl+F5` as `("OBS_KEY_F5", {"control"})`. Names of OBS itself (`OBS_KEY_NUM1`) work too.

    Raises ValueError with what is wrong.
    """
    *held, key = [part.strip() for part in text.split("+")]
    unknown = [part for part in held if part.lower() not in MODIFIERS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no modifier (allowed: ctrl, shift, alt, cmd)")
    return _key(key), frozenset(MODIFIERS[part.lower()] for part in held)


def _key(name: str) -> str:
    if re.fullmatch(r"OBS_KEY_[A-Z0-9_]+", name):
        return name
    if re.fullmatch(r"[A-Za-z0-9]", name) or re.fullmatch(r"[Ff]([1-9]|1\d|2[0-4])", name):
        return f"OBS_KEY_{name.upper()}"
    if name.lower() in _NAMED:
        return f"OBS_KEY_{_NAMED[name.lower()]}"
    known = ", ".join(sorted(_NAMED))
    raise ValueError(f"{name!r} is no key (allowed: A to Z, 0 to 9, F1 to F24, {known})")
