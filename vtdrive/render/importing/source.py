"""Which reader a file or folder wants."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vtdrive.errors import UsageError
from vtdrive.render.importing.art import MAX_SET_BYTES, Unreadable
from vtdrive.render.importing.folder import read_folder
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.mini import read_mini
from vtdrive.render.importing.plus import read_save
from vtdrive.render.importing.remix import read_remix
from vtdrive.render.importing.veado import MAGIC, read_veado
from vtdrive.render.importing.written import write_avatar

__all__ = ["import_avatar", "read_source"]

_TAKES: Final = (
    "name a folder of pictures, or a .save, .veado, .veadomini or .pngRemix file: "
    "docs/how-to/pngtuber.md"
)


def import_avatar(source: Path, folder: Path, *, name: str, costume: int = 1) -> Imported:
    """Make the avatar's `folder` of `source`; raises UsageError, and leaves nothing then."""
    made = read_source(source, name, costume=costume)
    try:
        write_avatar(made, folder)
    except Unreadable as fault:
        raise UsageError(f"{source}: {fault.what}", fault.remedy) from fault
    return made


def read_source(source: Path, name: str, *, costume: int = 1) -> Imported:
    """What `source` comes to, its pictures not yet decoded. Raises UsageError."""
    try:
        if source.is_dir():
            return read_folder(source, name)
        return _read_file(source, name, costume)
    except Unreadable as fault:
        raise UsageError(f"{source}: {fault.what}", fault.remedy or _TAKES) from fault


def _read_file(source: Path, name: str, costume: int) -> Imported:
    kind = source.suffix.lower()
    if not source.is_file():
        what = "is no file or folder" if source.exists() else "does not exist"
        raise UsageError(f"{source} {what}", _TAKES)
    if kind not in (".save", ".veado", ".veadomini", ".pngremix"):
        raise UsageError(f"{source} is nothing that can be imported", _TAKES)
    try:
        if source.stat().st_size > MAX_SET_BYTES:
            raise Unreadable(f"has more than {MAX_SET_BYTES >> 20} MB", "make its pictures smaller")
        data = source.read_bytes()
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise UsageError(f"{source}: {reason}", "make it a file that you may read") from fault
    if kind == ".save":
        return read_save(data, name, costume=costume)
    if kind == ".pngremix":
        return read_remix(data, name, costume=costume)
    # Both endings were used for either.
    if data.startswith(MAGIC):
        return read_veado(data, name, costume=costume)
    if data.startswith(b"PK"):
        return read_mini(data, name)
    raise Unreadable(
        "is of a version of veadotube that is not read here",
        "open and save it in veadotube mini 2, or export its images and import their folder",
    )
