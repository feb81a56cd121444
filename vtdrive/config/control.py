"""How a run is controlled from outside: Stream Deck, Touch Portal, Streamer.bot, MIDI pads."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, field_validator

from vtdrive.config.base import Table

__all__ = ["Control", "MidiControl", "place_of"]

_PLACE: Final = re.compile(
    r"(\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]/@?#\s]*)):(?P<port>\d{1,5})"
)
_NOTE: Final = re.compile(r"(?:(?P<channel>\d{1,2}):)?(?P<number>\d{1,3})", re.ASCII)


def place_of(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; raises ValueError. Without a host it is 127.0.0.1."""
    match = _PLACE.fullmatch(text)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise ValueError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:9010")
    return match["v6"] or match["host"] or "127.0.0.1", int(match["port"])


def _listening(text: str) -> str:
    if text.lower() in ("", "off"):
        return ""
    place_of(text)
    return text


class MidiControl(Table):
    """Pads and pedals (extra `[midi]`)."""

    device: str = ""
    """Part of the device's name; empty: MIDI is off. `vtdrive control midi` lists devices."""
    notes: dict[str, str] = Field(default_factory=dict)
    """Note -> command: `36 = "freeze toggle"`. A note is its number, 0 to 127, on any channel, or
    `CHANNEL:NUMBER`. A command that ends with `hold` is on while the pad is held."""
    controls: dict[str, str] = Field(default_factory=dict)
    """The same for control changes, such as pedals: pressed from a value of 64."""

    @field_validator("notes", "controls")
    @classmethod
    def _numbered(cls, table: dict[str, str]) -> dict[str, str]:
        for key in table:
            match = _NOTE.fullmatch(key)
            channel = int(match["channel"] or 1) if match else 0
            if match is None or int(match["number"]) > 127 or not 1 <= channel <= 16:
                raise ValueError(f"{key!r} is no number from 0 to 127, nor CHANNEL:NUMBER")
        return table


class Control(Table):
    """Commands from outside. Nothing listens unless it is asked for here or by `--control URL`."""

    osc: str = ""
    """Listen for OSC on this HOST:PORT, such as 127.0.0.1:9010; empty or `off`: not at all. Any
    program that reaches the port may give commands."""
    http: str = ""
    """Listen for HTTP on this HOST:PORT, such as 127.0.0.1:9011; empty or `off`: not at all. Every
    request needs the token that `vtdrive control token` prints."""
    origins: tuple[str, ...] = ()
    """Web pages that may send HTTP commands, by origin (`https://example.org`), besides knowing the
    token. Programs other than browsers need no entry."""
    presets: tuple[str, ...] = ()
    """Config files for `preset next`, `previous` and NAME: each is laid over the config of the
    run."""
    recordings: str = "."
    """The folder that `record start` writes to."""
    midi: MidiControl = MidiControl()

    @field_validator("osc", "http")
    @classmethod
    def _place(cls, text: str) -> str:
        return _listening(text)
