"""`vtdrive sinks`: what can be sent where, and whether the app at the other end listens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vtdrive.runtime.outlets import Outlet

__all__ = ["app"]

app = typer.Typer(
    name="sinks", help="List what can be sent where, and test whether it arrives.",
    no_args_is_help=True,
)  # fmt: skip


@app.command("list")
def list_(
    kind: Annotated[
        str, typer.Argument(help="Explain one kind with all its options.", show_default=False)
    ] = "",
) -> None:
    """List every kind of sink and input with an example, or explain one with its options."""
    from vtdrive.config.inputs import INPUT_KINDS
    from vtdrive.config.sinks import SINK_KINDS
    from vtdrive.config.wording import not_allowed
    from vtdrive.errors import UsageError

    if not kind:
        _overview()
        return
    known = {**SINK_KINDS, **INPUT_KINDS}
    wanted = kind.lower().partition(":")[0]
    if wanted not in known:
        raise UsageError(f"the kind {not_allowed(wanted, known)}", "see: vtdrive sinks list")
    _explain(wanted)


@app.command("test")
def try_out(
    target: Annotated[
        list[str],
        typer.Argument(
            help="Sink URLs (vmc://127.0.0.1:39539), presets (vseeface) or config files."
        ),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Send even if another vtdrive sends there.")
    ] = False,
) -> None:
    """Play a recognisable pattern (nod, wink, smile, eight expressions) to sinks. No camera needed.

    Watch the avatar: what is printed is what it should do. Exits 1 where a sink could not send.
    """
    import threading
    from contextlib import ExitStack

    from vtdrive.cli.signals import ended_by_signals
    from vtdrive.config.load import load_config
    from vtdrive.config.sinks import PICTURE_KINDS
    from vtdrive.config.urls import parse_sink_url
    from vtdrive.core.signals import SIGNALS
    from vtdrive.errors import UsageError
    from vtdrive.runtime.probing import probe
    from vtdrive.sinks.lockfile import acquire
    from vtdrive.sinks.make import make_sink

    urls = [word for word in target if ":" in word and not word.lower().endswith(".toml")]
    files = [Path(word) for word in target if word not in urls]
    chosen = {"sinks": [parse_sink_url(url).model_dump() for url in urls]}
    config = load_config(files, overrides=chosen, known_signals=SIGNALS)
    if not config.sinks:
        raise UsageError(
            f"{', '.join(target)}: no sink stands there", "name one: vtdrive sinks test vmc://"
        )
    sinks = [make_sink(sink, look=config.avatar) for sink in config.sinks]
    stop = threading.Event()
    with ExitStack() as stack:
        for held in dict.fromkeys(sink.target for sink in sinks):
            stack.enter_context(acquire(held, force=force))
        stack.enter_context(ended_by_signals(stop))
        typer.echo("Watch the avatar. Left is its own left (a mirrored sink shows the other side).")
        if config.avatar.mirror and any(s.kind in PICTURE_KINDS for s in config.sinks):
            typer.echo("The drawn one is mirrored: it shows the other side ([avatar] mirror).")
        outlets = probe(
            config,
            sinks,
            stop,
            tell=lambda sentence: typer.echo(f"vtdrive: {sentence}", err=True),
            begin=lambda passage: typer.echo(f"  {passage.says}"),
        )
    failed = False
    for outlet in outlets:
        stats, wrong = outlet.sink.stats, _trouble(outlet)
        sent = f"{stats.packets} packets, {stats.bytes_sent / 1024:.0f} kB"
        # A receiver that is there may still refuse something.
        but = "but" if outlet.connected else "not reached"
        typer.echo(f"{outlet.sink.name}: {sent}{f'; {but}: {wrong}' if wrong else ''}")
        failed = failed or bool(wrong)
    if failed:
        raise typer.Exit(1)
    typer.echo("Did it not move? docs/how-to/troubleshoot.md goes on from here.")


def _trouble(outlet: Outlet) -> str:
    """Why what was sent did not arrive, or not all of it; empty where it went out well."""
    stats = outlet.sink.stats
    if outlet.trouble or not outlet.healthy:
        return outlet.trouble or "it could not send"
    if outlet.connected is False and not stats.packets:
        return stats.note or "nobody was there"
    return ""


def _overview() -> None:
    from rich.console import Console
    from rich.table import Table

    from vtdrive.config.inputs import INPUT_KINDS
    from vtdrive.config.new import apps
    from vtdrive.config.sinks import SINK_KINDS

    console = Console(highlight=False)
    for title, kinds in (("--sink", SINK_KINDS), ("--in", INPUT_KINDS)):
        grid = Table(title=None, box=None, padding=(0, 2, 0, 0))
        grid.add_column(title, no_wrap=True)
        grid.add_column("")
        for table in kinds.values():
            grid.add_row(table.example, _first_sentence(table.__doc__), style=None)
        console.print(grid)
        console.print()
    console.print(f"Presets (--config NAME): {', '.join(apps())}")
    console.print(
        "One with its options: vtdrive sinks list KIND. Does it arrive: vtdrive sinks test"
    )


def _explain(kind: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding

    from vtdrive.config.inputs import INPUT_KINDS
    from vtdrive.config.reference import key_facts
    from vtdrive.config.shape import all_keys
    from vtdrive.config.sinks import SINK_KINDS
    from vtdrive.config.toml_text import value_text

    console = Console(highlight=False)
    name, table = (
        ("sinks", SINK_KINDS[kind]) if kind in SINK_KINDS else ("inputs", INPUT_KINDS[kind])
    )
    console.print(
        f"[bold]{escape(table.example)}[/]  {escape(' '.join((table.__doc__ or '').split()))}"
    )
    for path, slot in all_keys():
        if path[:2] != (name, kind) or len(path) < 3 or path[2] == "kind" or slot.field is None:
            continue
        required = slot.field.is_required()
        default = None if required else slot.field.get_default(call_default_factory=True)
        # A table's own keys follow, each with its default.
        default = {} if slot.model else default
        shown = "required" if required else "none" if default is None else value_text(default)
        console.print(f"  [bold]{escape('.'.join(path[2:]))}[/] = {escape(shown)}")
        said = " ".join((slot.field.description or "").split())
        facts = f"({key_facts(path[-1], slot)})"
        console.print(Padding(escape(f"{said} {facts}".strip()), (0, 0, 0, 6)))


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split()).partition(". ")[0].rstrip(".")
