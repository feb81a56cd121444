"""WebM: VP9 with transparency, for editing programs, OBS and browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtdrive.render.film.container import ContainerFilm
from vtdrive.render.film.spread import spread
from vtdrive.types import U8

__all__ = ["WebM"]


class WebM(ContainerFilm):
    """Written in clusters, which play as far as they go."""

    container = "webm"
    codec = "libvpx-vp9"
    pixels = "yuva420p"

    def _picture(self, rgba: U8) -> Any:
        return self._av.VideoFrame.from_ndarray(spread(rgba), format="rgba")

    def _options(self) -> Mapping[str, str]:
        return {
            "crf": f"{63 - 0.45 * self._spec.quality:.0f}",
            "b": "0",
            "deadline": "realtime",
            "cpu-used": "6",
            "row-mt": "1",
            # The layer of transparency allows no frames that are not shown.
            "auto-alt-ref": "0",
        }
