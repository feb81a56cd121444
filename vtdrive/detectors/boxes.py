"""Arithmetic on boxes (N, 4): left, top, right, bottom. Pure."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from vtdrive.types import F32

__all__ = ["move_edges", "square", "strongest", "touches"]

_Ints = npt.NDArray[np.intp]


def strongest(
    boxes: F32, scores: F32, *, overlap: float, of: Literal["union", "smaller"] = "union"
) -> _Ints:
    """Indices of the boxes that no better one overlaps by more than `overlap`, best first.

    Overlap is the common area as a share of the union, or of the smaller of the two boxes: the
    latter also drops a box within a box. Of equal scores the earlier wins.
    """
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while left.size:
        best, rest = left[0], left[1:]
        kept.append(int(best))
        lo = np.maximum(boxes[best, :2], boxes[rest, :2])
        hi = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        common = np.prod(np.maximum(hi - lo, 0), axis=1)
        if of == "union":
            whole = area[best] + area[rest] - common
        else:
            whole = np.minimum(area[best], area[rest])
        left = rest[common <= overlap * whole]
    return np.array(kept, np.intp)


def move_edges(boxes: F32, shares: F32) -> F32:
    """Each edge moved by its share (N, 4) of the box's width (left, right) or height."""
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved: F32 = (boxes + shares * size).astype(np.float32)
    return moved


def square(boxes: F32) -> F32:
    """Squares around the same centres, as long as the longer side of each box."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    squares: F32 = np.hstack([centre - half, centre + half]).astype(np.float32)
    return squares


def touches(box: F32, *, width: int, height: int) -> bool:
    """Whether any part of one box (4,) lies within a picture of that size."""
    return bool(box[0] < width and box[1] < height and box[2] > 0 and box[3] > 0)
