"""From a picture and its landmarks to what the network saw in training. Pure.

Two steps, because the training pictures are small: `aligned_crop` cuts a face to the resolution
of those pictures, `to_input` enlarges and normalises it (after `standardised`, where the network
wants that). Training calls these on its stored 48 px faces, so that everything from there on is one
code path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.types import F32, U8

__all__ = [
    "aligned_crop",
    "cut_square",
    "face_oval",
    "standardised",
    "to_input",
    "upright_square",
    "whole_crop",
]

F64 = npt.NDArray[np.float64]

_EYES = ((33, 133), (362, 263))
"""Corners of the subject's right eye, then of the left. Corners stay put where irises wander."""

_FACE = (0.34, 0.42)
"""Half width and half height of the oval that is surely face, in shares of the crop's side."""
_FACE_CENTRE = (0.5, 0.53)
_LEAST_SPREAD = 4.0
"""Grey levels; a flatter face than this holds only noise, which must not be blown up."""
_FURTHEST = 3.0
"""Deviations; a lamp behind a dark face would otherwise be the loudest thing in the picture."""

_SAMPLES = 3
"""Samples across one pixel of the crop; their mean is what an area-averaging resize would give."""


def aligned_crop(
    image_rgb: U8,
    landmarks_px: F32,
    *,
    size_px: int,
    margin: float,
    lift: float = 0.0,
    colour: bool = False,
) -> U8:
    """The face as a grey square (size_px, size_px): upright, centred, area-averaged.

    With `colour` an RGB one, (size_px, size_px, 3).

    The square's side is `margin` times the longer side of the box around all landmarks, measured
    after the eyes were turned level; `lift` moves its centre towards the forehead by that share
    of the unenlarged side. Beyond the picture its border repeats. `image_rgb` is (H, W, 3),
    `landmarks_px` (478, 2 or more) with pixel centres on whole numbers.
    Raises ValueError when landmarks are not finite or all fall on one point.
    """
    points = np.asarray(landmarks_px[:, :2], np.float64)
    if not np.isfinite(points).all():
        raise ValueError("landmarks are not finite")
    centre, right, side = upright_square(points, lift=lift)
    if side <= 0:
        raise ValueError("landmarks all fall on one point")
    return cut_square(image_rgb, centre, right, side * margin, size_px=size_px, colour=colour)


def whole_crop(image_rgb: U8, *, size_px: int, colour: bool = False) -> U8:
    """What is read where no mesh is found: the whole picture (H, W, 3), as `aligned_crop` gives it.

    The square has the longer side and lies in the middle; beyond the picture its border repeats.
    """
    height, width = image_rgb.shape[:2]
    centre = np.array([width / 2 - 0.5, height / 2 - 0.5])
    side = float(max(height, width))
    return cut_square(image_rgb, centre, np.array([1.0, 0.0]), side, size_px=size_px, colour=colour)


