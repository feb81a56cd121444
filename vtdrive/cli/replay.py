"""`vtdrive replay`: a recording through the engine again, to any sinks, with any config."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["replay"]


def replay(
    file: Annotated[Path, typer.Argument(help="A recording made by `vtdrive record`.")],
    sink: Annotated[
        list[str] | None, typer.Option("--sink", help="Where to send; may repeat.")
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", help="Use this config instead of the recorded one."),
    ] = None,
    avatar: Annotated[
        str | None, typer.Option("--avatar", help="Draw this avatar; with --sink file:out.mp4.")
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="1 = as recorded, 0 = as fast as possible.")
    ] = 1.0,
    force: Annotated[
        bool, typer.Option("--force", help="Send even if another sends there.")
    ] = False,
) -> None:
    """Send a recording again. The same recording and config give the same bytes."""
    import threading
    from contextlib import ExitStack

    from vtdrive.cli.run import shown_somewhere
    from vtdrive.cli.signals import ended_by_signals
    from vtdrive.config.load import load_config
    from vtdrive.config.schema import Config
    from vtdrive.config.sinks import VmcSink
    from vtdrive.config.urls import parse_sink_url
    from vtdrive.core.signals import SIGNALS
    from vtdrive.runtime.replaying import Replay, recorded_config
    from vtdrive.sinks.lockfile import acquire
    from vtdrive.sinks.make import make_sink, tap_sent
    from vtdrive.sinks.picture import PictureOutput
    from vtdrive.track_sources.recording import Recording

    stop = threading.Event()
    with ExitStack() as stack:
        recording = Recording(file)
        stack.callback(recording.close)
        recording.open()
        chosen = (
            load_config(config, known_signals=SIGNALS) if config else recorded_config(recording)
        )
        # Without --sink it goes where the run went, but writes no file again.
        if avatar is not None:
            look = chosen.avatar.model_copy(update={"name": avatar})
            chosen = chosen.model_copy(update={"avatar": look})
        configs = [parse_sink_url(url) for url in sink or []]
        if avatar is not None:
            configs = list(shown_somewhere(Config(sinks=configs)).sinks)
        configs = configs or [s for s in chosen.sinks if hasattr(s, "port")] or [VmcSink()]
        sinks = [make_sink(one, look=chosen.avatar) for one in configs]
        typer.echo(f"replaying to {', '.join(s.name for s in sinks)}", err=True)
        shown = [s.name for s in sinks if isinstance(s, PictureOutput)]
        if speed == 0 and shown:
            said = "little will be seen at --speed 0; --sink file:out.mp4 films it all"
            typer.echo(f"{', '.join(shown)}: {said}", err=True)
        tap_sent(sinks)
        for target in dict.fromkeys(s.target for s in sinks):
            stack.enter_context(acquire(target, force=force))
        stack.enter_context(ended_by_signals(stop))
        run = Replay(chosen, recording, sinks, tell=lambda text: typer.echo(text, err=True))
        ticks = run.run(stop, speed=speed)
    note = ""
    if recording.truncated or not run.whole:
        left = stop.is_set() and not recording.truncated
        note = " (left before its end)" if left else " (its end is missing)"
    if recording.damaged_chunks:
        pieces = "piece was" if recording.damaged_chunks == 1 else "pieces were"
        note += f"; {recording.damaged_chunks} damaged {pieces} skipped"
    typer.echo(f"{ticks} ticks replayed from {file.name}{note}", err=True)
