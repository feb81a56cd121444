"""The drawer at work in the process that paints: made, changed, mended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import VtdriveError
from vtdrive.render.stage.messages import Draws
from vtdrive.types import U8, FaceState

__all__ = ["Easel"]

_RETRY_NS: Final = 2_000_000_000
_REFRESH_NS: Final = 500_000_000
_PATIENCE: Final = 5
"""Pictures in a row that may fail before the drawer is made anew."""
_ANEW: Final = ("width", "height")
"""What another drawer is needed for."""
_BROKEN: Final = "report this; another avatar may work meanwhile ([avatar] name)"


class Easel:
    """Draws, or says in `fault` why it does not; tries again by itself. Times are steady."""

    def __init__(self, look: AvatarConfig, make: Callable[[AvatarConfig], Draws]) -> None:
        self.look = look
        """What is drawn, or shall be."""
        self.fault: VtdriveError | None = None
        self.news: deque[str] = deque()
        self._make = make
        self._drawer: Draws | None = None
        self._retry_ns: int | None = None
        self._refresh_ns = 0
        self._failed = 0

    def ready(self, now_ns: int) -> bool:
        """Whether there is a drawer; makes one where it is time, which takes a while."""
        if self._drawer is None and (self._retry_ns is None or now_ns >= self._retry_ns):
            self._retry_ns = now_ns + _RETRY_NS
            self._drawer = self._made(self.look)
        return self._drawer is not None

    def draw(self, state: FaceState, t_ns: int, *, backdrop: U8 | None) -> U8 | None:
        """(H, W, 4) of the drawer, reused by its next picture; None where it failed."""
        if self._drawer is None:
            return None
        try:
            rgba = self._drawer.draw(state, t_ns, backdrop=backdrop)
        except Exception as fault:  # one bad picture must not end the performance
            self.fault = _explained(fault)
            self._failed += 1
            if self._failed >= _PATIENCE:
                self.close()
                self._retry_ns = t_ns + _RETRY_NS
            return None
        if self._failed:
            self._failed, self.fault = 0, None
        return rgba

    def relook(self, look: AvatarConfig) -> None:
        """Draw as `look` says; what cannot be drawn leaves the old picture, and a fault."""
        anew = any(getattr(look, name) != getattr(self.look, name) for name in _ANEW)
        if self._drawer is None:
            self.look, self._retry_ns = look, None
        elif anew:
            made = self._made(look)
            if made is not None:
                self.close()
                self._drawer, self.look = made, look
        else:
            try:
                self._drawer.use(look)
            except Exception as fault:  # as above
                self.fault = _explained(fault)
            else:
                self.look, self.fault = look, None

    def refresh(self, now_ns: int) -> None:
        """Take files that changed, looked for twice a second."""
        if self._drawer is None or now_ns < self._refresh_ns:
            return
        self._refresh_ns = now_ns + _REFRESH_NS
        try:
            said = self._drawer.refresh()
        except Exception as fault:  # as above
            self.fault = _explained(fault)
            return
        if said:
            self.news.append(said)
            self.fault = None

    def close(self) -> None:
        """Put the drawer away."""
        drawer, self._drawer = self._drawer, None
        self._failed = 0
        if drawer is not None:
            with suppress(Exception):  # it is gone either way
                drawer.close()

    def _made(self, look: AvatarConfig) -> Draws | None:
        drawer: Draws | None = None
        try:
            drawer = self._make(look)
            drawer.open()
        except Exception as fault:  # as above
            self.fault = _explained(fault)
            if drawer is not None:
                with suppress(Exception):
                    drawer.close()
            return None
        self.fault = None
        return drawer


def _explained(fault: Exception) -> VtdriveError:
    if isinstance(fault, VtdriveError):
        return fault
    return VtdriveError(f"the avatar cannot be painted: {fault!r}", _BROKEN)
