"""Side by side: the camera with its face mesh, what was read from it, the avatar."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import SourceNotFound
from vtdrive.render.drawer import Drawer
from vtdrive.render.film.reel import Moment
from vtdrive.render.pictures import over
from vtdrive.render.side_by_side.ink import LIGHT, text
from vtdrive.render.side_by_side.mesh import Mesh
from vtdrive.render.side_by_side.signals import SignalPanel
from vtdrive.types import U8

__all__ = ["HEIGHT", "WIDTH", "SideBySide"]

WIDTH: Final = 1280
HEIGHT: Final = 480
_CAMERA: Final = 480
_SIGNALS: Final = 340
_AVATAR: Final = WIDTH - _CAMERA - _SIGNALS
_STRIP: Final = 22
_ABOVE: Final = (206, 216, 250)
_BELOW: Final = (255, 226, 214)


class SideBySide:
    """Made for a clip: picture k of the film shows the clip's picture at that moment.

    The moments' times are the clip's own, from 0, and their points those of the clip's pixels. The
    avatar turns as the person beside it does, not as a mirror would show it.
    """

    def __init__(self, clip: Path, avatar: str, *, caption: str) -> None:
        """`caption` is written under the camera's picture: whose face it is."""
        self._clip = clip
        self._caption = caption
        look = {"name": avatar, "width": _AVATAR, "height": HEIGHT, "mirror": False}
        self._look = AvatarConfig.model_validate(look)
        self._film: Any = None
        self._read = 0
        self._camera: U8 = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def open(self) -> None:
        """Load avatar, mesh and clip; raises VtdriveError."""
        cv2.setNumThreads(1)
        self._drawer = Drawer(self._look)
        self._drawer.open()
        self._mesh = Mesh()
        self._signals = SignalPanel(_SIGNALS, HEIGHT)
        self._film = cv2.VideoCapture(str(self._clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._film.isOpened():
            raise SourceNotFound(f"{self._clip} does not open", "reinstall vtdrive")
        self._fps = float(self._film.get(cv2.CAP_PROP_FPS)) or 30.0
        self._backdrop = _backdrop(_AVATAR, HEIGHT)
        self._sheet = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
        self._rgb = np.empty((HEIGHT, WIDTH, 3), np.uint8)

    def paint(self, moment: Moment, picture: int) -> U8:
        """The three beside each other."""
        rgb = self._rgb
        self._face(rgb[:, :_CAMERA], moment)
        self._signals.draw(rgb[:, _CAMERA:-_AVATAR], moment.state)
        drawn = self._drawer.draw(moment.state, moment.t_ns)
        rgb[:, -_AVATAR:] = over(drawn, self._backdrop)
        cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA, dst=self._sheet)
        return self._sheet

    def use(self, look: AvatarConfig) -> None:
        """The demo's avatar stays as it is."""

    def close(self) -> None:
        """Close the clip."""
        if self._film is not None:
            self._film.release()
            self._film = None

    def _face(self, into: U8, moment: Moment) -> None:
        camera = self._at(moment.t_ns)
        height, width = camera.shape[:2]
        scale = HEIGHT / height
        left = (width * scale - _CAMERA) / 2
        place = np.array([[scale, 0, -left], [0, scale, 0]])
        into[:] = cv2.warpAffine(camera, place, (_CAMERA, HEIGHT), flags=cv2.INTER_LINEAR)
        if len(moment.points_px):
            panel = np.ascontiguousarray(into)
            self._mesh.draw(
                panel, moment.points_px[:, :2] * scale - np.array([left, 0], np.float32)
            )
            into[:] = panel
        strip = into[-_STRIP:]
        strip[:] = (strip * 0.45).astype(np.uint8)
        text(strip, (10, 4), self._caption, LIGHT, size_px=10)

    def _at(self, t_ns: int) -> U8:
        """The clip's picture at a time; the last one there is, where it ended."""
        wanted = round(t_ns * 1e-9 * self._fps)
        while self._read <= wanted and self._film.grab():
            self._read += 1
            if self._read > wanted:
                ok, bgr = self._film.retrieve()
                if ok:
                    self._camera = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return self._camera


def _backdrop(width: int, height: int) -> U8:
    """A soft light behind the avatar."""
    down = np.linspace(0.0, 1.0, height)[:, None, None]
    ramp = np.array(_ABOVE) * (1 - down) + np.array(_BELOW) * down
    across = np.linspace(-1.0, 1.0, width)[None, :, None]
    glow = np.exp(-((down * 2 - 0.9) ** 2 + across**2) * 1.6) * 26
    lit: U8 = np.clip(np.broadcast_to(ramp, (height, width, 3)) + glow, 0, 255).astype(np.uint8)
    return lit
