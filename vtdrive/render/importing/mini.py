"""veadotube mini 1.4: a .veadomini file, a ZIP of pictures (and of YAML, which is not read)."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from vtdrive.render.importing.art import (
    MAX_FILE_BYTES,
    MAX_PICTURES,
    MAX_SET_BYTES,
    Art,
    Unreadable,
    art_of,
)
from vtdrive.render.importing.folder import from_arts
from vtdrive.render.importing.imported import Imported

__all__ = ["read_mini"]

_PICTURES: Final = frozenset({".png", ".apng", ".gif", ".webp"})
_MOST_ENTRIES: Final = 2000
_UNPACK: Final = "unpack it, and import the folder"


def read_mini(data: bytes, name: str) -> Imported:
    """The avatar of the pictures in a ZIP file, by their names. Raises Unreadable.

    Nothing is unpacked to disk, so that names that lead elsewhere lead nowhere.
    """
    notes: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arts = _arts(archive, notes)
    except Unreadable:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as fault:
        raise Unreadable("it is a damaged ZIP file", "save the avatar again") from fault
    except (NotImplementedError, RuntimeError) as fault:
        raise Unreadable("it has a password, or parts that are not read here", _UNPACK) from fault
    return from_arts(arts, name, notes)


def _arts(archive: zipfile.ZipFile, notes: list[str]) -> dict[str, Art]:
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise Unreadable(f"it has more than {_MOST_ENTRIES} files")
    arts: dict[str, Art] = {}
    left = MAX_SET_BYTES
    for entry in sorted(entries, key=lambda entry: entry.filename):
        # `is_dir` wants a name.
        no_file = not entry.filename or entry.is_dir()
        path = None if no_file else _inside(entry.filename, notes)
        if path is None or path in arts:
            continue
        if PurePosixPath(path).suffix.lower() not in _PICTURES:
            notes.append(f"{path}: is no picture")
            continue
        if len(arts) >= MAX_PICTURES:
            raise Unreadable(f"it has more than {MAX_PICTURES} pictures")
        content = _unpacked(archive, entry, path, min(left, MAX_FILE_BYTES))
        left -= len(content)
        try:
            arts[path] = art_of(content)
        except Unreadable as fault:
            raise Unreadable(f"{path}: {fault.what}", fault.remedy) from fault
    return arts


def _inside(filename: str, notes: list[str]) -> str | None:
    """The path of an entry with `/`; None, and a note, where it leads out of the archive."""
    path = PurePosixPath(filename.replace("\\", "/")[:200])
    if path.is_absolute() or ".." in path.parts or ":" in filename or "\0" in filename:
        notes.append(f"{filename[:60]!r}: leads out of the archive; left out")
        return None
    return path.as_posix()


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str, most: int) -> bytes:
    """The content; what a header says of its size is not believed."""
    # The others unpack without a limit.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"{path}: is packed in a way that is not read here", _UNPACK)
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Unreadable(f"{path}: is too large unpacked", "make its pictures smaller")
    return content
