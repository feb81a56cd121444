"""`vtdrive eval`: accuracy of the shipped models on data of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtdrive.cli.evaluate_fairness import fairness

__all__ = ["app"]

app = typer.Typer(name="eval", help="Measure the shipped models on data.", no_args_is_help=True)
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


@app.command()
def emotion(
    data: Annotated[
        Path,
        typer.Option(
            help="Labelled faces: an .npz (images, votes), a folder of pictures per emotion,"
            " or FER+'s fer2013new.csv beside its pictures."
        ),
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Another .onnx, its card beside it.", show_default="shipped")
    ] = None,
    usage: Annotated[
        str | None,
        typer.Option(
            help="Rows of the csv: Training, PublicTest or PrivateTest.", show_default="all"
        ),
    ] = None,
) -> None:
    """How well expressions are read on labelled faces.

    Every picture takes the way of a run: face mesh, aligned crop, network, one view; the whole
    picture where no mesh is found. Told are accuracy under FER+'s majority rule, over all faces
    and over strict majorities, macro-F1, calibration error, recall, precision and F1 by emotion
    with intervals, the confusion matrix, and accuracy by brightness, contrast, blur, head turn and
    face size. The plain figures are of the picture's network alone; `fused` adds the blendshapes.
    """
    from rich.console import Console

    from vtdrive.cli.figures import check_writable, write_figures
    from vtdrive.cli.progress import progress
    from vtdrive.eval.emotion import evaluate
    from vtdrive.eval.emotion_report import tables

    check_writable(json_file)
    with progress("reading faces") as tick:
        result = evaluate(
            data, model=model, usage=usage, say=lambda note: typer.echo(note, err=True), tick=tick
        )
    # Before the tables: whoever pipes them into `head` still gets all figures.
    write_figures(json_file, result)
    console = Console(highlight=False)
    for part in tables(result):
        console.print(part)
        console.print()
