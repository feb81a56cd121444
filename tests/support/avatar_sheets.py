"""Sheets of small pictures of an avatar, and how far two of them are apart to the eye.

`python -m tests.support.avatar_sheets` paints those of the bundled avatars into
`tests/golden/images/`. Look at them before they are committed: tests hold them to be right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import BUNDLED
from vtdrive.render.pictures import flattened
from vtdrive.render.stills import BLINK, OPEN_MOUTH, still_face
from vtdrive.types import U8, FaceState
from vtdrive.vocab import EMOTIONS

__all__ = [
    "FOLDER",
    "apart",
    "drawer_of",
    "faces",
    "painted",
    "painted_one",
    "read_sheet",
    "tiles_of",
]

FOLDER: Final = Path(__file__).parents[1] / "golden" / "images"
_TILE: Final = 120
_ACROSS: Final = 5
_SETTLE_S: Final = 1.0
_BEHIND: Final = (120, 150, 130)
"""Behind the avatar; no part of one has this colour."""
_SHADES: Final = 8
"""Steps in which shades are kept: a sheet is a third smaller, and nobody sees it."""
_BLOCK: Final = 6
_SMILE: Final = {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}


def faces() -> dict[str, FaceState]:
    """The faces of a sheet, by name, row by row."""
    found = {name: still_face(emotion=name) for name in EMOTIONS}
    for name in EMOTIONS:
        found[f"{name}, speaking"] = still_face(emotion=name, shapes=OPEN_MOUTH)
    return found | {
        "turned": still_face(yaw_deg=25),
        "turned the other way": still_face(yaw_deg=-25),
        "up": still_face(pitch_deg=20),
        "down": still_face(pitch_deg=-20),
        "tilted": still_face(roll_deg=20),
        "looking aside": still_face(gaze_deg=(20, 8)),
        "blink": still_face(shapes=BLINK),
        "wink": still_face(shapes={"eyeBlinkLeft": 1.0}),
        "smile": still_face(shapes=_SMILE),
    }


def painted(drawer: Drawer) -> Iterator[tuple[str, U8]]:
    """Name and picture of each face."""
    for name, face in faces().items():
        yield name, painted_one(drawer, face)


def painted_one(drawer: Drawer, face: FaceState) -> U8:
    """(_TILE, _TILE, 3) RGB of one face; `drawer` is open and has that size."""
    return flattened(drawer.still(face, settle_s=_SETTLE_S), _BEHIND)


def drawer_of(avatar: str) -> Drawer:
    """Open, for pictures of a sheet."""
    drawer = Drawer(AvatarConfig(name=avatar), size=(_TILE, _TILE))
    drawer.open()
    return drawer


def tiles_of(sheet: U8) -> dict[str, U8]:
    """The pictures of a sheet, by name."""
    out: dict[str, U8] = {}
    for i, name in enumerate(faces()):
        y, x = (place * _TILE for place in divmod(i, _ACROSS))
        out[name] = sheet[y : y + _TILE, x : x + _TILE]
    return out


def read_sheet(avatar: str) -> U8:
    """The sheet that tests hold to be right."""
    raw = np.frombuffer((FOLDER / f"{avatar}.png").read_bytes(), np.uint8)
    sheet = cv2.imdecode(raw, cv2.IMREAD_COLOR)
    assert sheet is not None
    return np.asarray(cv2.cvtColor(sheet, cv2.COLOR_BGR2RGB))


def apart(one: U8, other: U8) -> float:
    """How far two pictures are apart where they differ most, in Lab units: the mean over a square
    of a few pixels, after a blur that lets edges be drawn in another way."""
    seen = [_seen(picture) for picture in (one, other)]
    away = np.linalg.norm(seen[0] - seen[1], axis=2)
    return float(cv2.blur(away, (_BLOCK, _BLOCK), borderType=cv2.BORDER_REPLICATE).max())


def _seen(rgb: U8) -> npt.NDArray[np.float32]:
    soft = cv2.GaussianBlur(rgb.astype(np.float32) / 255.0, (0, 0), 1.2)
    return np.asarray(cv2.cvtColor(soft, cv2.COLOR_RGB2Lab))


def _write(avatar: str) -> Path:
    tiles = [tile for _, tile in painted(drawer_of(avatar))]
    rows = [np.hstack(tiles[i : i + _ACROSS]) for i in range(0, len(tiles), _ACROSS)]
    path = FOLDER / f"{avatar}.png"
    level = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    coarse = np.minimum(np.vstack(rows) // _SHADES * _SHADES + _SHADES // 2, 255).astype(np.uint8)
    sheet = cv2.cvtColor(coarse, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", sheet, level)[1].tobytes())
    return path


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for _name in BUNDLED:
        _path = _write(_name)
        print(f"{_path} ({_path.stat().st_size / 1000:.0f} kB)")
