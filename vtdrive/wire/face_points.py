"""The 70 points of an OpenSeeFace packet, from face mesh points or from the mean face."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.core.face_model import POINTS_M
from vtdrive.types import Face, all_finite
from vtdrive.wire.face import Euler, PlainFace
from vtdrive.wire.openseeface import NEUTRAL_DISTANCE_M, FacePoints, matrix

__all__ = ["mesh_points", "resting_points"]

F64 = npt.NDArray[np.float64]

# Vertices of the face mesh that lie where the iBUG points lie, the subject's right side first.
_JAW = (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_NOSE = (168, 197, 5, 1, 97, 99, 2, 328, 326)
_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_LIPS = (39, 37, 0, 267, 269, 405, 314, 17, 84, 181)
_MOUTH = (78, 82, 13, 312, 308, 317, 14, 87)
_POINTS: Final = (*_JAW, *_BROWS, *_NOSE, *_EYES, *_LIPS, *_MOUTH)
_IRISES: Final = (468, 473)
_ALL: Final = np.array([*_POINTS, *_IRISES], np.intp)

_TIP: Final = 30
_CORNERS: Final = ((36, 39), (42, 45))
"""Ends of the right and of the left eye among the 66."""


def _swapped() -> npt.NDArray[np.intp]:
    """For each point the one on the other side of the face."""
    mean = np.concatenate([POINTS_M[list(_POINTS)], np.zeros((2, 3), np.float32)])
    mean[66:] = (POINTS_M[[33, 362]] + POINTS_M[[133, 263]]) / 2
    flipped = mean * np.array([-1, 1, 1], np.float32)
    apart = np.linalg.norm(flipped[:, None] - mean[None], axis=2)
    return np.asarray(apart.argmin(axis=1), np.intp)


_OTHER: Final = _swapped()
_EYEBALL_PER_WIDTH: Final = 0.385
_SIZES: Final = ((640.0, 480.0), (1280.0, 720.0), (1920.0, 1080.0), (3840.0, 2160.0))
_FOCAL_PX: Final = 600.0
_EYES_APART_M: Final = float(np.linalg.norm(POINTS_M[33] - POINTS_M[263]))


def mesh_points(tracked: Face, face: PlainFace, *, mirror: bool) -> FacePoints | None:
    """The points as the camera saw them, left and right exchanged with `mirror`.

    `face` gives the gaze. The picture's size is not known here: it is the smallest usual one that
    holds the face. None where the points are not finite or span no face.
    """
    if not (all_finite(tracked.landmarks_px[_ALL]) and all_finite(tracked.camera_from_head)):
        return None
    px = tracked.landmarks_px[_ALL].astype(np.float64)
    turn = tracked.camera_from_head[:3, :3].astype(np.float64)
    # Out of the head's rotation, so that the points are the head's own.
    space = (px - px[_TIP]) * (1.0, -1.0, -1.0) @ turn
    apart = math.dist(space[_CORNERS[0][0]].tolist(), space[_CORNERS[1][1]].tolist())
    if not 1e-3 < apart < 1e6:
        return None
    space *= _EYES_APART_M / apart
    size = _size(px)
    picture = px[:, :2]
    if mirror:
        picture = (size[0] - 1.0, 0.0) + picture[_OTHER] * (-1.0, 1.0)
        space = space[_OTHER] * (-1.0, 1.0, 1.0)
    return FacePoints(size, picture, _with_eyes(space[:66], face.eyes), tracked.confidence)


def resting_points(face: PlainFace) -> FacePoints:
    """The mean face at rest, turned and moved as the head is, with confidence 0: no face is seen,
    or another program saw it and did not tell where its points are."""
    space = _with_eyes(_RESTING, face.eyes)
    x, y, z = face.head_m
    placed = space[:68] @ np.array(matrix(face.head_xyzw)).T
    placed += (x, y, z - NEUTRAL_DISTANCE_M)
    away = np.maximum(0.1, -placed[:, 2:])
    width, height = _SIZES[0]
    picture = placed[:, :2] * (1.0, -1.0) * _FOCAL_PX / away + (width / 2, height / 2)
    return FacePoints((width, height), picture, space, 0.0)


_RESTING: Final[F64] = (POINTS_M - POINTS_M[_POINTS[_TIP]])[list(_POINTS)].astype(np.float64)


def _with_eyes(points: F64, eyes: tuple[Euler, Euler]) -> F64:
    """(70, 3): the 66, both pupils and both eyeballs, right first, looking where `eyes` look."""
    out = np.empty((70, 3))
    out[:66] = points
    for k, ((a, b), eye) in enumerate(zip(_CORNERS, reversed(eyes), strict=True)):
        one: list[float] = points[a].tolist()
        other: list[float] = points[b].tolist()
        radius = _EYEBALL_PER_WIDTH * math.dist(one, other)
        x, y, z = ((u + v) / 2 for u, v in zip(one, other, strict=True))
        yaw, pitch = math.radians(eye.yaw_deg), math.radians(eye.pitch_deg)
        flat = radius * math.cos(pitch)
        out[68 + k] = x, y, z - radius
        out[66 + k] = (
            x + math.sin(yaw) * flat,
            y + radius * math.sin(pitch),
            z - radius + math.cos(yaw) * flat,
        )
    return out


def _size(px: F64) -> tuple[float, float]:
    right, bottom = float(px[:, 0].max()), float(px[:, 1].max())
    return next((s for s in _SIZES if right < s[0] and bottom < s[1]), _SIZES[-1])
