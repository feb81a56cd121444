"""`vtdrive eval`: accuracy of the shipped models on data of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtdrive.cli.evaluate_emotion import emotion
from vtdrive.cli.evaluate_fairness import fairness

__all__ = ["app"]

app = typer.Typer(name="eval", help="Measure the shipped models on data.", no_args_is_help=True)
app.command()(emotion)
app.command()(fairness)


@app.callback()
def _root() -> None:
    """Figures are computed through the very code that drives the avatar."""


@app.command()
def blendshapes(
    data: Annotated[Path, typer.Option(help="Pairs of landmarks and reference shapes (.npz).")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
) -> None:
    """Correlation and error of the 52 shapes against a reference, per shape."""
    from vtdrive.cli.figures import check_writable, write_figures
    from vtdrive.eval.blendshapes import evaluate, format_table

    check_writable(json_file)
    result = evaluate(data)
    typer.echo(format_table(result))
    write_figures(json_file, result)
