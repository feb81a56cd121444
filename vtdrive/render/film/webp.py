"""Animated WebP: transparent, loops, and shows wherever a picture does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtdrive.render.film.container import ContainerFilm
from vtdrive.render.film.spread import spread
from vtdrive.types import U8

__all__ = ["WebP"]


class WebP(ContainerFilm):
    """For short pieces: all of it is held in memory, encoded, and written at the end."""

    container = "webp"
    codec = "libwebp_anim"
    pixels = "bgra"
    coloured = False
    plays_torn = False

    def _picture(self, rgba: U8) -> Any:
        bgra = spread(rgba)[..., [2, 1, 0, 3]]
        return self._av.VideoFrame.from_ndarray(bgra, format="bgra")

    def _options(self) -> Mapping[str, str]:
        return {"quality": str(self._spec.quality), "compression_level": "3"}

    def _container_options(self) -> Mapping[str, str]:
        return {**super()._container_options(), "loop": "0"}
