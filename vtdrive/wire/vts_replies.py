"""What VTube Studio's replies and announcements hold, read with suspicion: nothing here raises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vtdrive.wire.vts import API_NAME

__all__ = [
    "Announced",
    "Hotkey",
    "InputList",
    "active_expressions",
    "announced_in",
    "hotkeys_in",
    "inputs_in",
    "token_in",
    "uptime_s_in",
]

_MOST: Final = 10_000
"""Longer lists are cut: no model has as many."""


@dataclass(frozen=True, slots=True)
class InputList:
    """The parameters that can be driven now."""

    defaults: frozenset[str]
    customs: Mapping[str, str]
    """Name -> the plugin that added it."""

    @property
    def names(self) -> frozenset[str]:
        return self.defaults | self.customs.keys()


@dataclass(frozen=True, slots=True)
class Hotkey:
    """One hotkey of the loaded model."""

    name: str
    hotkey_id: str
    action: str
    file: str
    """What it loads or plays; empty for actions without a file."""

    @property
    def toggles(self) -> bool:
        """Whether pressing it again undoes it."""
        return self.action.startswith("Toggle")


@dataclass(frozen=True, slots=True)
class Announced:
    """One VTube Studio that makes itself known."""

    active: bool
    """Whether its API is switched on."""
    port: int
    instance_id: str
    """Random, new at each start."""
    title: str


def token_in(data: Mapping[str, Any]) -> str | None:
    token = data.get("authenticationToken")
    if not isinstance(token, str) or not 0 < len(token) <= 256:
        return None
    return token if token.isascii() and token.isprintable() else None


def inputs_in(data: Mapping[str, Any]) -> InputList:
    defaults = frozenset(_text(row, "name") for row in _rows(data, "defaultParameters"))
    customs = {_text(r, "name"): _text(r, "addedBy") for r in _rows(data, "customParameters")}
    customs.pop("", None)
    return InputList(defaults - {""}, customs)


def hotkeys_in(data: Mapping[str, Any]) -> tuple[Hotkey, ...]:
    """In the order of VTube Studio's list, which is the one that settles equal names."""
    rows = _rows(data, "availableHotkeys")
    found = (Hotkey(*(_text(r, k) for k in ("name", "hotkeyID", "type", "file"))) for r in rows)
    return tuple(key for key in found if key.hotkey_id)


def active_expressions(data: Mapping[str, Any]) -> dict[str, bool]:
    """File -> whether it is active now."""
    rows = _rows(data, "expressions")
    found = {_text(row, "file"): row.get("active") is True for row in rows}
    found.pop("", None)
    return found


def uptime_s_in(data: Mapping[str, Any]) -> float | None:
    """Seconds since VTube Studio was started; None where it does not say."""
    uptime_ms = data.get("uptime")
    if isinstance(uptime_ms, bool) or not isinstance(uptime_ms, int | float):
        return None
    return uptime_ms * 1e-3 if 0 <= uptime_ms < 1e12 else None


def announced_in(packet: bytes) -> Announced | None:
    """What a datagram announces; None where it is no announcement of VTube Studio."""
    if len(packet) > 4096:
        return None
    try:
        tree = json.loads(packet)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tree, dict) or tree.get("apiName") != API_NAME:
        return None
    if tree.get("messageType") != "VTubeStudioAPIStateBroadcast":
        return None
    data = tree.get("data")
    if not isinstance(data, dict):
        return None
    port = data.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        return None
    return Announced(
        data.get("active") is True, port, _text(data, "instanceID"), _text(data, "windowTitle")
    )


def _rows(data: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = data.get(key)
    for row in rows[:_MOST] if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row


def _text(row: Mapping[str, Any], key: str) -> str:
    text = row.get(key)
    return text[:256] if isinstance(text, str) else ""
