"""The face mesh as thin lines over the camera's picture."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.render.pictures import Colour
from vtdrive.render.side_by_side.ink import PALETTE
from vtdrive.types import F32, U8

__all__ = ["Mesh"]

Edges = npt.NDArray[np.intp]
_SHIFT: Final = 4
_WEB: Final = (190, 255, 244)
_FEATURES: Final[tuple[tuple[str, Colour], ...]] = (
    ("FACEMESH_FACE_OVAL", (235, 248, 255)),
    ("FACEMESH_LIPS", PALETTE[1]),
    ("FACEMESH_LEFT_EYEBROW", PALETTE[2]),
    ("FACEMESH_RIGHT_EYEBROW", PALETTE[2]),
    ("FACEMESH_LEFT_EYE", PALETTE[0]),
    ("FACEMESH_RIGHT_EYE", PALETTE[0]),
    ("FACEMESH_LEFT_IRIS", PALETTE[3]),
    ("FACEMESH_RIGHT_IRIS", PALETTE[3]),
)


class Mesh:
    """Draws 478 points of a face as a web, and its features as lines."""

    def __init__(self) -> None:
        named = _connections()
        self._web = named["FACEMESH_TESSELATION"]
        self._features = [(named[name], colour) for name, colour in _FEATURES]

    def draw(self, image: U8, points_px: F32) -> None:
        """On `image` (H, W, 3); `points_px` (478, 2 or 3) are pixels of it."""
        fixed = np.round(points_px[:, :2] * (1 << _SHIFT)).astype(np.int32)
        web = image.copy()
        cv2.polylines(web, list(fixed[self._web]), False, _WEB, 1, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(web, 0.38, image, 0.62, 0.0, dst=image)
        lines = image.copy()
        for edges, colour in self._features:
            cv2.polylines(lines, list(fixed[edges]), False, colour, 1, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(lines, 0.85, image, 0.15, 0.0, dst=image)


def _connections() -> dict[str, Edges]:
    """Name -> (N, 2) indices of points that mediapipe joins.

    Its file is read alone: the package as a whole takes more than a second to import.
    """
    package = importlib.util.find_spec("mediapipe")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "python" / "solutions" / "face_mesh_connections.py"
    spec = importlib.util.spec_from_file_location("face_mesh_connections", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        name: np.array(sorted({tuple(sorted(pair)) for pair in value}), np.intp)
        for name, value in vars(module).items()
        if name.startswith("FACEMESH_")
    }
