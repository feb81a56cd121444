"""Fit the mean metric face of `vtdrive/core/face_model.py` and print its table.

Run: python training/face_model/fit.py PAIRS.npz > vtdrive/core/face_model.py

PAIRS.npz holds, for N frames of several clips, `landmarks_px` (N, 478, 3) of the face mesh and
`camera_from_face_cm` (N, 4, 4), the pose another solver measured on the same frame with a vertical
field of view of 63°. Each landmark is lifted into space along its pixel's ray and carried into
the head's frame; the mean over frames, with expressive frames counting little, is the face. It is
then made symmetric. A point's weight is one over how much it moves within a clip once the rigid
motion is gone, so that lips, jaw and lids hardly turn the head.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

F64 = npt.NDArray[np.float64]
POINTS = 468  # the ten iris points move with the gaze
MEAN_DEPTH_CM = 4.06  # of the points before the head's origin; see `lever`
ROUNDS = 8


class Pairs(NamedTuple):
    rays: F64
    """(N, 468, 2) x right, y up at depth 1."""
    depth: F64
    """(N, 468) relative to the frame's mean point, as a share of the distance."""
    rotation: F64
    translation_cm: F64
    clip: npt.NDArray[np.int64]
    expression: F64
    """(N,) sum of all blendshapes."""


def load(path: Path) -> Pairs:
    data = np.load(path)
    clip = data["clip"].astype(np.int64)
    size = data["clip_width_height_fps"][clip]
    focal = size[:, 1:2] / 2 / np.tan(np.radians(63 / 2))
    points = data["landmarks_px"][:, :POINTS].astype(float)
    rays = np.stack(
        [
            (points[..., 0] - size[:, :1] / 2) / focal,
            (size[:, 1:2] / 2 - points[..., 1]) / focal,
        ],
        axis=-1,
    )
    depth = (points[..., 2] - points[..., 2].mean(1, keepdims=True)) / focal
    pose = data["camera_from_face_cm"].astype(float)
    expression = data["blendshapes"][:, 1:].sum(1).astype(float)
    return Pairs(rays, depth, pose[:, :3, :3], pose[:, :3, 3], clip, expression)


def lever(pairs: Pairs) -> F64:
    """Where each point lies, from how it moves on the picture as the head turns; no depth used.

    Only its mean depth (4.06 cm) is used further: points further from the axis swing wider.
    """
    out = np.zeros((POINTS, 3))
    weight = 1 / np.sqrt(np.bincount(pairs.clip)[pairs.clip]) / -pairs.translation_cm[:, 2]
    for i in range(POINTS):
        rows = [
            (pairs.rotation[:, k] + pairs.rays[:, i, k, None] * pairs.rotation[:, 2])
            * weight[:, None]
            for k in (0, 1)
        ]
        right = [
            -(pairs.rays[:, i, k] * pairs.translation_cm[:, 2] + pairs.translation_cm[:, k])
            * weight
            for k in (0, 1)
        ]
        out[i] = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    return out


def heads(pairs: Pairs, centroid: F64) -> F64:
    """(N, 468, 3) points in the head's frame, cm."""
    distance = -(pairs.translation_cm[:, 2] + pairs.rotation[:, 2] @ centroid)
    depth = distance[:, None] * (1 + pairs.depth)
    points = np.concatenate([pairs.rays * depth[..., None], -depth[..., None]], axis=-1)
    out: F64 = np.einsum("nji,nkj->nki", pairs.rotation, points - pairs.translation_cm[:, None])
    return out


def mean_face(pairs: Pairs) -> tuple[F64, F64]:
    share = np.exp(-pairs.expression)
    for c in np.unique(pairs.clip):
        share[pairs.clip == c] /= share[pairs.clip == c].sum()
    face = lever(pairs)
    face[:, 2] += MEAN_DEPTH_CM - face[:, 2].mean()
    for _ in range(ROUNDS):
        lifted = heads(pairs, face.mean(0))
        face = np.average(lifted, axis=0, weights=share)
        face[:, 2] += MEAN_DEPTH_CM - face[:, 2].mean()
    return face, lifted


def mirror(face: F64) -> npt.NDArray[np.int64]:
    cost = (((face[:, None] * [-1, 1, 1]) - face[None]) ** 2).sum(-1)
    out: npt.NDArray[np.int64] = linear_sum_assignment(cost + cost.T)[1]
    assert (out[out] == np.arange(POINTS)).all()
    return out


def aligned(face: F64, points: F64, weight: F64) -> F64:
    """`points` moved, turned and scaled onto `face`."""
    w = weight / weight.sum()
    a, b = face - w @ face, points - w @ points
    u, s, vt = np.linalg.svd(b.T @ (a * w[:, None]))
    side = np.sign(np.linalg.det(u @ vt))
    scale = (s * [1, 1, side]).sum() / (a**2 * w[:, None]).sum()
    out: F64 = b @ (u * [1, 1, side]) @ vt / scale + w @ face
    return out


def steadiness(face: F64, lifted: F64, clip: npt.NDArray[np.int64]) -> F64:
    """(468,) one over the variance of each point within a clip, in 1 / cm²."""
    every = slice(None, None, 5)
    lifted, clip, weight = lifted[every], clip[every], np.ones(POINTS)
    for _ in range(4):
        error = np.stack([aligned(face, frame, weight) for frame in lifted]) - face
        for c in np.unique(clip):
            error[clip == c] -= np.median(error[clip == c], axis=0)
        square = (error**2).sum(-1)
        weight = 1 / (np.median(square, axis=0) + 0.5 * square.mean(0) + 0.01)
    return weight


def main(path: Path) -> None:
    pairs = load(path)
    face, lifted = mean_face(pairs)
    twin = mirror(face)
    face = (face + face[twin] * [-1, 1, 1]) / 2
    weight = steadiness(face, lifted, pairs.clip)
    weight = (weight + weight[twin]) / 2
    # 10 µm a step, and weights as shares of the largest: 16 bits are plenty.
    table = np.concatenate([face * 1000, weight[:, None] / weight.max() * 32767], axis=1)
    text = base64.b85encode(table.round().astype("<i2").tobytes()).decode()
    lines = "\n".join(f'    "{text[i : i + 90]}"' for i in range(0, len(text), 90))
    print(HEAD + "_TABLE: Final = (\n" + lines + "\n)\n" + TAIL, end="")


HEAD = '''"""The mean metric face that head pose is measured against.

Printed by training/face_model/fit.py. Derived from face mesh points of eleven clips and the pose
that another solver measured on them. Symmetric. Its frame is that of `types.py`: +X the subject's
left, +Y up, +Z out of the face; the origin lies in the head, about 4 cm behind the points' mean.
"""

from __future__ import annotations

import base64
from typing import Final

import numpy as np

from vtdrive.types import F32, frozen

__all__ = ["POINTS_M", "STEADINESS"]

'''

TAIL = '''
_ROWS: Final = np.frombuffer(base64.b85decode(_TABLE), "<i2").reshape(-1, 4).astype(np.float32)

POINTS_M: Final[F32] = frozen(_ROWS[:, :3] * 1e-5)
"""(468, 3) the face mesh points without the irises, metres."""

STEADINESS: Final[F32] = frozen(_ROWS[:, 3] / _ROWS[:, 3].sum())
"""(468,) how much each point says about the skull rather than the expression; sums to 1."""
'''

if __name__ == "__main__":
    main(Path(sys.argv[1]))
