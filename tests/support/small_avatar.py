"""An avatar of a few parts, for tests of what reads and paints them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

__all__ = ["DRAWING", "TABLES", "write_avatar"]

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<g id="body"><rect x="50" y="60" width="100" height="120" fill="#ff8040"/></g>
<g id="white"><circle cx="80" cy="100" r="20" fill="#ffffff"/></g>
<g id="iris"><circle cx="80" cy="100" r="10" fill="#000080"/></g>
<g id="ear"><path d="M90 60 L110 60 L100 10 Z" fill="#a00000"/></g>
<g id="mouth"><path d="M80 150 L120 150 L120 152 L80 152 Z" fill="#400000"/></g>
<g id="mouth.open" display="none"><path d="M80 150 L120 150 L120 172 L80 172 Z" fill="#400000"/></g>
</svg>
"""
TABLES = """
name = "Small"
canvas = [200, 200]
drawing = "drawing.svg"
turn = { centre = [100, 110], radius = 50, height = 60 }

[[part]]
name = "head"
art = ""
pivot = [100, 180]
depth = 0
deform = [{ kind = "rotate", by = "head_z", deg = 1.0 }]

[[part]]
name = "ear"
parent = "head"
deform = [
  { kind = "bend", by = "hair_front", root = [100, 60], tip = [100, 10], deg = 90, power = 1 },
]

[[part]]
name = "body"
parent = "head"

[[part]]
name = "white"
parent = "head"
depth = 0.8
morph = []

[[part]]
name = "iris"
parent = "head"
depth = 0.8
clip = "white"
deform = [{ kind = "move", by = "gaze_x", x = 40 }]

[[part]]
name = "mouth"
parent = "head"
depth = 0.8
morph = [{ by = ["mouth_open"], at = [[0, 1]], art = ["mouth", "mouth.open"] }]
"""


def write_avatar(
    folder: Path, tables: str = TABLES, drawing: str = DRAWING, *, picture: bool = False
) -> Path:
    """Write the avatar's files into `folder`; with `picture` also a red picture of 40 × 20."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "avatar.toml").write_text(tables, encoding="utf-8")
    (folder / "drawing.svg").write_text(drawing, encoding="utf-8")
    if picture:
        red = np.zeros((20, 40, 4), np.uint8)
        red[:] = (0, 0, 255, 255)
        (folder / "picture.png").write_bytes(cv2.imencode(".png", red)[1].tobytes())
    return folder
