"""`vtdrive classify`: every face of pictures, and what it shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from vtdrive.stills.pictures import Copies
    from vtdrive.stills.read import StillReader
    from vtdrive.stills.report import ReadPicture

__all__ = ["classify"]

_STDOUT: Final = Path("-")


def classify(
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    detector: Annotated[
        str, typer.Option(help="What finds the faces: mediapipe or mtcnn.")
    ] = "mediapipe",
    out: Annotated[
        Path | None, typer.Option(help="Folder for copies with boxes and emotions drawn.")
    ] = None,
    json_to: Annotated[
        Path | None,
        typer.Option("--json", help="Write everything to this file, or - for standard output."),
    ] = None,
    csv_to: Annotated[
        Path | None, typer.Option("--csv", help="Write a line for each face to this file, or -.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Leave out faces less sure than this.", show_default="detector's own"
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Another .onnx, its card beside it.", show_default="shipped")
    ] = None,
) -> None:
    """Find every face of pictures and read its expression.

    A picture that cannot be read is named and the rest goes on; the exit code is then 1.
    """
    from vtdrive.classifiers.onnx_emotion import OnnxEmotion
    from vtdrive.cli.figures import check_writable
    from vtdrive.detectors.make import make_detector
    from vtdrive.errors import SourceError, UsageError
    from vtdrive.stills.pictures import Copies, listed
    from vtdrive.stills.read import StillReader
    from vtdrive.stills.report import as_csv, as_json

    if json_to is not None and json_to == csv_to:
        what = "standard output" if json_to == _STDOUT else "that file"
        raise UsageError(
            f"--json {json_to} and --csv {csv_to} both want {what}", "give one of them another file"
        )
    for option, path in (("--json", json_to), ("--csv", csv_to)):
        check_writable(None if path == _STDOUT else path, option=option)
    classifier = OnnxEmotion(model)
    reader = StillReader(make_detector(detector, min_score=min_score), classifier)
    todo = listed(images)
    copies = None if out is None else Copies(out, sources=images)
    try:
        reader.open()
        done, ended_by = _read(reader, todo, copies)
    finally:
        reader.close()

    whole = as_json(done, detector=detector, model=classifier.path.stem)
    _tell(done, {"--json": (json_to, whole), "--csv": (csv_to, as_csv(done))})
    if ended_by is not None:
        raise ended_by
    broken = sum(picture.error is not None for picture in done)
    if broken:
        raise SourceError(f"{broken} of {len(done)} pictures could not be read", "see above")


def _read(
    reader: StillReader, todo: list[Path | ReadPicture], copies: Copies | None
) -> tuple[list[ReadPicture], BaseException | None]:
    """What was read, and Ctrl-C or the fault that ended it early: what is done is not lost."""
    from vtdrive.cli.progress import progress
    from vtdrive.errors import VtdriveError
    from vtdrive.stills.pictures import read_pictures

    done: list[ReadPicture] = []
    try:
        with progress("reading pictures") as tick:
            tick(0, len(todo))
            for picture in read_pictures(reader, todo, copies):
                done.append(picture)
                if picture.error is not None:
                    print(f"vtdrive: {picture.error}", file=sys.stderr)
                tick(len(done), len(todo))
    except (KeyboardInterrupt, VtdriveError) as early:
        return done, early
    return done, None


def _tell(done: list[ReadPicture], files: dict[str, tuple[Path | None, str]]) -> None:
    """Writes each file that is wanted, even where another cannot be; prints unless one did."""
    from vtdrive.cli.figures import write_text
    from vtdrive.errors import UsageError
    from vtdrive.stills.report import as_text

    refused = None
    for option, (path, text) in files.items():
        try:
            if path is not None:
                write_text(path, text, option=option)
        except UsageError as fault:
            refused = refused or fault
    if all(path != _STDOUT for path, _ in files.values()):
        typer.echo(as_text(done), nl=False)
    if refused is not None:
        raise refused
