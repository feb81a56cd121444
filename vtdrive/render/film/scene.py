"""What a film shows: the seam between the film's process and those who paint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.film.reel import Moment
from vtdrive.types import U8

if TYPE_CHECKING:
    from vtdrive.render.drawer import Drawer

__all__ = ["AvatarScene", "Scene"]


class Scene(Protocol):
    """Travels to the film's process by pickle before it is opened there."""

    def open(self) -> None:
        """Load what is painted; raises VtdriveError."""

    def paint(self, moment: Moment, picture: int) -> U8:
        """(height, width, 4) premultiplied, picture number `picture` of the film; the next call may
        write over it."""

    def use(self, look: AvatarConfig) -> None:
        """Another look of the avatar from now on, in a picture of the same size."""

    def close(self) -> None:
        """Release everything."""


class AvatarScene:
    """The avatar alone, as `[avatar]` wants it."""

    def __init__(self, look: AvatarConfig) -> None:
        self._look = look
        self._size = (look.width, look.height)
        self._drawer: Drawer | None = None

    def open(self) -> None:
        from vtdrive.render.drawer import Drawer

        self._drawer = Drawer(self._look, size=self._size)
        self._drawer.open()

    def paint(self, moment: Moment, picture: int) -> U8:
        assert self._drawer is not None, "paint before open"
        return self._drawer.draw(moment.state, moment.t_ns)

    def use(self, look: AvatarConfig) -> None:
        if self._drawer is not None:
            self._drawer.use(look)

    def close(self) -> None:
        drawer, self._drawer = self._drawer, None
        if drawer is not None:
            drawer.close()
