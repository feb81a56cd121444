"""An imported avatar as a folder: `avatar.toml` and its pictures, all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vtdrive.config.toml_text import key_text, value_text
from vtdrive.errors import UsageError
from vtdrive.render.format.avatar import Avatar
from vtdrive.render.importing.art import Unreadable
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.pixels import png_of

__all__ = ["avatar_toml", "write_avatar"]

_WIDTH = 98


def write_avatar(made: Imported, folder: Path) -> None:
    """Make `folder`. Raises UsageError where it is there already or cannot be made, and Unreadable
    for a picture that cannot be decoded; no half of a folder stays."""
    if folder.exists() or folder.is_symlink():
        raise UsageError(
            f"{folder} is there already, and nothing is written over it",
            "give another name, or remove it first",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        rough = Path(tempfile.mkdtemp(prefix=".import-", dir=folder.parent))
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    try:
        for path, picture in made.pictures.items():
            file = rough / path
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                data = png_of(picture)
            except Unreadable as fault:
                raise Unreadable(f"{Path(path).stem}: {fault.what}", fault.remedy) from fault
            file.write_bytes(data)
        (rough / "avatar.toml").write_text(avatar_toml(made.avatar), encoding="utf-8")
        rough.chmod(0o755)
        rough.rename(folder)
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    finally:
        shutil.rmtree(rough, ignore_errors=True)


def _unwritable(folder: Path, fault: OSError) -> UsageError:
    reason = (fault.strerror or str(fault)).lower()
    return UsageError(f"{folder}: {reason}", "choose another folder with --out")


def avatar_toml(avatar: Avatar) -> str:
    """The text of `avatar.toml`: what was given, defaults left out."""
    tree = avatar.model_dump(mode="json", exclude_unset=True)
    lines = ["# Made by `vtdrive avatar import`. Change what you like; a running avatar follows."]
    lines += ["format = 1"]
    parts = tree.pop("part")
    lines += _pairs({key: value for key, value in tree.items() if not isinstance(value, Mapping)})
    for key, table in tree.items():
        for name, inner in table.items() if isinstance(table, Mapping) else ():
            lines += ["", f"[{key}.{key_text(name)}]", *_pairs(inner)]
    for part in parts:
        lines += ["", "[[part]]", *_pairs(part)]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        line = f"{key_text(key)} = {value_text(value)}"
        rows = isinstance(value, list) and any(isinstance(row, Mapping) for row in value)
        if rows and (len(line) > _WIDTH or len(value) > 1):
            yield f"{key_text(key)} = ["
            yield from (f"    {value_text(row)}," for row in value)
            yield "]"
        else:
            yield line
