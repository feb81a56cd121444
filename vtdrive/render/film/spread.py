"""Straight alpha for lossy films, with colour also where nothing is seen."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.render.pictures import straight
from vtdrive.types import U8

__all__ = ["spread"]

_COARSE: Final = 8
_FAINT: Final = 24
"""Below this alpha the colour that premultiplied bytes hold is too coarse to be kept."""


def spread(rgba: U8) -> U8:
    """(H, W, 4) premultiplied → straight, the colour of edges carried on into what is transparent.

    Video halves the resolution of colour: black behind the edge would show as a dark rim there,
    and cost more bytes than a colour that goes on.
    """
    import cv2

    out = straight(rgba)
    alpha = rgba[..., 3]
    bare = alpha < _FAINT
    if not bare.any():
        return out
    height, width = alpha.shape
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    coarse = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    # Near edges their own colour, far from them ever wider averages.
    colour, known = np.zeros_like(coarse[..., :3]), np.zeros(coarse.shape[:2], np.float32)
    for reach in (3, 9, 31):
        wide = cv2.blur(coarse, (reach, reach), borderType=cv2.BORDER_REPLICATE)
        weight = (1.0 - known) * np.minimum(wide[..., 3] / 8.0, 1.0)
        colour += (weight / np.maximum(wide[..., 3], 1e-3) * 255.0)[..., None] * wide[..., :3]
        known += weight
    mean = coarse.reshape(-1, 4).mean(axis=0)
    if mean[3] > 0:
        colour += ((1.0 - known) * 255.0 / mean[3])[..., None] * mean[:3]
    full = cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR)
    np.copyto(out[..., :3], np.clip(full, 0, 255).astype(np.uint8), where=bare[..., None])
    return out
