"""`vtdrive avatar preview` with a screen: the avatar in a window, going through what it can do."""

from __future__ import annotations

import threading
from pathlib import Path

import typer

from vtdrive.cli.signals import ended_by_signals
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.schema import Config
from vtdrive.config.sinks import WindowSink
from vtdrive.core.pattern import Passage
from vtdrive.errors import UsageError
from vtdrive.render.screen import has_screen
from vtdrive.runtime.probing import probe
from vtdrive.sinks.make import make_sink

__all__ = ["show_avatar"]


def show_avatar(folder: Path, *, loop: bool) -> None:
    """Show it until the pattern is over (`loop`: until Ctrl-C or the window is closed).

    Raises UsageError without a screen.
    """
    if not has_screen():
        raise UsageError(
            "there is no screen here for a window",
            f"write a picture instead: vtdrive avatar preview {folder} --out sheet.png",
        )
    look = AvatarConfig(name=str(folder))
    sink = make_sink(WindowSink(title=f"vtdrive avatar: {folder.name}"), look=look)
    stop = threading.Event()
    shown = False

    def begin(passage: Passage) -> None:
        nonlocal shown
        if shown and sink.stats.connected is False:  # the user has closed the window
            stop.set()
        shown = shown or bool(sink.stats.connected)
        typer.echo(f"  {passage.says}")

    with ended_by_signals(stop):
        typer.echo("Edit its files: it follows. Ctrl-C, or closing the window, ends.")
        probe(
            Config(avatar=look),
            [sink],
            stop,
            tell=lambda sentence: typer.echo(f"vtdrive: {sentence}", err=True),
            begin=begin,
            loop=loop,
        )
