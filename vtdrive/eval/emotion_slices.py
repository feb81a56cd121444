"""What a picture of a face is like, and the bins that accuracy is told for.

Everything but head turn and face size is measured on the face's grey crop of 48 px, framed as the
shipped model sees it, whatever model is judged: so the bins of two models hold the same faces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.classifiers.crop import aligned_crop, face_oval, upright_square, whole_crop
from vtdrive.core.pose import head_pose
from vtdrive.spaces import euler_from_quat, quat_from_matrix
from vtdrive.types import F32, U8

__all__ = ["NOT_MEASURED", "SLICES", "Slice", "measured", "slices"]

NOT_MEASURED: Final = "no mesh"
"""The bin of faces that no face mesh was found in, where only a mesh could tell."""

_CROP_PX: Final = 48
_MARGIN: Final = 1.1
_LIFT: Final = 0.05
_FAR_FOV_DEG: Final = 10.0
"""Taken for every picture, since no still says which lens made it: nearly no perspective. With a
webcam's 45 degrees the same points of a close crop would be a face at the tip of the lens."""
_LEAST_SPREAD: Final = 1.0
"""Grey levels: below this a crop is flat, and how sharp it is has no meaning."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One property of a picture, and how its values are binned."""

    name: str
    what: str
    edges: tuple[float, ...]
    bins: tuple[str, ...]
    """One more than edges: a value belongs to bin i if it is at least edge i - 1, below edge i."""


SLICES: Final = (
    Slice(
        "brightness",
        "mean grey of the face, 0 to 255",
        (60.0, 90.0, 120.0, 150.0, 180.0),
        ("under 60", "60 to 90", "90 to 120", "120 to 150", "150 to 180", "180 and over"),
    ),
    Slice(
        "contrast",
        "standard deviation of the face's greys",
        (25.0, 35.0, 45.0, 60.0),
        ("under 25", "25 to 35", "35 to 45", "45 to 60", "60 and over"),
    ),
    Slice(
        "blur",
        "Laplacian over grey variance at 48 px, less is blurrier",
        (0.15, 0.25, 0.4, 0.6),
        ("under 0.15", "0.15 to 0.25", "0.25 to 0.4", "0.4 to 0.6", "0.6 and over"),
    ),
    Slice(
        "head_turn",
        "degrees to either side, from the mesh",
        (10.0, 20.0, 30.0, 45.0),
        ("under 10", "10 to 20", "20 to 30", "30 to 45", "45 and over"),
    ),
    Slice(
        "face_size",
        "pixels, the longer side of the mesh",
        (32.0, 40.0, 48.0, 96.0, 192.0),
        ("under 32", "32 to 40", "40 to 48", "48 to 96", "96 to 192", "192 and over"),
    ),
)


def measured(image_rgb: U8, landmarks_px: F32 | None) -> dict[str, float]:
    """Each of `SLICES` by name for one picture (H, W, 3); NaN where it cannot be told.

    Without landmarks (478, 3) the whole picture is taken for the face.
    """
    grey = _crop(image_rgb, landmarks_px)
    face = grey[face_oval(_CROP_PX)]
    spread = float(grey.std())
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    values = {
        "brightness": float(face.mean()),
        "contrast": float(face.std()),
        "blur": edges / spread**2 if spread >= _LEAST_SPREAD else math.nan,
        "head_turn": math.nan,
        "face_size": math.nan,
    }
    if landmarks_px is not None:
        values["head_turn"] = _turn_deg(landmarks_px, image_rgb)
        values["face_size"] = upright_square(landmarks_px[:, :2].astype(np.float64), lift=0.0)[2]
    return values


def _crop(image_rgb: U8, landmarks_px: F32 | None) -> F32:
    if landmarks_px is None:
        crop = whole_crop(image_rgb, size_px=_CROP_PX)
    else:
        crop = aligned_crop(image_rgb, landmarks_px, size_px=_CROP_PX, margin=_MARGIN, lift=_LIFT)
    return crop.astype(np.float32)


def _turn_deg(landmarks_px: F32, image: U8) -> float:
    height, width = image.shape[:2]
    try:
        pose = head_pose(landmarks_px, width=width, height=height, vertical_fov_deg=_FAR_FOV_DEG)
    except ValueError:
        return math.nan
    return abs(math.degrees(euler_from_quat(quat_from_matrix(pose[:3, :3]))[0]))


def slices(
    rows: Sequence[Mapping[str, float]], right: npt.NDArray[np.bool_]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Per slice and bin how many of the N faces fall in it, and the share that was read right.

    Accuracy is None in an empty bin. Faces of which a slice knows nothing are in `NOT_MEASURED`.
    """
    return {each.name: _binned(each, [row[each.name] for row in rows], right) for each in SLICES}


def _binned(
    each: Slice, values: Sequence[float], right: npt.NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    known = ~np.isnan(values)
    at = np.where(known, np.digitize(values, each.edges), len(each.bins))
    out = {}
    for i, name in enumerate((*each.bins, NOT_MEASURED)):
        n = int((at == i).sum())
        if n or name != NOT_MEASURED:
            out[name] = {"n": n, "accuracy": float(right[at == i].mean()) if n else None}
    return out
