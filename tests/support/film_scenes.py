"""A scene that is cheap to paint and whose pictures can be read back: a disc on nothing."""

from __future__ import annotations

import numpy as np

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import ConfigError
from vtdrive.render.film.reel import Moment
from vtdrive.types import U8
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["COLOUR", "BrokenScene", "DiscScene", "width_of"]

COLOUR = (220, 60, 40)
_JAW = SHAPE_INDEX["jawOpen"]


class DiscScene:
    """An opaque bar at the left edge, as wide as the jaw is open (0..1 of the picture), then a bar
    of 40 px at half opacity; the rest is transparent."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._colour = COLOUR

    def open(self) -> None:
        pass

    def paint(self, moment: Moment, picture: int) -> U8:
        width, height = self._size
        out = np.zeros((height, width, 4), np.uint8)
        x = round(float(moment.state.shapes[_JAW]) * width)
        out[:, :x] = (*self._colour, 255)
        out[:, x : x + 40] = (*(c // 2 for c in self._colour), 128)
        return out

    def use(self, look: AvatarConfig) -> None:
        self._colour = (20, 60, 240)

    def close(self) -> None:
        pass


class BrokenScene(DiscScene):
    """Cannot be opened, or breaks at a picture."""

    def __init__(self, *, at: int | None = None) -> None:
        super().__init__(64, 64)
        self._at = at

    def open(self) -> None:
        if self._at is None:
            raise ConfigError("avatar.toml:3: art: there is no group 'hed'", "did you mean 'head'?")

    def paint(self, moment: Moment, picture: int) -> U8:
        if picture == self._at:
            raise ValueError("a bug")
        return super().paint(moment, picture)


def width_of(rgb: U8) -> float:
    """How wide the opaque bar of a decoded picture is, 0..1."""
    near = np.abs(rgb[..., :3].astype(int) - COLOUR).max(axis=-1) < 40
    return float(near.mean(axis=1)[rgb.shape[0] // 2])
