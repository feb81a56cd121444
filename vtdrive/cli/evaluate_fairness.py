"""`vtdrive eval fairness`: the same faces, darker and brighter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["fairness"]


def fairness(
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
    faces: Annotated[
        int | None,
        typer.Option(min=1, help="At most this many, chosen by chance.", show_default="all"),
    ] = None,
    noise: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Times the noise of a common webcam.")
    ] = 1.0,
) -> None:
    """Whether faces in little light are read as another expression, above all as angry.

    Every face that people agree about is relit by gamma, gain and the noise of a webcam, skin and
    background apart, until its skin has a mean grey of 25, 50, ... 175. Told are, for each, how
    often another expression is read, accuracy, and how many faces that are not angry are called
    so; the worst over the best of these with a paired bootstrap interval; and the same without
    measuring every crop by its own greys. Grey pictures do not show what skin tone changes besides.
    """
    from rich.console import Console

    from vtdrive.cli.figures import check_writable, write_figures
    from vtdrive.cli.progress import progress
    from vtdrive.eval.fairness import evaluate
    from vtdrive.eval.fairness_report import tables

    check_writable(json_file)
    with progress("relighting faces") as tick:
        result = evaluate(
            data,
            model=model,
            usage=usage,
            at_most=faces,
            noise=noise,
            say=lambda note: typer.echo(note, err=True),
            tick=tick,
        )
    # Before the tables: whoever pipes them into `head` still gets all figures.
    write_figures(json_file, result)
    console = Console(highlight=False)
    for part in tables(result):
        console.print(part)
        console.print()
