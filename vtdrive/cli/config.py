"""`vtdrive config`: check, show, explain and begin config files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["app"]

app = typer.Typer(name="config", help="Check, show and begin config files.", no_args_is_help=True)

_Files = Annotated[
    list[Path] | None,
    typer.Option("--config", "-c", help="A config file; may repeat, later files override."),
]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Laid over each other in this order.")],
) -> None:
    """Name every mistake in config files: file, line, key, what is allowed."""
    from vtdrive.config.load import load_config
    from vtdrive.control.midi_map import MidiMap
    from vtdrive.core.signals import SIGNALS

    config = load_config(files, known_signals=SIGNALS)
    midi = config.control.midi
    MidiMap(notes=midi.notes, controls=midi.controls)
    named = ", ".join(str(file) for file in files)
    typer.echo(f"{named}: good; {len(config.outputs)} outputs, {len(config.sinks)} sink(s)")


@app.command()
def schema(
    form: Annotated[
        Literal["json", "markdown"],
        typer.Option("--format", help="json: JSON Schema for editors; markdown: a page to read."),
    ] = "json",
) -> None:
    """Print every key with its type, range, default and meaning."""
    from vtdrive.config.export import json_schema
    from vtdrive.config.reference import markdown

    typer.echo(json_schema() if form == "json" else markdown(), nl=False)


@app.command()
def show(
    config: _Files = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value is from.")] = False,
) -> None:
    """Print the config in force as TOML."""
    from vtdrive.config.export import effective_toml
    from vtdrive.config.load import load_with_origins
    from vtdrive.core.signals import SIGNALS

    loaded = load_with_origins(config or [], known_signals=SIGNALS)
    typer.echo(effective_toml(loaded, origins=origin), nl=False)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    targets: Annotated[
        str, typer.Option("--for", help="Applications to send to, with commas: vseeface,vnyan")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented config that holds every default."""
    from vtdrive.config.new import write_new_config

    chosen = [name.strip().lower() for name in targets.split(",") if name.strip()]
    write_new_config(file, targets=chosen, force=force)
    typer.echo(f"wrote {file}: change a value, save, and a running avatar follows")
