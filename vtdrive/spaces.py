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


def _plain(values: npt.ArrayLike) -> list[float]:
    """As Python's own floats: on so few numbers numpy costs several times as much."""
    plain: list[float] = (
        values.tolist() if isinstance(values, np.ndarray) else np.asarray(values, float).tolist()
    )
    return plain


def quat_mul(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """a after b: rotates by b first. (4,), (4,) -> (4,)."""
    ax, ay, az, aw = _plain(a)
    bx, by, bz, bw = _plain(b)
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
    x, y, z, w = _plain(q)
    return np.array([-x, -y, -z, w])


def quat_angle(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Angle in radians, 0..pi, of the rotation that takes a to b."""
    qa, qb = _plain(a), _plain(b)
    # Not acos of the dot product: near 0 it makes 0.05° of a rounding to f32.
    apart, together = math.dist(qa, qb), math.dist(qa, [-x for x in qb])
    return 4.0 * math.atan2(min(apart, together), max(apart, together))


def quat_slerp(a: npt.ArrayLike, b: npt.ArrayLike, share: float) -> npt.NDArray[np.float64]:
    """From a (share 0) to b (share 1) along the shorter arc."""
    qa, qb = _plain(a), _plain(b)
    dot = sum(x * y for x, y in zip(qa, qb, strict=True))
    near = 1.0 - share
    if abs(dot) > 0.9995:
        far = share
    else:
        angle = math.acos(min(1.0, abs(dot)))
        near, far = (math.sin(part * angle) / math.sin(angle) for part in (near, share))
    far = -far if dot < 0.0 else far
    out = [near * x + far * y for x, y in zip(qa, qb, strict=True)]
    norm = math.hypot(*out)
    return np.array([x / norm for x in out])


def rotate(q: npt.ArrayLike, vector: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The (3,) vector after rotation by q."""
    x, y, z, w = _plain(q)
    a, b, c = _plain(vector)
    # v + 2w (u × v) + 2 u × (u × v), written out.
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.array(
        [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx]
    )


def quat_from_matrix(rotation: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(3, 3) rotation to xyzw with w >= 0."""
    m: list[list[float]] = np.asarray(rotation).tolist()
    # Shepperd's method: divide by the largest component so that no precision is lost.
    t = [m[0][0], m[1][1], m[2][2], m[0][0] + m[1][1] + m[2][2]]
    k = t.index(max(t))
    if k == 3:
        q = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1], 1 + t[3]]
    else:
        i, j, n = k, (k + 1) % 3, (k + 2) % 3
        q = [0.0, 0.0, 0.0, m[n][j] - m[j][n]]
        q[i] = 1 + t[i] - t[j] - t[n]
        q[j] = m[j][i] + m[i][j]
        q[n] = m[n][i] + m[i][n]
    norm = math.hypot(*q) if q[3] >= 0 else -math.hypot(*q)
    return np.array([x / norm for x in q])


def quat_from_euler(*, yaw: float, pitch: float, roll: float) -> npt.NDArray[np.float64]:
    """Radians to xyzw: roll, then pitch, then yaw (intrinsic Y-X-Z).

    yaw + turns to the subject's left, pitch + looks up, roll + tilts the crown to the subject's
    right shoulder.
    """
    sy, cy = math.sin(yaw / 2), math.cos(yaw / 2)
    sx, cx = math.sin(-pitch / 2), math.cos(-pitch / 2)
    sz, cz = math.sin(roll / 2), math.cos(roll / 2)
    ax, ay, az, aw = cy * sx, sy * cx, -sy * sx, cy * cx
    return np.array(
        [ax * cz + ay * sz, ay * cz - ax * sz, aw * sz + az * cz, aw * cz - az * sz],
    )


def euler_from_quat(q: npt.ArrayLike) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in radians; the inverse of `quat_from_euler` for |pitch| < 90°."""
    x, y, z, w = _plain(q)
    yaw = math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    pitch = -math.asin(max(-1.0, min(1.0, 2 * (w * x - y * z))))
    roll = math.atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return yaw, pitch, roll
