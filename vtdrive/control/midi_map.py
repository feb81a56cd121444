"""Which command a note or a control change stands for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vtdrive.core.commands import CommandError, Express, Switch, parse_command
from vtdrive.errors import UsageError

__all__ = ["MidiMap"]

_HOLD: Final = " hold"
_PRESSED: Final = 64
"""Value from which a control change counts as pressed."""
_Key = tuple[Literal["note", "control"], int | None, int]
"""Kind, channel (1 to 16, None: any) and number."""


@dataclass(frozen=True, slots=True)
class _Pad:
    press: str
    release: str


class MidiMap:
    """From `[control.midi]` to commands. Raises UsageError where a command of it is none."""

    def __init__(self, *, notes: Mapping[str, str], controls: Mapping[str, str]) -> None:
        self._pads: dict[_Key, _Pad] = {}
        self._down: set[_Key] = set()
        for key, text in notes.items():
            self._pads["note", *_numbered(key)] = _pad("notes", key, text)
        for key, text in controls.items():
            self._pads["control", *_numbered(key)] = _pad("controls", key, text)

    def __len__(self) -> int:
        return len(self._pads)

    def read(self, kind: str, *, channel: int, number: int, value: int) -> str:
        """The command that a message asks for; empty where it asks for none.

        `kind` is mido's: note_on, note_off, control_change. A note on with value 0 is a release.
        A pedal that sends many values while it moves is pressed once.
        """
        if kind == "control_change":
            of, pressed = "control", value >= _PRESSED
        elif kind in ("note_on", "note_off"):
            of, pressed = "note", kind == "note_on" and value > 0
        else:
            return ""
        for on in (channel, None):
            key: _Key = ("control" if of == "control" else "note", on, number)
            pad = self._pads.get(key)
            if pad is not None:
                return self._moved(key, pad, pressed)
        return ""

    def _moved(self, key: _Key, pad: _Pad, pressed: bool) -> str:
        if pressed == (key in self._down):
            return ""
        if pressed:
            self._down.add(key)
            return pad.press
        self._down.discard(key)
        return pad.release


def _numbered(key: str) -> tuple[int | None, int]:
    channel, colon, number = key.rpartition(":")
    return (int(channel) if colon else None), int(number)


def _pad(table: str, key: str, text: str) -> _Pad:
    held = text.rstrip().lower().endswith(_HOLD)
    where = f"[control.midi.{table}] {key} = {text[:60]!r}"
    try:
        command = parse_command(text.rstrip()[: -len(_HOLD)] + " on" if held else text)
    except CommandError as fault:
        raise UsageError(f"{where}: {fault.what}", fault.remedy) from fault
    if not held:
        return _Pad(text, "")
    if isinstance(command, Express):
        return _Pad(command.text, f"expression {command.emotion} off")
    if isinstance(command, Switch):
        return _Pad(command.text, f"{command.name} off")
    raise UsageError(
        f"{where}: only a switch or an expression can be held",
        "leave out hold, or write freeze, panic, emotion or expression NAME before it",
    )
