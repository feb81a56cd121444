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

    Faces that people agree about are relit, skin and background apart: mean grey 25 to 175.

    By brightness of the skin: another expression read, accuracy, and anger where there is none.

    The worst brightness over the best, with a paired bootstrap interval.

    The same without measuring each crop by its own greys.

    Grey pictures do not show what skin tone changes besides.
    """
    from vtdrive.cli.figures import check_writable, show_and_write
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
    show_and_write(json_file, result, tables(result))
