"""`vtdrive control`: what a run can be told to do, and telling it."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    name="control", help="List the commands that a run takes, and send them.", no_args_is_help=True
)


@app.command("list")
def list_() -> None:
    """List every command: what it does, its OSC address and its HTTP path."""
    from vtdrive.config.control_urls import CONTROL_URLS
    from vtdrive.control.http_door import http_path
    from vtdrive.control.osc import PREFIX
    from vtdrive.core.commands import COMMANDS

    for spec in COMMANDS:
        words = spec.words.split("[")[0].split("|")[0].split()
        sample = spec.example or " ".join(words)
        typer.echo(f"{spec.words}\n    {spec.does}")
        osc = "/".join(sample.split())
        typer.echo(f"    OSC {PREFIX}{osc}   HTTP POST {http_path(sample)}")
    typer.echo(f"\nGive a run one or more of: --control {' --control '.join(CONTROL_URLS)}")


@app.command()
def send(
    url: Annotated[str, typer.Argument(help="http://127.0.0.1:9011 or osc://127.0.0.1:9010")],
    command: Annotated[list[str], typer.Argument(help="The command, as in: freeze on")],
) -> None:
    """Send one command to a run and print its answer. Exits 1 where it was not done."""
    from vtdrive.control.send import send_command

    answer = send_command(url, " ".join(command))
    typer.echo(answer.sentence, err=not answer.done)
    if not answer.done:
        raise typer.Exit(1)


@app.command()
def token() -> None:
    """Print the token that HTTP commands must carry; it is made at the first time."""
    from vtdrive.control.token import load_token

    typer.echo(load_token())


@app.command()
def midi() -> None:
    """List the MIDI inputs there are, for --control midi:NAME."""
    from vtdrive.control.midi import MidoBackend
    from vtdrive.errors import UsageError
    from vtdrive.trackers.quiet import quiet_stderr

    backend = MidoBackend()
    try:
        with quiet_stderr():
            names = backend.names()
    except OSError as fault:
        raise UsageError(
            f"MIDI does not work here: {fault}", "on Linux: sudo modprobe snd-seq"
        ) from fault
    for name in names:
        typer.echo(name)
    if not names:
        typer.echo("no MIDI input is connected", err=True)
