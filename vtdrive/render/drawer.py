"""One avatar, drawn: a face and the time in, a picture out. Follows changes of its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from vtdrive.config.avatar import AvatarConfig
from vtdrive.core.mirror import mirrored
from vtdrive.errors import ConfigError, VtdriveError
from vtdrive.render.background import Background
from vtdrive.render.library import avatar_folder
from vtdrive.render.motion import Motion
from vtdrive.render.paint.painter import Painter, Place
from vtdrive.render.rig import Rig, load_rig
from vtdrive.render.stamps import Stamp, stamp_of, stamps_in
from vtdrive.types import F32, U8, FaceState

__all__ = ["Drawer"]

_STILL_HZ: Final = 60.0


class Drawer:
    """Not for several threads at once. `open` before the first `draw`."""

    def __init__(self, look: AvatarConfig, *, size: tuple[int, int] | None = None) -> None:
        """`size` (width, height) instead of the look's own."""
        self._look = look
        self._size = size or (look.width, look.height)
        self._stamps: dict[Path, Stamp] = {}
        self._failed = False
        """Whether the files of `_stamps` could not be used: then they are all that there are."""
        self._good: F32 | None = None

    def open(self) -> None:
        """Load the avatar; raises UsageError or ConfigError with what is wrong in its files."""
        folder = avatar_folder(self._look.name)
        before = stamps_in(folder)
        self._use(folder, load_rig(folder), None, before)
        self._background = _behind(self._look, self._size)

    @property
    def name(self) -> str:
        """Of the avatar, as its author wrote it."""
        return self._rig.avatar.name

    @property
    def params(self) -> tuple[str, ...]:
        """Names of what moves it."""
        return self._motion.names

    def draw(self, state: FaceState, t_ns: int, *, backdrop: U8 | None = None) -> U8:
        """(height, width, 4) premultiplied RGBA of the avatar at `t_ns` of any steady clock.

        The array is used again by the next call. `backdrop` (any size, RGB) is the camera's
        picture for the background `blur`.
        """
        seen = mirrored(state) if self._look.mirror else state
        return self.paint(self._motion.step(seen, t_ns), backdrop=backdrop)

    def still(self, state: FaceState, *, settle_s: float = 2.0) -> U8:
        """The picture of a face that has been made for `settle_s`, when springs have come to rest.

        Begins anew each time, from the avatar at rest.
        """
        motion = Motion(self._rig.avatar)
        seen = mirrored(state) if self._look.mirror else state
        steps = max(1, round(settle_s * _STILL_HZ))
        for i in range(steps):
            params = motion.step(seen, round(i * 1e9 / _STILL_HZ))
        return self.paint(params)

    def paint(self, params: F32, *, backdrop: U8 | None = None) -> U8:
        """The picture at `params`, in the order of `self.params`, whatever a face does."""
        if np.isfinite(params).all():
            self._good = params
        elif self._good is not None:
            params = self._good
        under = self._background.under(backdrop)
        if not self._look.outline_px:
            return self._painter.paint(params, under)
        return self._background.outlined(self._painter.paint(params), under, self._look.outline_px)

    def refresh(self) -> str:
        """Load the avatar anew where its files have changed; a sentence about it, or "".

        Files that are wrong leave the avatar as it is.
        """
        folder = self._folder
        if self._failed:
            # What was missing may have come, under any name.
            same = self._stamps == stamps_in(folder)
        else:
            same = self._stamps == {path: stamp_of(path) for path in self._stamps}
        if same:
            return ""
        # Before they are read: a file that is written meanwhile is read again.
        before = stamps_in(folder)
        try:
            rig = load_rig(folder)
        except ConfigError as fault:
            self._stamps, self._failed = before, True
            return f"the avatar was not reloaded, the old one stays:\n{fault}"
        self._use(folder, rig, self._motion, before)
        return f"{rig.avatar.name}: reloaded"

    def use(self, look: AvatarConfig) -> None:
        """Another name, place or background from now on, the size staying as it is. Raises
        UsageError or ConfigError, and then goes on with what it had."""
        old, self._look = self._look, look
        try:
            background = _behind(look, self._size)
            if look.name != old.name:
                folder = avatar_folder(look.name)
                before = stamps_in(folder)
                self._use(folder, load_rig(folder), self._motion, before)
            else:
                self._painter.place_at(self._rig, self._placed(self._rig))
        except VtdriveError:
            self._look = old
            raise
        self._background = background

    def close(self) -> None:
        """Release the pictures."""
        self._stamps = {}

    def _use(
        self, folder: Path, rig: Rig, former: Motion | None, before: Mapping[Path, Stamp]
    ) -> None:
        """`before`: stamps of the folder's files from before they were read."""
        motion = Motion(rig.avatar)
        if former is not None:
            motion.adopt(former)
        painter = Painter(rig, motion.names, *self._size, self._placed(rig))
        self._folder, self._rig, self._motion, self._good = folder, rig, motion, None
        self._painter, self._failed = painter, False
        self._stamps = {path: before.get(path) or stamp_of(path) for path in rig.files}

    def _placed(self, rig: Rig) -> Place:
        look = self._look
        return Place(rig, *self._size, zoom=look.zoom, x=look.x, y=look.y)


def _behind(look: AvatarConfig, size: tuple[int, int]) -> Background:
    return Background(look.background, size, mirror=look.mirror)
