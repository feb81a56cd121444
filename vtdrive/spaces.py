"""Rotations and frames. Pure; quaternions are xyzw, right-handed, radians.

Inside vtdrive a head that turns to the subject's left has positive yaw (about +Y), one that looks
up has *negative* pitch about +X in the right-handed sense; `euler_from_quat` hides that by
returning pitch positive up. Roll is positive when the head tilts towards the subject's right
shoulder (+Z rotation carries +X, the subject's left, towards +Y).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32

__all__ = [
    "IDENTITY",
    "euler_from_quat",
    "quat_angle",
    "quat_conj",
    "quat_from_euler",
    "quat_from_matrix",
    "quat_mul",
    "quat_slerp",
    "rotate",
]

IDENTITY: F32 = np.array([0, 0, 0, 1], np.float32)


def quat_mul(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """a after b: rotates by b first. (4,), (4,) -> (4,)."""
    ax, ay, az, aw = np.asarray(a, float).tolist()
    bx, by, bz, bw = np.asarray(b, float).tolist()
    return np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )


def quat_conj(q: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The inverse of a unit quaternion."""
    conjugate: npt.NDArray[np.float64] = np.asarray(q, float) * np.array([-1.0, -1.0, -1.0, 1.0])
    return conjugate


def quat_angle(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Angle in radians, 0..pi, of the rotation that takes a to b."""
    qa, qb = np.asarray(a, float), np.asarray(b, float)
    # Not acos of the dot product: near 0 it makes 0.05° of a rounding to f32.
    apart, together = math.dist(qa.tolist(), qb.tolist()), math.dist(qa.tolist(), (-qb).tolist())
    return 4.0 * math.atan2(min(apart, together), max(apart, together))


def quat_slerp(a: npt.ArrayLike, b: npt.ArrayLike, share: float) -> npt.NDArray[np.float64]:
    """From a (share 0) to b (share 1) along the shorter arc."""
    qa: list[float] = np.asarray(a, float).tolist()
    qb: list[float] = np.asarray(b, float).tolist()
    dot = sum(x * y for x, y in zip(qa, qb, strict=True))
    near = 1.0 - share
    if abs(dot) > 0.9995:
        far = share
    else:
        angle = math.acos(min(1.0, abs(dot)))
        near, far = (math.sin(part * angle) / math.sin(angle) for part in (near, share))
    far = -far if dot < 0.0 else far
    # Plain floats: on four numbers numpy costs four times as much.
    out = [near * x + far * y for x, y in zip(qa, qb, strict=True)]
    norm = math.hypot(*out)
    return np.array([x / norm for x in out])


def rotate(q: npt.ArrayLike, vector: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The (3,) vector after rotation by q."""
    x, y, z, w = np.asarray(q, float).tolist()
    a, b, c = np.asarray(vector, float).tolist()
    # v + 2w (u × v) + 2 u × (u × v), written out: numpy's cross costs ten times as much.
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.array(
        [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx]
    )


def quat_from_matrix(rotation: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(3, 3) rotation to xyzw with w >= 0."""
    m = np.asarray(rotation, float)
    # Shepperd's method: divide by the largest component so that no precision is lost.
    t = np.array([m[0, 0], m[1, 1], m[2, 2], m[0, 0] + m[1, 1] + m[2, 2]])
    k = int(t.argmax())
    if k == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1 + t[3]])
    else:
        i, j, n = k, (k + 1) % 3, (k + 2) % 3
        q = np.empty(4)
        q[i] = 1 + m[i, i] - m[j, j] - m[n, n]
        q[j] = m[j, i] + m[i, j]
        q[n] = m[n, i] + m[i, n]
        q[3] = m[n, j] - m[j, n]
    q /= np.linalg.norm(q)
    return -q if q[3] < 0 else q


def quat_from_euler(*, yaw: float, pitch: float, roll: float) -> npt.NDArray[np.float64]:
    """Radians to xyzw: roll, then pitch, then yaw (intrinsic Y-X-Z).

    yaw + turns to the subject's left, pitch + looks up, roll + tilts the crown to the subject's
    right shoulder.
    """
    sy, cy = math.sin(yaw / 2), math.cos(yaw / 2)
    sx, cx = math.sin(-pitch / 2), math.cos(-pitch / 2)
    sz, cz = math.sin(roll / 2), math.cos(roll / 2)
    return quat_mul(quat_mul([0, sy, 0, cy], [sx, 0, 0, cx]), [0, 0, sz, cz])


def euler_from_quat(q: npt.ArrayLike) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in radians; the inverse of `quat_from_euler` for |pitch| < 90°."""
    x, y, z, w = np.asarray(q, float).tolist()
    yaw = math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    pitch = -math.asin(max(-1.0, min(1.0, 2 * (w * x - y * z))))
    roll = math.atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return yaw, pitch, roll
