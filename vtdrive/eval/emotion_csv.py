"""Labelled faces as FER+ publishes them: `fer2013new.csv`, and the pictures beside it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from vtdrive.errors import UsageError
from vtdrive.eval.emotion_faces import Faces, from_votes, refuse
from vtdrive.sources.picture import read_picture
from vtdrive.sources.uri import is_image_name

__all__ = ["FILE_NAME", "faces_of_csv"]

FILE_NAME: Final = "fer2013new.csv"
_VOTES: Final = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
    "unknown", "NF",
)  # fmt: skip
"""The columns of votes, as FER+ spells them; its order is that of `VOTE_COLUMNS`."""
_USAGE: Final = "Usage"
_NAME: Final = "Image name"
_FOLDERS: Final = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
"""Where FER+'s own script puts the pictures of each usage."""
_MOST_VOTES: Final = 1_000_000
"""For one label of one face: with more a cell is no count."""
_DEPTH: Final = 3
"""Folders below the table's own that are searched: it may lie in somebody's home."""


@dataclass(frozen=True, slots=True)
class _Row:
    usage: str
    name: str
    votes: tuple[int, ...]


def faces_of_csv(table: Path, *, usage: str | None = None) -> Faces:
    """The rows of `usage`, or all, whose pictures lie in the table's folder or below it.

    Rows that name no picture, or one that is not there, count as `no_picture`.
    Raises UsageError for a table that is none, and where no picture at all is found.
    """
    rows = list(_rows(table))
    if not rows:
        refuse(table, "it has no rows below its heading")
    if usage is not None:
        there = sorted({row.usage for row in rows})
        rows = [row for row in rows if row.usage.casefold() == usage.casefold()]
        if not rows:
            raise UsageError(
                f"{table} has no rows of usage '{usage}'", f"choose one of {', '.join(there)}"
            )
    found = _Pictures(table)
    placed = [(row, path) for row in rows if (path := found.of(row)) is not None]
    if not placed:
        refuse(
            table,
            f"not one of its {len(rows)} pictures, such as {rows[0].name or '(no name)'}, lies in"
            f" {table.parent} or in folders in it",
            "put the pictures beside the table; FER+ names them fer0000000.png and so on",
        )
    votes = np.array([row.votes for row, _ in placed])
    paths = [path for _, path in placed]
    return from_votes(
        "csv", votes, lambda at: read_picture(paths[at]), no_picture=len(rows) - len(placed)
    )


def _rows(table: Path) -> Iterable[_Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            twice = [name for name in _VOTES if (reader.fieldnames or ()).count(name) > 1]
            if twice:
                refuse(table, f"its first line has {', '.join(twice)} more than once")
            missing = [
                name for name in (_USAGE, _NAME, *_VOTES) if name not in (reader.fieldnames or ())
            ]
            if missing:
                refuse(
                    table,
                    f"its first line lacks the column{'s' * (len(missing) > 1)}"
                    f" {', '.join(missing)}",
                    f"use FER+'s own {FILE_NAME}, with its first line",
                )
            for row in reader:
                yield _row(table, reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise UsageError(f"{table} cannot be read as a table: {fault}", "copy it again") from fault


def _row(table: Path, line: int, row: dict[str, str | None]) -> _Row:
    cells = [row[name] for name in _VOTES]
    try:
        votes = tuple(int(cell or "") for cell in cells)
    except ValueError:
        votes = ()
    if not votes or not 0 <= min(votes) <= max(votes) <= _MOST_VOTES:
        shown = ", ".join((cell or "").strip()[:12] or "(none)" for cell in cells)
        refuse(
            table,
            f"line {line}: the votes must be ten whole numbers; found {shown}",
            "complete the line, or remove it",
        )
    return _Row((row[_USAGE] or "").strip(), (row[_NAME] or "").strip(), votes)


class _Pictures:
    """Where each picture of a table lies."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._add(table.parent, _DEPTH)

    def _add(self, folder: Path, depth: int) -> None:
        for path in sorted(folder.iterdir()):
            if is_image_name(path):
                self._by_name[path.name].append(path)
            elif depth > 0 and path.is_dir() and not path.name.startswith("."):
                self._add(path, depth - 1)

    def of(self, row: _Row) -> Path | None:
        """The one picture of that row. UsageError where two could be meant."""
        same = self._by_name.get(row.name, []) if row.name else []
        if len(same) > 1:
            folders = {row.usage.casefold(), _FOLDERS.get(row.usage, "").casefold()}
            mine = [path for path in same if path.parent.name.casefold() in folders]
            if len(mine) != 1:
                refuse(
                    self._table,
                    f"{row.name} is there more than once: {same[0]} and {same[1]}",
                    "keep one of them, or one folder per usage: " + ", ".join(_FOLDERS.values()),
                )
            return mine[0]
        return same[0] if same else None
