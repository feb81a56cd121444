"""The same face in other light: skin and background lit apart, through a cheap webcam. Pure.

What a camera does is done in its order: light falls on the sensor, the exposure scales it, photons
and electronics add noise, the sensor saturates, the curve is applied, 8 bits are left. Nothing
moves, so the expression stays what it was.

A picture's greys are taken to follow the usual curve, `light = (grey / 255) ** 2.2`. What the first
camera had already cut to black or white cannot come back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.types import F32, U8

__all__ = ["BINS", "Scene", "draw_scene", "face_mask", "relit"]

BINS = (25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 175.0)
"""Mean greys of the face, of 255, that pictures are relit to."""

_CURVE = 2.2
_GAMMA = 1.4
"""Contrast changes by powers of 1 / this to this."""
_BACKGROUND = (20.0, 200.0)
"""Mean grey of what is not face."""
_MOST_GAIN = 8.0
"""Of a background's greys: a black one stays dark."""
_FULL_ELECTRONS = (1500.0, 6000.0)
"""Electrons that white is, in one of a webcam's small pixels, at the gain it needs indoors."""
_READ_ELECTRONS = 4.0
"""Noise of the electronics in one of them, standard deviation."""
_AVERAGED = (2.0, 8.0)
"""Independent camera pixels in one of the crop: a face is 96 to 192 pixels wide, hence 4 to 16,
of which colour filters and compression leave about half."""

_FINE = 8
"""Sub-pixels across one pixel of the mask."""
_CLOSE = 0.25
"""Greys by which the mean may miss; rounding to 8 bits allows no less in a small face."""
_STEPS = 80
_REACH = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that is drawn by chance for one face; the same for every brightness of its skin."""

    skin_gamma: float
    background_gamma: float
    background_grey: float
    """Wanted mean, of 255."""
    full_electrons: float
    averaged: float
    """Camera pixels in one of the picture; `full_electrons` is of each."""
    noise: F32
    """(H, W) of a standard normal distribution, or of a wider or narrower one."""


def draw_scene(
    rng: np.random.Generator, height_px: int, width_px: int, *, noise: float = 1.0
) -> Scene:
    """A room, its lamps and its camera; `noise` times as noisy as a webcam is."""

    def between(lo: float, hi: float) -> float:
        return math.exp(rng.uniform(math.log(lo), math.log(hi)))

    return Scene(
        skin_gamma=between(1 / _GAMMA, _GAMMA),
        background_gamma=between(1 / _GAMMA, _GAMMA),
        background_grey=between(*_BACKGROUND),
        full_electrons=between(*_FULL_ELECTRONS),
        averaged=between(*_AVERAGED),
        noise=rng.standard_normal((height_px, width_px), dtype=np.float32) * np.float32(noise),
    )


def face_mask(landmarks_px: F32, height_px: int, width_px: int) -> F32:
    """(H, W) share of each pixel, 0..1, inside the hull of the mesh (its outermost is the oval).

    `landmarks_px` is (N, 2 or more) with pixel centres on whole numbers.
    """
    fine = np.zeros((height_px * _FINE, width_px * _FINE), np.uint8)
    points = (np.asarray(landmarks_px)[:, :2].astype(np.float64) + 0.5) * _FINE - 0.5
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    cv2.fillConvexPoly(fine, hull, 1)
    shares: F32 = fine.reshape(height_px, _FINE, width_px, _FINE).mean((1, 3), dtype=np.float32)
    return shares


def relit(image: U8, mask: F32, scene: Scene, *, skin_grey: float) -> U8 | None:
    """The grey picture (H, W) with the mean of the face at `skin_grey`, of 255.

    The mean is that of the finished picture, noise, saturation and rounding included, over pixels
    that are face by half or more; it is met within a quarter of a grey. None where no exposure
    meets it, or `mask` (H, W) holds no face.
    """
    inside = mask >= 0.5
    if not inside.any():
        return None
    light = (image.astype(np.float32) / 255) ** _CURVE
    skin = light**scene.skin_gamma
    background = _background(light**scene.background_gamma, mask, grey=scene.background_grey)
    gain = _exposure(skin, background, mask, scene, inside=inside, wanted=skin_grey)
    if gain is None:
        return None
    return _exposed(skin, background, mask, scene.noise, scene, gain=gain)


def _background(light: F32, mask: F32, *, grey: float) -> F32:
    """The light of what is not face, scaled so that its greys have that mean, nearly."""
    outside = mask < 0.5
    if not outside.any():
        return light
    mean = float((light[outside] ** (1 / _CURVE)).mean()) * 255
    out: F32 = light * np.float32(min(grey / max(mean, 1e-3), _MOST_GAIN) ** _CURVE)
    return out


def _exposed(skin: F32, background: F32, mask: F32, noise: F32, scene: Scene, *, gain: float) -> U8:
    """The finished picture; `gain` scales the skin's greys. The arrays may be parts of it."""
    full = scene.full_electrons * scene.averaged
    electrons = (mask * skin * np.float32(gain**_CURVE) + (1 - mask) * background) * full
    # Photons arrive by chance: their spread is the root of their number.
    read = _READ_ELECTRONS**2 * scene.averaged
    electrons = electrons + noise * np.sqrt(electrons + np.float32(read))
    curved = np.clip(electrons / full, 0, 1) ** np.float32(1 / _CURVE)
    out: U8 = np.round(curved * 255).astype(np.uint8)
    return out


def _exposure(
    skin: F32,
    background: F32,
    mask: F32,
    scene: Scene,
    *,
    inside: npt.NDArray[np.bool_],
    wanted: float,
) -> float | None:
    """The gain that brings the mean of the face to `wanted`, by steps inside a bracket."""
    parts = skin[inside], background[inside], mask[inside], scene.noise[inside]
    lo, hi = 1 / _REACH, _REACH
    gain = wanted / max(float((parts[0] ** (1 / _CURVE)).mean()) * 255, 1.0)
    for step in range(_STEPS):
        mean = float(_exposed(*parts, scene, gain=gain).mean())
        if abs(mean - wanted) <= _CLOSE:
            return gain
        lo, hi = (gain, hi) if mean < wanted else (lo, gain)
        # In proportion is right but for noise and saturation; halving is what surely ends.
        gain *= wanted / max(mean, 1.0)
        if step % 8 > 5 or not lo < gain < hi:
            gain = math.sqrt(lo * hi)
    return None
