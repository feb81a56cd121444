"""What lies behind the avatar: nothing, a colour, a picture, or the camera's picture, blurred."""

from __future__ import annotations

import re
from typing import Final

import cv2
import numpy as np

from vtdrive.errors import UsageError
from vtdrive.render.library import there_is, user_path
from vtdrive.render.picture_files import PictureError, read_picture
from vtdrive.types import U8

__all__ = ["Background", "colour_of"]

_COLOUR = re.compile(r"#([0-9a-fA-F]{6})")
_BLUR_PX: Final = 64
"""The blurred camera has so few pixels across that nobody in it can be told, and is stretched."""
_RIM: Final = (247, 242, 245, 255)
_SOLID: Final = np.clip(2 * np.arange(256) - 255, 0, 255).astype(np.uint8)
"""Alpha to alpha: what is half seen through, such as a shadow, has no rim."""


def colour_of(text: str) -> tuple[int, int, int] | None:
    """Red, green, blue of `#rrggbb`; None where `text` is no such thing."""
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        return None
    red, green, blue = bytes.fromhex(found[1])
    return red, green, blue


class Background:
    """One background at one size."""

    def __init__(self, text: str, size: tuple[int, int], *, mirror: bool = False) -> None:
        """`text` as in `[avatar] background`; `mirror`: the camera's picture as in a mirror, as
        the avatar moves. Raises UsageError."""
        self._size = size
        self._mirror = mirror
        self._blur = text.strip() == "blur"
        self._still: U8 | None = None
        self._last: U8 | None = None
        self._made: U8 | None = None
        colour = colour_of(text)
        if colour is not None:
            self._still = np.empty((size[1], size[0], 4), np.uint8)
            self._still[:] = (*colour, 255)
        elif text.strip() not in ("transparent", "blur"):
            self._still = self._picture(text)

    def under(self, backdrop: U8 | None) -> U8 | None:
        """(height, width, 4) to paint over; None for nothing. `backdrop`: the camera's picture."""
        if not self._blur:
            return self._still
        if backdrop is not None and backdrop is not self._last:
            self._last, self._made = backdrop, self._blurred(backdrop)
        return self._made

    def outlined(self, avatar: U8, under: U8 | None, width_px: float) -> U8:
        """The avatar with a light rim of that width, over `under`."""
        side = 2 * max(1, round(width_px)) + 1
        shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        wider = cv2.dilate(cv2.LUT(avatar[..., 3], _SOLID), shape)
        rim = (np.multiply.outer(wider.astype(np.uint16), _RIM) // 255).astype(np.uint8)
        below = rim if under is None else _over(rim, under)
        return _over(avatar, below)

    def _picture(self, text: str) -> U8:
        path = user_path(text)
        if not there_is(path):
            raise UsageError(
                f"background {text[:80]!r} is no picture that is there",
                "write transparent, blur, a colour such as #00ff00, or a picture's path",
            )
        try:
            rgba = read_picture(path).rgba
        except PictureError as fault:
            raise UsageError(f"background {text}: {fault}", "choose another picture") from None
        filling = _filling(rgba, self._size)
        # A cubic may swing past the alpha of what is half seen through.
        np.minimum(filling[..., :3], filling[..., 3:], out=filling[..., :3])
        return filling

    def _blurred(self, rgb: U8) -> U8:
        high = max(2, round(_BLUR_PX * rgb.shape[0] / rgb.shape[1]))
        small = cv2.resize(rgb, (_BLUR_PX, high), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small[:, ::-1] if self._mirror else small, (0, 0), 1.5)
        rgba = np.full((*small.shape[:2], 4), 255, np.uint8)
        rgba[..., :3] = small
        return _filling(rgba, self._size, cv2.INTER_CUBIC)


def _filling(rgba: U8, size: tuple[int, int], how: int = cv2.INTER_AREA) -> U8:
    """Scaled and cropped so that it fills `size` without being distorted."""
    height, width = rgba.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = max(size[0], round(width * scale)), max(size[1], round(height * scale))
    scaled = cv2.resize(rgba, (wide, high), interpolation=how if scale <= 1 else cv2.INTER_CUBIC)
    x, y = (wide - size[0]) // 2, (high - size[1]) // 2
    return np.ascontiguousarray(scaled[y : y + size[1], x : x + size[0]])


def _over(upper: U8, lower: U8) -> U8:
    """Premultiplied `upper` over premultiplied `lower`."""
    let_through = 255 - upper[..., 3]
    shade = cv2.multiply(lower, cv2.merge([let_through] * 4), scale=1 / 255)
    return np.asarray(cv2.add(upper, shade))
