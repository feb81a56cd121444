"""A folder of pictures whose names say what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from vtdrive.render.importing.art import (
    MAX_FILE_BYTES,
    MAX_PICTURES,
    MAX_SET_BYTES,
    Art,
    Picture,
    Unreadable,
    art_of,
)
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.names import Said, read_names
from vtdrive.render.importing.states import Shot, figure_of_states

__all__ = ["read_folder"]

_PICTURES: Final = frozenset({".png", ".apng", ".gif", ".webp"})
_OPAQUE: Final = "has no clear background; save it as PNG"
_OTHERS: Final = {
    **dict.fromkeys((".jpg", ".jpeg", ".bmp"), _OPAQUE),
    **dict.fromkeys((".save", ".veado", ".veadomini", ".pngremix"), "is to be imported by itself"),
}
"""Why the other files of a folder are left out."""
_DEEPEST: Final = 3
_MOST_FILES: Final = 4000


def read_folder(folder: Path, name: str) -> Imported:
    """The avatar of the pictures in `folder` and up to two folders within.

    Raises Unreadable, also for a file that cannot be read.
    """
    notes: list[str] = []
    arts: dict[str, Art] = {}
    total = 0
    for path in _files(folder, notes):
        source = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in _PICTURES:
            if not path.name.startswith("."):
                notes.append(f"{source}: {_OTHERS.get(path.suffix.lower(), 'is no picture')}")
            continue
        try:
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                raise Unreadable(
                    f"{source}: has more than {MAX_FILE_BYTES >> 20} MB", "make it smaller"
                )
            total += size
            if total > MAX_SET_BYTES or len(arts) >= MAX_PICTURES:
                raise Unreadable(
                    f"more than {MAX_PICTURES} pictures or {MAX_SET_BYTES >> 20} MB",
                    "leave only the pictures of one avatar in the folder",
                )
            data = path.read_bytes()
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            raise Unreadable(f"{source}: {reason}", "make it a file that you may read") from fault
        try:
            arts[source] = art_of(data)
        except Unreadable as fault:
            raise Unreadable(f"{source}: {fault.what}", fault.remedy) from fault
    return from_arts(arts, name, notes)


def from_arts(arts: dict[str, Art], name: str, notes: list[str]) -> Imported:
    """The avatar of `arts`, by their paths with `/`."""
    said = read_names([_parts(source) for source in arts])
    said = _with_base(said)
    shots = []
    for (source, art), each in zip(arts.items(), said, strict=True):
        if each.strange:
            notes.append(f"{source}: what “{each.strange}” is about is not known; left out")
            continue
        if art.moves:
            notes.append(f"{source}: its first frame is taken")
        shots.append(Shot(source, each, Picture(art)))
    return figure_of_states(name, shots, notes, about=f"From {len(shots)} pictures: a PNGtuber.")


def _parts(source: str) -> tuple[str, ...]:
    *folders, file = source.split("/")
    return (*folders, file.rsplit(".", 1)[0])


def _with_base(said: list[Said]) -> list[Said]:
    """The one picture that says nothing shows the figure at rest, where no other does."""
    rests = [(each.feeling, each.mouth_open, each.eyes_shut) for each in said]
    at_rest = ("neutral", False, False)
    strange = [i for i, each in enumerate(said) if each.strange]
    known = [rest for rest, each in zip(rests, said, strict=True) if not each.strange]
    if len(strange) == 1 and rests[strange[0]] == at_rest and at_rest not in known:
        said = list(said)
        said[strange[0]] = replace(said[strange[0]], strange="")
    return said


def _files(folder: Path, notes: list[str]) -> Iterator[Path]:
    """The files, sorted; links that lead out of the folder are not followed."""
    home = folder.resolve()
    todo, seen = [(folder, 1)], 0
    while todo:
        here, depth = todo.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            raise Unreadable(f"{here}: {reason}", "name a folder that you may read") from fault
        for path in entries:
            seen += 1
            if seen > _MOST_FILES:
                raise Unreadable(
                    f"more than {_MOST_FILES} files", "name the folder of the avatar's pictures"
                )
            if not path.resolve().is_relative_to(home):
                notes.append(f"{path.name}: leads out of the folder; left out")
            elif path.is_dir():
                if depth < _DEEPEST:
                    todo.append((path, depth + 1))
                else:
                    notes.append(f"{path.name}: folders so deep are not looked into")
            elif path.is_file():
                yield path
