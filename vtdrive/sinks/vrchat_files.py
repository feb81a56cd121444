"""VRChat's own files about avatars: one JSON per avatar that was ever worn with OSC on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from vtdrive.wire.oscquery import MalformedTree
from vtdrive.wire.vrchat_avatar import Avatar, avatar_of_file

__all__ = ["avatar_folders", "newest_file", "read_avatar"]

_MAX_BYTES: Final = 4 << 20
_BELOW: Final = Path("VRChat", "VRChat", "OSC")


def avatar_folders(
    *,
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> tuple[Path, ...]:
    """Where VRChat keeps them: LocalLow on Windows, inside Proton's prefix on Linux."""
    if platform == "win32":
        roaming = environ.get("APPDATA", "")
        return (Path(roaming).parent / "LocalLow" / _BELOW,) if roaming else ()
    home = home or Path.home()
    inside = Path("steamapps/compatdata/438100/pfx/drive_c/users/steamuser/AppData/LocalLow")
    steam = (".steam/steam", ".local/share/Steam", ".var/app/com.valvesoftware.Steam/data/Steam")
    return tuple(home / one / inside / _BELOW for one in steam)


def newest_file(place: Path) -> Path | None:
    """`place` itself where it is a file; else the avatar's file in or below it that was written
    last, in whichever of VRChat's folders it starts. None where there is none."""
    if place.is_file():
        return place
    dated = [(path.stat().st_mtime_ns, path) for path in _files(place) if path.is_file()]
    return max(dated)[1] if dated else None


def _files(place: Path) -> Iterator[Path]:
    for pattern in ("avtr_*.json", "Avatars/avtr_*.json", "usr_*/Avatars/avtr_*.json"):
        yield from place.glob(pattern)


def read_avatar(path: Path) -> Avatar:
    """The avatar of one file; raises OSError or MalformedTree."""
    with path.open("rb") as file:
        body = file.read(_MAX_BYTES + 1)
    if len(body) > _MAX_BYTES:
        raise MalformedTree(f"more than {_MAX_BYTES} bytes")
    return avatar_of_file(body)
