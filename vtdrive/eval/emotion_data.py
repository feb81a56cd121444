"""`--data X`: which kind of data set X is."""

from __future__ import annotations

from pathlib import Path

from vtdrive.errors import UsageError
from vtdrive.eval.emotion_csv import FILE_NAME, faces_of_csv
from vtdrive.eval.emotion_faces import Faces, refuse
from vtdrive.eval.emotion_folders import faces_of_folders
from vtdrive.eval.emotion_npz import faces_of_npz

__all__ = ["open_faces"]


def open_faces(data: Path, *, usage: str | None = None) -> Faces:
    """The labelled faces of an .npz, of FER+'s csv, or of a folder.

    A folder is one with `fer2013new.csv` in it, or with a folder of pictures per emotion. `usage`
    chooses rows of the csv. Raises UsageError that says what is wrong; never empty.
    """
    try:
        if not data.exists():
            raise UsageError(f"{data} does not exist", "check the path given to --data")
        faces = _faces(data, usage)
    except OSError as fault:
        raise UsageError(
            f"{fault.filename or data} cannot be read: {(fault.strerror or str(fault)).lower()}",
            "allow it to be read, or copy the data elsewhere",
        ) from fault
    if len(faces.labels.label) == 0:
        refuse(data, "the label protocol leaves no face: people named none of them an emotion")
    return faces


def _faces(data: Path, usage: str | None) -> Faces:
    table = _table(data)
    if usage is not None and table is None:
        raise UsageError("--usage chooses rows of FER+'s csv, which --data is not", "leave it out")
    if table is not None:
        return faces_of_csv(table, usage=usage)
    if data.is_dir():
        _check_folder(data)
        return faces_of_folders(data)
    if data.suffix.lower() == ".npz":
        return faces_of_npz(data)
    raise UsageError(
        f"{data} is no .npz, no .csv and no folder",
        "see docs/reference/emotion-eval.md for what --data takes",
    )


def _table(data: Path) -> Path | None:
    if data.is_dir():
        inside = (path for path in data.iterdir() if path.name.lower() == FILE_NAME)
        return next(inside, None)
    return data if data.suffix.lower() == ".csv" else None


def _check_folder(data: Path) -> None:
    arrays = sorted(path.name for path in data.glob("*.npz"))
    if arrays and not any(path.is_dir() for path in data.iterdir()):
        refuse(data, "it is a folder with .npz files in it", f"name one: {data / arrays[0]}")
