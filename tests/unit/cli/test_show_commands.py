"""Keys of the terminal that command a run, and what the dashboard says of it."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console
from runtime_parts import Heard, KeepingSink, ScriptedFeed, ScriptedTracker

from vtdrive.cli import show as show_module
from vtdrive.cli.bars import dashboard
from vtdrive.cli.show import Show, forced_marks
from vtdrive.config.schema import Config
from vtdrive.core.commands import parse_command
from vtdrive.runtime.session import Session


def session(config: Config) -> Session:
    return Session(
        config,
        feed=ScriptedFeed([True] * 20),
        tracker=ScriptedTracker(),
        classifier=None,
        sinks=[KeepingSink()],
        listener=Heard(),
    )


def test_keys_are_commands(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    run, stop, over, pressed = session(config), threading.Event(), threading.Event(), list[str]()
    monkeypatch.setattr(run, "command", pressed.append)
    keys = iter(["f", "P", "", "e", "x", "n", "q"])

    @contextlib.contextmanager
    def typed() -> Iterator[Callable[[float], str]]:
        def read(seconds: float) -> str:
            key = next(keys)
            if key == "q":
                over.set()
            return key

        yield read

    monkeypatch.setattr(show_module, "key_reader", typed)
    shown = Show("quiet", title="", on_neutral=lambda taken: None)
    shown.follow(run, stop, over)
    assert pressed == ["freeze toggle", "panic toggle", "emotion toggle", "neutral"]
    assert [parse_command(text).text for text in pressed] == pressed
    assert stop.is_set()


def test_what_is_forced_is_shown_and_so_are_the_keys(config: Config) -> None:
    run = session(config)
    assert forced_marks(run) == ""
    for text in ("freeze on", "panic on", "emotion off", "expression joy on"):
        run.command(text)
    run.run(threading.Event())
    marks = forced_marks(run)
    assert marks == "PANIC · FROZEN · happiness · emotion off"
    sink = run.outlets.all[0].sink
    assert isinstance(sink, KeepingSink)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(
        dashboard(
            sink.frames[-2], run.stats, "", [], title="clip", emotion_hz=10, taking=None,
            forced=marks,
        )
    )  # fmt: skip
    text = console.export_text()
    assert marks in text
    for key in ("n: new neutral", "f: freeze", "p: panic", "e: emotion", "q: quit"):
        assert key in text
