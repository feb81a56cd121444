"""What a running performance can be told to do, as text: one grammar for keys, OSC, HTTP and MIDI.

    recentre                                   preset next | previous | NAME
    freeze [on | off | toggle]                 replay save
    expression NAME [on | off | toggle]        record [start [NAME] | stop | toggle]
    expression NAME for SECONDS [WEIGHT]
    emotion, panic [on | off | toggle]

Case does not matter, `1` and `true` are on, `0` and `false` are off. What changes the avatar is
done by the driver, recorded, and replayed; the rest is the runtime's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vtdrive.config.wording import not_allowed
from vtdrive.errors import UsageError
from vtdrive.vocab import EMOTIONS, emotion_named

__all__ = [
    "COMMANDS",
    "TAKE_NEUTRAL",
    "Command",
    "CommandError",
    "Express",
    "Preset",
    "Recentre",
    "Record",
    "Replay",
    "Spec",
    "Switch",
    "To",
    "parse_command",
]

TAKE_NEUTRAL: Final = "neutral"
"""Command: measure the neutral anew, what is read into the resting face included."""

To = Literal["on", "off", "toggle"]
_MOST_CHARACTERS: Final = 200
_SECONDS: Final = (0.01, 3600.0)
"""Shortest and longest time of an expression."""
_TO: Final[dict[str, To]] = {
    "on": "on", "1": "on", "true": "on", "yes": "on",
    "off": "off", "0": "off", "false": "off", "no": "off",
    "toggle": "toggle",
}  # fmt: skip
_FILE: Final = re.compile(r"[\w{][\w .{}-]{0,99}")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *(\..*)?", re.IGNORECASE)
"""What Windows opens as a device, whatever ending follows."""
_LENGTH: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(s|sec|seconds?|ms)?", re.ASCII)
_UNITS: Final = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3}


class CommandError(UsageError):
    """A command that makes no sense. The sentence names what was meant, where that can be told."""


@dataclass(frozen=True, slots=True)
class Recentre:
    """Take the neutral anew."""

    @property
    def text(self) -> str:
        return TAKE_NEUTRAL


@dataclass(frozen=True, slots=True)
class Switch:
    """`freeze`, `emotion` or `panic`, to a position."""

    name: Literal["freeze", "emotion", "panic"]
    to: To

    @property
    def text(self) -> str:
        return f"{self.name} {self.to}"


@dataclass(frozen=True, slots=True)
class Express:
    """Force an expression, or let it go."""

    emotion: str
    """Of `vocab.EMOTIONS`; neutral forces a calm face."""
    to: To
    seconds: float | None = None
    """None: until it is switched off, or another is forced."""
    weight: float | None = None
    """In [0, 1]; None: the largest that this emotion is sent with (`cap`)."""

    @property
    def text(self) -> str:
        words = ["expression", self.emotion]
        words.append(self.to if self.seconds is None else f"for {self.seconds!r}")
        return " ".join([*words, *([] if self.weight is None else [repr(self.weight)])])


@dataclass(frozen=True, slots=True)
class Preset:
    """Another config over the one of the run."""

    which: str
    """`next`, `previous`, or the name of a file without its ending."""

    @property
    def text(self) -> str:
        return f"preset {self.which}"


@dataclass(frozen=True, slots=True)
class Replay:
    """Save the replay buffer of the program that has one."""

    @property
    def text(self) -> str:
        return "replay save"


@dataclass(frozen=True, slots=True)
class Record:
    """Begin or end a recording beside the run."""

    to: To
    file: str = ""
    """A bare name; empty: one with the time in it."""

    @property
    def text(self) -> str:
        word = {"on": "start", "off": "stop", "toggle": "toggle"}[self.to]
        return " ".join(filter(None, ("record", word, self.file)))


Command = Recentre | Switch | Express | Preset | Replay | Record


@dataclass(frozen=True, slots=True)
class Spec:
    """One command, for lists and for listeners."""

    words: str
    """How it is written, with its choices."""
    does: str
    params: tuple[str, ...] = ()
    """Names of its words in their order, for listeners that take named values."""
    example: str = ""

    @property
    def name(self) -> str:
        return self.words.split()[0]


_SWITCHED: Final = "[on|off|toggle]"
COMMANDS: Final[tuple[Spec, ...]] = (
    Spec("recentre", "take the neutral pose anew: look at the camera, relax, hold still"),
    Spec(f"freeze {_SWITCHED}", "the avatar holds still, eyes and breath too", ("to",)),
    Spec(
        f"expression NAME {_SWITCHED}",
        f"show an expression whatever the face does; NAME: {', '.join(EMOTIONS)}",
        ("emotion", "to", "for", "weight"),
        "expression happiness toggle",
    ),
    Spec(
        "expression NAME for SECONDS [WEIGHT]",
        "show it for so long, at a weight from 0 to 1",
        ("emotion", "to", "for", "weight"),
        "expression surprise for 2 0.8",
    ),
    Spec(f"emotion {_SWITCHED}", "show, or do not show, expressions read from the face", ("to",)),
    Spec(f"panic {_SWITCHED}", "the avatar goes to rest at once and stays there", ("to",)),
    Spec("preset next|previous|NAME", "use another config of `[control] presets`", ("name",)),
    Spec("replay save", "save OBS's replay buffer", ("to",)),
    Spec("record [start [NAME]|stop|toggle]", "record this run, for `replay`", ("to", "file")),
)
"""Every command, in the order of lists."""

_ALIASES: Final = {"recenter": "recentre", TAKE_NEUTRAL: "recentre"}
_VERBS: Final = tuple(dict.fromkeys(spec.name for spec in COMMANDS))


def parse_command(text: str) -> Command:
    """The command that `text` is; raises CommandError saying what is wrong and allowed.

    `parse_command(c.text) == c` for every command.
    """
    if len(text) > _MOST_CHARACTERS:
        raise CommandError(f"a command of {len(text)} characters is none", _see())
    words = text.split()
    if not words:
        raise CommandError("the command is empty", _see())
    verb = words[0].lower()
    verb, rest = _ALIASES.get(verb, verb), words[1:]
    match verb:
        case "recentre":
            _nothing_after(verb, rest)
            return Recentre()
        case "freeze" | "emotion" | "panic":
            _nothing_after(f"{verb} {_SWITCHED}", rest[1:])
            return Switch(verb, _to(verb, rest[0] if rest else "toggle"))
        case "expression":
            return _expression(rest)
        case "preset":
            return _preset(rest)
        case "replay":
            if [word.lower() for word in rest] != ["save"]:
                raise CommandError(f"'{_shown(text)}' is no command", "write: replay save")
            return Replay()
        case "record":
            return _record(rest)
    known = [*_VERBS, *_ALIASES]
    raise CommandError(f"the command {not_allowed(_shown(words[0]), known)}", _see())


def _expression(words: Sequence[str]) -> Express:
    if not words:
        raise CommandError("expression: which one?", f"name one of: {', '.join(EMOTIONS)}")
    emotion = emotion_named(words[0])
    if emotion is None:
        raise CommandError(f"expression: {not_allowed(_shown(words[0]), EMOTIONS)}", _see())
    rest = [word.lower() for word in words[1:]]
    head = rest[0] if rest else "toggle"
    if head in _TO:
        return Express(emotion, _TO[head], weight=_weight(rest[1:]))
    seconds, rest = _seconds(iter(rest))
    return Express(emotion, "on", seconds, _weight(rest))


def _seconds(words: Iterator[str]) -> tuple[float, list[str]]:
    """A length such as `for 5`, `5 s`, `500ms`, and the words after it.

    A bare number needs `for` before it or a unit behind it: it might be a weight as well.
    """
    word = next(words)
    named = word == "for"
    word = next(words, "") if named else word
    match, rest = _LENGTH.fullmatch(word), list(words)
    unit = match[2] if match else None
    if match and unit is None and rest and rest[0] in _UNITS:
        unit = rest.pop(0)
    if match is None or not (named or unit):
        raise CommandError(
            f"expression: {_shown(word)!r} is neither on, off nor toggle, nor a time",
            "write a time as `for 5` (seconds), `5 s` or `500 ms`",
        )
    seconds = float(match[1]) * _UNITS[unit or "s"]
    if not _SECONDS[0] <= seconds <= _SECONDS[1]:
        raise CommandError(
            f"expression: {_shown(word)} is not from {_SECONDS[0]} to {_SECONDS[1]:.0f} seconds",
            "write `expression NAME on` to leave it on",
        )
    return seconds, rest


def _weight(words: Sequence[str]) -> float | None:
    if not words:
        return None
    _nothing_after("expression NAME for SECONDS [WEIGHT]", words[1:])
    try:
        weight = float(words[0])
    except ValueError:
        weight = math.nan
    if not 0.0 <= weight <= 1.0:
        raise CommandError(
            f"expression: the weight {_shown(words[0])!r} is no number from 0 to 1", _see()
        )
    return weight


def _preset(words: Sequence[str]) -> Preset:
    if not words:
        raise CommandError("preset: which one?", "write: preset next, previous or a name")
    name = " ".join(words)
    return Preset(name.lower() if name.lower() in ("next", "previous") else name)


def _record(words: Sequence[str]) -> Record:
    head = words[0].lower() if words else "toggle"
    said: dict[str, To] = {"start": "on", "stop": "off", **_TO}
    if head not in said:
        what = not_allowed(_shown(words[0]), ("start", "stop", "toggle"))
        raise CommandError(f"record: {what}", "write: record start [NAME], or record stop")
    to, file = said[head], " ".join(words[1:])
    if to != "on" and file:
        raise CommandError(f"record {head} takes no name", f"write: record {head}")
    if file and (not _FILE.fullmatch(file) or ".." in file or _DEVICE.fullmatch(file)):
        raise CommandError(
            f"record: {_shown(file)!r} cannot be the name of a recording",
            "use letters, digits, blanks, dots, hyphens and underscores, and no folder or device",
        )
    return Record(to, file)


def _to(verb: str, word: str) -> To:
    found = _TO.get(word.lower())
    if found is None:
        what = not_allowed(_shown(word), ("on", "off", "toggle"))
        raise CommandError(f"{verb}: {what}", f"write: {verb} {_SWITCHED}")
    return found


def _nothing_after(usage: str, words: Sequence[str]) -> None:
    if words:
        raise CommandError(f"{_shown(words[0])!r} means nothing there", f"write: {usage}")


def _shown(text: str) -> str:
    """A word of a stranger, short and printable."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= 40 else f"{plain[:40]}…"


def _see() -> str:
    return "`vtdrive control list` shows every command"
