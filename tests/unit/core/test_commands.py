"""The grammar of commands: what is written, what is meant, and what is said of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.commands import (
    COMMANDS,
    TAKE_NEUTRAL,
    Command,
    CommandError,
    Express,
    Preset,
    Recentre,
    Record,
    Replay,
    Switch,
    parse_command,
)
from vtdrive.vocab import EMOTIONS

POSITIONS = st.sampled_from(["on", "off", "toggle"])
WEIGHTS = st.none() | st.floats(0, 1)
NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True).filter(
    lambda name: ".." not in name
)
ANY: st.SearchStrategy[Command] = st.one_of(
    st.just(Recentre()),
    st.builds(Switch, st.sampled_from(["freeze", "emotion", "panic"]), POSITIONS),
    st.builds(Express, st.sampled_from(EMOTIONS), POSITIONS, st.none(), WEIGHTS),
    st.builds(Express, st.sampled_from(EMOTIONS), st.just("on"), st.floats(0.01, 3600), WEIGHTS),
    st.builds(Preset, NAMES),
    st.just(Replay()),
    st.builds(Record, st.just("on"), st.just("") | NAMES),
    st.builds(Record, st.sampled_from(["off", "toggle"])),
)


@given(ANY)
def test_a_command_reads_its_own_text(command: Command) -> None:
    assert parse_command(command.text) == command or isinstance(command, Preset)
    assert parse_command(command.text).text == command.text or isinstance(command, Preset)


@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                "expression",
                "freeze",
                "joy",
                "for",
                "5",
                "s",
                "-1",
                "nan",
                "1e999",
                "on",
                "record",
                "start",
                "..",
                "/etc/passwd",
                "preset",
                "replay",
                "save",
                "\x00",
                "panic",
                "recentre",
            ]
        )
    ).map(" ".join)
)
def test_no_text_breaks_the_parser(text: str) -> None:
    fault = None
    try:
        command = parse_command(text)
    except CommandError as refused:
        fault = refused
    if fault is None:
        assert parse_command(command.text) == command
    else:
        assert fault.remedy
        assert fault.what.isprintable()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("recentre", Recentre()),
        ("Recenter", Recentre()),
        (TAKE_NEUTRAL, Recentre()),
        ("freeze", Switch("freeze", "toggle")),
        ("PANIC On", Switch("panic", "on")),
        ("emotion 0", Switch("emotion", "off")),
        ("expression happiness", Express("happiness", "toggle")),
        ("expression joy off", Express("happiness", "off")),
        ("expression happiness 5 s 0.8", Express("happiness", "on", 5.0, 0.8)),
        ("expression happiness for 5 .8", Express("happiness", "on", 5.0, 0.8)),
        ("expression fear 250ms", Express("fear", "on", 0.25)),
        ("expression anger on 1", Express("anger", "on", None, 1.0)),
        ("preset Next", Preset("next")),
        ("preset Calm evening", Preset("Calm evening")),
        ("replay save", Replay()),
        ("record", Record("toggle")),
        ("record start take 1", Record("on", "take 1")),
        ("record stop", Record("off")),
    ],
)
def test_what_is_written_and_what_is_meant(text: str, meant: Command) -> None:
    assert parse_command(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("expresion joy", "did you mean 'expression'?"),
        ("expression hapiness", "did you mean 'happiness'?"),
        ("expression", "which one?"),
        ("expression anger 7", "neither on, off nor toggle, nor a time"),
        ("expression anger for -1", "nor a time"),
        ("expression anger for 0", "not from 0.01 to 3600 seconds"),
        ("expression anger on 1.5", "no number from 0 to 1"),
        ("expression anger on nan", "no number from 0 to 1"),
        ("expression anger on 1 2", "means nothing there"),
        ("freeze of", "did you mean 'off'?"),
        ("freeze on now", "means nothing there"),
        ("recentre please", "means nothing there"),
        ("preset", "which one?"),
        ("replay", "is no command"),
        ("record begin", "allowed: start, stop, toggle"),
        ("record stop a", "takes no name"),
        ("record start ../../secret", "cannot be the name"),
        ("record start /elsewhere/x", "cannot be the name"),
        ("record start .bashrc", "cannot be the name"),
        ("record start con", "cannot be the name"),
        ("record start NUL.take", "cannot be the name"),
        ("x" * 1000, "1000 characters"),
    ],
)
def test_what_is_said_of_the_rest(text: str, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(text)
    assert said in caught.value.what
    assert caught.value.remedy


def test_every_command_of_the_list_is_one() -> None:
    for spec in COMMANDS:
        text = spec.example or spec.words.split("[")[0].split("|")[0]
        assert parse_command(text).text
        assert spec.does