def cut_square(
    image_rgb: U8,
    centre: F64,
    right: F64,
    side: float,
    *,
    size_px: int,
    colour: bool = False,
) -> U8:
    """The grey square (size_px, size_px) around `centre`, its upper edge along the vector `right`.

    `centre` (2,) and `side` in pixels, `right` (2,) of length one. Area-averaged. With `colour`
    an RGB one, (size_px, size_px, 3).
    """
    # Only the part of the picture that the turned square can touch is looked at; a big face is
    # first halved, and halved again, which costs far less than sampling all of it.
    fine = _SAMPLES * size_px
    down, across = (_shrink(side / fine, length) for length in image_rgb.shape[:2])
    reach = side / 2 * (abs(right[0]) + abs(right[1])) + 2 * max(down, across)
    patch, x0, y0 = _patch(image_rgb, centre, reach=reach, multiples=(down, across))
    shown = patch if colour else cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    for done in range(max(down, across).bit_length() - 1):
        height, width = shown.shape[:2]
        size = width // (2 if across >> done > 1 else 1), height // (2 if down >> done > 1 else 1)
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)

    x = ((centre[0] - x0) + 0.5) / across - 0.5
    y = ((centre[1] - y0) + 0.5) / down - 0.5
    half = (fine - 1) / 2
    in_x = np.array([right[0], -right[1]]) * (side / fine / across)
    in_y = np.array([right[1], right[0]]) * (side / fine / down)
    from_fine = np.array([[*in_x, x - half * in_x.sum()], [*in_y, y - half * in_y.sum()]])
    sampled = cv2.warpAffine(
        shown,
        from_fine,
        (fine, fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    out: U8 = cv2.resize(sampled, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return out


def standardised(crops: U8 | F32) -> F32:
    """(S, S) or (N, S, S) greys to (N, S, S) f32: mean 0 and spread 1 inside the face's oval.

    What lights a face, and how much its skin reflects, scale its greys; measured against itself, a
    dark face and a fair one look alike to the network. Values end at 3 spreads. Zeros for a face
    without any contrast. Colour, (N, S, S, 3), has one mean and one spread for all three, so that
    a face keeps its hue.
    """
    faces = _many(crops).astype(np.float32, copy=False)
    inside = faces[:, face_oval(faces.shape[1])].reshape(len(faces), -1)
    alone = (-1,) + (1,) * (faces.ndim - 1)
    mean = inside.mean(1).reshape(alone)
    spread = np.maximum(inside.std(1), _LEAST_SPREAD).reshape(alone)
    out: F32 = np.clip((faces - mean) / spread, -_FURTHEST, _FURTHEST)
    return out


@lru_cache(maxsize=8)
def face_oval(size_px: int) -> npt.NDArray[np.bool_]:
    """(size_px, size_px) true where an aligned crop shows face, whoever it is."""
    at = (np.arange(size_px) + 0.5) / size_px
    x = (at - _FACE_CENTRE[0]) / _FACE[0]
    y = (at - _FACE_CENTRE[1]) / _FACE[1]
    oval: npt.NDArray[np.bool_] = (x[None] ** 2 + y[:, None] ** 2) <= 1
    oval.flags.writeable = False
    return oval


def to_input(
    crops: U8 | F32, *, size_px: int, mean: float | Sequence[float], std: float | Sequence[float]
) -> F32:
    """(S, S) or (N, S, S) grey crops to (N, 1, size_px, size_px) f32, (x / 255 - mean) / std.

    Crops with channels, (N, S, S, C), give (N, C, size_px, size_px); `mean` and `std` then may
    have one number for each. Enlarged bilinearly, averaged down by area.
    """
    faces = _many(crops)
    planes = faces[..., None] if faces.ndim == 3 else faces
    n, side, _, count = planes.shape
    out = np.empty((n, count, size_px, size_px), np.float32)
    how = cv2.INTER_LINEAR if size_px >= side else cv2.INTER_AREA
    for face, into in zip(planes, out, strict=True):
        for channel in range(count):
            # In f32: rounding to whole greys a second time would not match what training sees.
            plane = face[..., channel].astype(np.float32)
            cv2.resize(plane, (size_px, size_px), dst=into[channel], interpolation=how)
    spread = np.broadcast_to(np.asarray(std, np.float64), (count,))[:, None, None]
    out *= (1 / (255 * spread)).astype(np.float32)
    out -= (np.asarray(mean, np.float64).reshape(-1, 1, 1) / spread).astype(np.float32)
    return out


def _many(crops: U8 | F32) -> U8 | F32:
    """One grey crop (S, S) as a batch of one; batches as they are."""
    return crops[None] if crops.ndim == 2 else crops


def upright_square(
    points: F64, *, lift: float
) -> tuple[
    F64,
    F64,
    float,
]:
    """Centre (2,), unit vector along the eyes (2,) and side of the upright box, in pixels."""
    eyes = points[np.array(_EYES)].mean(1)
    along = eyes[1] - eyes[0]
    length = math.hypot(*along)
    right = along / length if length > 0 else np.array([1.0, 0.0])
    down = np.array([-right[1], right[0]])
    u, v = points @ right, points @ down
    side = float(max(np.ptp(u), np.ptp(v)))
    centre = right * ((u.min() + u.max()) / 2) + down * ((v.min() + v.max()) / 2 - lift * side)
    return centre, right, side


def _shrink(pixels_per_sample: float, length: int) -> int:
    """The power of 2 to shrink a side of the picture by: none of its strips may vanish."""
    shrink = 1
    while 2 * shrink <= pixels_per_sample and 2 * shrink <= length:
        shrink *= 2
    return shrink


def _patch(
    image: U8,
    centre: F64,
    *,
    reach: float,
    multiples: tuple[int, int],
) -> tuple[U8, int, int]:
    """The part of `image` within `reach` of `centre`, and its origin x, y.

    Its height is a multiple of the first of `multiples`, its width of the second.

    A square wholly beside the picture still gets the nearest strip of it.
    """
    spans = []
    lengths = image.shape[:2]
    for at, length, multiple in zip(centre[::-1], lengths, multiples, strict=True):
        whole = max(multiple, length - length % multiple)
        lo = int(np.clip(math.floor(at - reach), 0, max(0, length - multiple)))
        hi = int(np.clip(math.ceil(at + reach) + 1, lo + 1, length))
        count = min(max(1, math.ceil((hi - lo) / multiple)) * multiple, whole)
        spans.append((max(0, min(lo, length - count)), count))
    (y0, height), (x0, width) = spans
    return image[y0 : y0 + height, x0 : x0 + width], x0, y0
