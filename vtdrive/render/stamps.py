"""What tells that a file has changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["Stamp", "stamp_of", "stamps_in"]

Stamp = tuple[int, int]
"""When it was written and its size; zeros where there is none."""

_ENDINGS: Final = (".toml", ".svg", ".png", ".webp", ".jpg", ".jpeg", ".bmp")
_MOST: Final = 2000


def stamp_of(path: Path) -> Stamp:
    """That of a file."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def stamps_in(folder: Path) -> dict[Path, Stamp]:
    """Those of all files in and below `folder` that an avatar may be made of, by the paths that
    `Rig.files` has; of a folder that holds very many, of the first ones."""
    found: dict[Path, Stamp] = {}
    for root, _, names in os.walk(folder.resolve()):
        for name in names:
            if name.lower().endswith(_ENDINGS):
                path = Path(root, name)
                found[path] = stamp_of(path)
        if len(found) > _MOST:
            break
    return found
