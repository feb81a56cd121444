"""From a picture to the bytes that a virtual camera takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import numpy as np

from vtdrive.render.pictures import Colour, flattened, straight
from vtdrive.types import U8

__all__ = ["CHROMA_KEY", "FORMATS", "converter"]

CHROMA_KEY: Final[Colour] = (0, 255, 0)
"""Stands for transparency where a camera has none."""


def converter(pixel_format: str) -> Callable[[U8], U8]:
    """What makes one of `FORMATS` of a (H, W, 4) premultiplied RGBA picture, H and W even."""
    return FORMATS[pixel_format]


def _rgb(rgba: U8) -> U8:
    return flattened(rgba, CHROMA_KEY)


def _by_opencv(code: str) -> Callable[[U8], U8]:
    def convert(rgba: U8) -> U8:
        import cv2

        return cast(U8, cv2.cvtColor(_rgb(rgba), getattr(cv2, code)))

    return convert


_i420 = _by_opencv("COLOR_RGB2YUV_I420")


def _nv12(rgba: U8) -> U8:
    height, width = rgba.shape[:2]
    planes = _i420(rgba).reshape(-1)
    luma, chroma = np.split(planes, [height * width])
    return np.concatenate([luma, chroma.reshape(2, -1).T.reshape(-1)])


FORMATS: Final[dict[str, Callable[[U8], U8]]] = {
    "RGB": _rgb,
    "BGR": _by_opencv("COLOR_RGB2BGR"),
    "RGBA": straight,
    "I420": _i420,
    "NV12": _nv12,
    "YUYV": _by_opencv("COLOR_RGB2YUV_YUY2"),
    "UYVY": _by_opencv("COLOR_RGB2YUV_UYVY"),
}
"""Named as pyvirtualcam names them. YUV is BT.601 with limited range, as webcams send it."""
