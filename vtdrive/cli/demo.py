"""`vtdrive demo`: the whole live loop on the bundled clip."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    sink: Annotated[
        list[str] | None,
        typer.Option("--sink", help="Where to send \\[default: vmc://127.0.0.1:39539]"),
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Again and again, until q or Ctrl-C.")
    ] = False,
    max_seconds: Annotated[float | None, typer.Option(min=0, max=1e9, help="End earlier.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live display.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Send even if another vtdrive sends there.")
    ] = False,
) -> None:
    """Play the bundled clip of a face through the whole live loop. No camera needed.

    Start VSeeFace (or any VMC receiver on port 39539) first to see an avatar follow it.
    """
    from vtdrive.cli.perform import chosen_view, perform
    from vtdrive.cli.run import overrides
    from vtdrive.cli.summary import print_summary
    from vtdrive.config.load import load_config
    from vtdrive.demo import demo_clip

    chosen = overrides(str(demo_clip()), sink or ["vmc://127.0.0.1:39539"], loop=loop)
    session, _ = perform(
        load_config([], overrides=chosen),
        view=chosen_view(quiet=quiet),
        title="demo clip (NASA portrait, public domain, animated by us)",
        user=None,
        max_seconds=max_seconds,
        force=force,
    )
    print_summary(session)
    typer.echo("Next: vtdrive run --source 0 --sink vmc://127.0.0.1:39539")
