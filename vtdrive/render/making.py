"""Files made from avatars: copies to begin with, stills, and a picture of all expressions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import UsageError
from vtdrive.render.drawer import Drawer
from vtdrive.render.format.read import AVATAR_FILE, read_avatar
from vtdrive.render.pictures import straight
from vtdrive.render.stills import BLINK, OPEN_MOUTH, still_face
from vtdrive.types import U8, FaceState
from vtdrive.vocab import EMOTIONS

__all__ = ["copy_avatar", "write_sheet", "write_stills"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TITLE = re.compile(r"^[ \t]*name[ \t]*=.*$", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_TILE: Final = 240
_GREY: Final = (236, 234, 240)


def copy_avatar(source: Path, target: Path, name: str) -> Path:
    """Copy an avatar's folder under a new name; raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for an avatar", "use letters, digits, - and _, at most 60"
        )
    if target.exists():
        raise UsageError(f"{target} exists already", "choose another name, or remove it")
    if source.resolve() in target.resolve().parents:
        raise UsageError(
            f"{target} lies in the folder that is to be copied", "run it from another folder"
        )
    try:
        shutil.copytree(source, target)
        file = target / AVATAR_FILE
        text = file.read_text(encoding="utf-8-sig")
        table = _TABLE.search(text)
        head = text[: table.start()] if table else text
        titled = _TITLE.sub(f'name = "{name}"', head, count=1) + text[len(head) :]
        file.write_text(titled, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{target}: cannot be written: {fault}", "choose another place") from fault
    return target


def write_stills(folder: Path, out: Path, *, height: int) -> Iterator[Path]:
    """Write EMOTION-idle.png, -speaking, -blink and -speaking-blink into `out`, and yield
    each one's path."""
    drawer = _drawer(folder, height)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"{out}: cannot be written: {fault.strerror}", "choose another") from fault
    for emotion in EMOTIONS:
        for word, shapes in _MOUTHS_AND_EYES.items():
            face = still_face(emotion=emotion, shapes=shapes)
            path = out / f"{emotion}-{word}.png"
            _write(path, straight(drawer.still(face)))
            yield path


_MOUTHS_AND_EYES: Final = {
    "idle": {},
    "speaking": OPEN_MOUTH,
    "blink": BLINK,
    "speaking-blink": {**OPEN_MOUTH, **BLINK},
}


def write_sheet(folder: Path, out: Path) -> None:
    """A picture of the eight expressions, mouth shut and open, and of poses; raises UsageError."""
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out}: the picture is a .png", f"write {out.with_suffix('.png')}")
    drawer = _drawer(folder, _TILE)
    rows = [
        [_tile(drawer, still_face(emotion=e, shapes=s), _title(e, s)) for e in EMOTIONS]
        for s in ({}, OPEN_MOUTH)
    ]
    poses = {
        "turned": still_face(yaw_deg=30),
        "other way": still_face(yaw_deg=-30),
        "up": still_face(pitch_deg=20),
        "down": still_face(pitch_deg=-20),
        "tilted": still_face(roll_deg=20),
        "looking": still_face(gaze_deg=(20, 8)),
        "blink": still_face(shapes=BLINK),
        "smile": still_face(shapes={"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}),
    }
    rows.append([_tile(drawer, face, name) for name, face in poses.items()])
    _write(out, np.vstack([np.hstack(row) for row in rows]))


def _title(emotion: str, shapes: object) -> str:
    return emotion if not shapes else f"{emotion}, speaking"


def _tile(drawer: Drawer, face: FaceState, title: str) -> U8:
    rgba = drawer.still(face)
    clear = 255 - rgba[..., 3:].astype(np.uint16)
    rgb = (rgba[..., :3] + np.array(_GREY, np.uint16) * clear // 255).astype(np.uint8)
    where, ink = (8, _TILE - 8), (60, 50, 70)
    cv2.putText(rgb, title, where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, ink, 1, cv2.LINE_AA)
    return rgb


def _drawer(folder: Path, height: int) -> Drawer:
    avatar, _ = read_avatar(folder)
    _, _, wide, high = avatar.frame or (0.0, 0.0, *avatar.canvas)
    width = height if height == _TILE else max(64, 2 * round(height * wide / high / 2))
    drawer = Drawer(AvatarConfig(name=str(folder)), size=(width, height))
    drawer.open()
    return drawer


def _write(path: Path, rgb: U8) -> None:
    """Write (h, w, 3 or 4) straight RGB(A); raises UsageError."""
    order = cv2.COLOR_RGBA2BGRA if rgb.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, order))
    try:
        path.write_bytes(data.tobytes())
    except OSError as fault:
        raise UsageError(
            f"{path}: cannot be written: {fault.strerror}", "choose another place"
        ) from fault
