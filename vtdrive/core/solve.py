"""From a face's landmarks to gaze, lid gaps and head pose in our units. No state, no filters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.spaces import euler_from_quat, quat_from_euler, quat_from_matrix
from vtdrive.types import F32, Face

__all__ = ["EYEBALL_PER_WIDTH", "EYES", "RAW", "Eye", "Solved", "solve", "solved_from"]


@dataclass(frozen=True, slots=True)
class Eye:
    """Face mesh vertices of one eye."""

    outer: int
    inner: int
    upper: tuple[int, int, int]
    lower: tuple[int, int, int]
    iris: int


# Vertex numbers of MediaPipe's refined mesh; the subject's left eye is on the right of the picture.
EYES: Final = (
    Eye(outer=263, inner=362, upper=(385, 386, 387), lower=(380, 374, 373), iris=473),
    Eye(outer=33, inner=133, upper=(158, 159, 160), lower=(153, 145, 144), iris=468),
)
_POINTS: Final = np.array(
    [i for eye in EYES for i in (eye.outer, eye.inner, *eye.upper, *eye.lower, eye.iris)]
)
_PER_EYE: Final = 9

EYEBALL_PER_WIDTH: Final = 0.41
"""Radius of the eyeball over the width of the eye slit: 12 mm over about 29 mm."""

RAW: Final = {name: i for i, name in enumerate(RAW_SIGNALS)}


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """One face in our units, relative to the camera."""

    raw: F32
    """(S,) `RAW_SIGNALS`."""
    head_xyzw: F32
    """(4,) camera_from_head rotation."""
    head_m: F32
    """(3,) camera_from_head position."""


def solve(face: Face) -> Solved:
    """Head pose, gaze and lid gaps of one face. NaN in, NaN out: the driver guards."""
    raw = np.empty(len(RAW_SIGNALS), np.float32)
    raw[:52] = face.shapes
    pose: list[list[float]] = face.camera_from_head.tolist()
    rotation = [row[:3] for row in pose[:3]]
    if not all(math.isfinite(sum(row)) for row in rotation):
        raw[52:] = math.nan
        bad = np.full(4, np.nan, np.float32)
        return Solved(raw, bad, bad[:3])
    head = quat_from_matrix(rotation)
    points = _in_head_axes(face.landmarks_px[_POINTS].tolist(), rotation)
    (yaw, pitch, gap), other = _eye(points[:_PER_EYE]), _eye(points[_PER_EYE:])
    raw[52:] = (
        *map(math.degrees, euler_from_quat(head)),
        *(row[3] for row in pose[:3]),
        *(yaw, pitch, *other[:2]),
        *(gap, other[2]),
    )
    return Solved(raw, head.astype(np.float32), face.camera_from_head[:3, 3])


def _in_head_axes(
    points_px: list[list[float]], rotation: list[list[float]]
) -> list[tuple[float, float, float]]:
    """Pixels (x right, y down, z away) to our axes, then out of the head's rotation, so that a
    turned head neither narrows an eye nor moves an iris."""
    # Plain floats: on so few numbers numpy costs three times as much, and warns of infinities.
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = rotation
    return [
        (
            x * ax - y * ay - z * az,
            x * bx - y * by - z * bz,
            x * cx - y * cy - z * cz,
        )
        for x, y, z in points_px
    ]


def solved_from(raw: F32) -> Solved:
    """The same from recorded `RAW_SIGNALS`, for recordings without landmarks."""
    yaw, pitch, roll = np.radians(raw[52:55].astype(float)).tolist()
    head = quat_from_euler(yaw=yaw, pitch=pitch, roll=roll)
    return Solved(raw, head.astype(np.float32), raw[55:58])


def _eye(points: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """(yaw deg, pitch deg, lid gap / width) of one eye from its nine points in head axes."""
    outer, inner, *lids, iris = points
    width = math.dist(outer, inner)
    width = width if 0.0 < width < math.inf else math.nan
    gap = sum(math.dist(lids[i], lids[i + 3]) for i in range(3)) / 3 / width
    # The depth of iris points is guesswork, so only the offset in the face plane counts.
    radius = EYEBALL_PER_WIDTH * width
    offset = [(iris[k] - (outer[k] + inner[k]) / 2) / radius for k in (0, 1)]
    yaw, pitch = (_angle_deg(sine) for sine in offset)
    return yaw, pitch, gap


def _angle_deg(sine: float) -> float:
    """The angle, at most 64°; not a number where `sine` is none, which a clamp would hide."""
    if not math.isfinite(sine):
        return math.nan
    return math.degrees(math.asin(max(-0.9, min(0.9, sine))))
