"""`vtdrive eval emotion`: how well expressions are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["emotion"]


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

    Pictures take the way of a run: face mesh, aligned crop, network; whole where there is no mesh.

    Accuracy: by FER+'s majority rule, over all faces, and where over half of all votes agree.

    Macro-F1, calibration error, mean recall of the rare three; recall by emotion with intervals.

    The confusion matrix; accuracy by brightness, contrast, blur, head turn and face size.

    All of the picture's network alone; `fused`, in a column of its own, adds the blendshapes.
    """
    from vtdrive.cli.figures import check_writable, show_and_write
    from vtdrive.cli.progress import progress
    from vtdrive.eval.emotion import evaluate
    from vtdrive.eval.emotion_report import tables

    check_writable(json_file)
    with progress("reading faces") as tick:
        result = evaluate(
            data, model=model, usage=usage, say=lambda note: typer.echo(note, err=True), tick=tick
        )
    show_and_write(json_file, result, tables(result))
