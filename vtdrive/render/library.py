"""Where avatars lie, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vtdrive.assets import data_dir
from vtdrive.config.nearest import nearest
from vtdrive.errors import UsageError
from vtdrive.render.format.read import AVATAR_FILE

__all__ = ["BUNDLED", "avatar_folder", "avatar_folders", "there_is", "user_path"]

BUNDLED: Final = ("mimi", "mochi")
"""Names of the avatars that every install has."""


def user_path(text: str) -> Path:
    """The path that somebody wrote, `~` being home; a home that nobody has stays as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def there_is(path: Path, *, folder: bool = False) -> bool:
    """Whether there is such a file, or folder; False for what cannot be a path."""
    try:
        return path.is_dir() if folder else path.is_file()
    except (OSError, ValueError):
        return False


def avatar_folder(name: str) -> Path:
    """The folder of the avatar `name`: a path where it is one, else `avatars/NAME` here, else the
    bundled one. Raises UsageError."""
    if not name.strip():
        raise UsageError("an avatar needs a name", "vtdrive avatar list shows those there are")
    written = user_path(name)
    if written.name == AVATAR_FILE and there_is(written):
        return written.parent
    places = [written, Path("avatars") / name]
    if len(written.parts) == 1:
        places.append(data_dir("avatars") / name)
    for place in places:
        if there_is(place / AVATAR_FILE):
            return place
    known = [folder.name for folder in avatar_folders()]
    near = nearest(written.name, known)
    hint = f"; did you mean {near!r}?" if near else ""
    what = f"no avatar {name[:80]!r} ({', '.join(known)}{hint})"
    if there_is(written, folder=True):
        what = f"{name} is a folder without {AVATAR_FILE}: no avatar"
    raise UsageError(
        what, f"vtdrive avatar list shows all; or name a folder that holds {AVATAR_FILE}"
    )


def avatar_folders() -> list[Path]:
    """Folders of all avatars that can be named: those in `avatars/` here, then the bundled ones."""
    found: dict[str, Path] = {}
    for root in (Path("avatars"), data_dir("avatars")):
        for file in sorted(root.glob(f"*/{AVATAR_FILE}")):
            found.setdefault(file.parent.name, file.parent)
    return list(found.values())
