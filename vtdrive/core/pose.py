"""Head pose from face mesh points. Pure numpy; about 0.1 ms.

The mesh gives each point's place on the picture and a depth relative to the others. Lifted along
their rays into space they are a rigid copy of the mean face, up to scale: one weighted Procrustes
fit finds the rotation, the translation and, through the face's known size, the distance. Points
that move with expressions count little, so a smile or an open jaw turns the head by under 1°.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vtdrive.core.face_model import POINTS_M, STEADINESS
from vtdrive.types import F32, frozen

__all__ = ["head_pose", "rigid_from_matrix"]

F64 = npt.NDArray[np.float64]

_W: F64 = STEADINESS.astype(np.float64)
_FACE: F64 = POINTS_M.astype(np.float64)
_MEAN: F64 = _W @ _FACE
_SPREAD_W: F64 = (_FACE - _MEAN) * _W[:, None]
_VARIANCE = float(((_FACE - _MEAN) * _SPREAD_W).sum())
_COUNT = len(_FACE)


def head_pose(landmarks_px: F32, *, width: int, height: int, vertical_fov_deg: float) -> F32:
    """camera_from_head, (4, 4) rigid, metres, in the space of `types.py`.

    `landmarks_px` is (478, 3) or (468, 3): pixels, x right, y down, z in the same scale. The lens
    is an ideal pinhole whose axis meets the middle of the picture. The distance assumes a face of
    mean size. Raises ValueError when the points span no space or are not finite.
    """
    focal_px = height / 2 / math.tan(math.radians(vertical_fov_deg) / 2)
    rays = landmarks_px[:_COUNT].astype(np.float64)
    rays -= (width / 2, height / 2, 0.0)
    rays *= (1 / focal_px, -1 / focal_px, 1 / focal_px)
    # z is relative: by how much of the whole distance a point lies behind the mean one.
    depth = 1.0 + rays[:, 2] - _W @ rays[:, 2]
    rays[:, 2] = -1.0
    points = rays * depth[:, None]
    centre = _W @ points
    cross = (points - centre).T @ _SPREAD_W
    if not np.isfinite(cross).all():
        raise ValueError("landmarks are not finite")
    rotation, trace = _rotation(cross)
    # Everything so far is in units of the distance to the mean point; the face's size sets it.
    scale = trace / _VARIANCE
    if scale < 1e-6:
        raise ValueError("landmarks span no face")
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = centre / scale - rotation @ _MEAN
    return frozen(pose)


def rigid_from_matrix(matrix: npt.ArrayLike, *, metres_per_unit: float) -> F32:
    """The nearest rigid (4, 4) of a (4, 4) affine whose 3x3 may carry scale; its unit to metres.

    Raises ValueError when the matrix is not finite or turns space inside out.
    """
    given = np.asarray(matrix, np.float64)
    if given.shape != (4, 4) or not np.isfinite(given).all():
        raise ValueError("not a finite 4x4 matrix")
    if np.linalg.det(given[:3, :3]) <= 0:
        raise ValueError("not a rotation")
    pose = np.eye(4)
    pose[:3, :3] = _rotation(given[:3, :3])[0]
    pose[:3, 3] = given[:3, 3] * metres_per_unit
    return frozen(pose)


def _rotation(cross: F64) -> tuple[F64, float]:
    """The proper rotation nearest to `cross`, and the trace that scale is read from (Kabsch)."""
    u, s, vt = np.linalg.svd(cross)
    rotation = u @ vt
    if np.linalg.det(rotation) < 0:
        # Only ever the least certain axis flips: a mirrored face is no face.
        u[:, 2] = -u[:, 2]
        s[2] = -s[2]
        rotation = u @ vt
    return rotation, float(s.sum())
