"""Sinks that show the built-in avatar: a virtual camera, a window, a page.

The picture is painted in another process (`vtdrive.render.stage`); this end hands it faces.
"""

from __future__ import annotations

from typing import Final

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks import PageSink, SinkTable, VirtualCamSink, WindowSink
from vtdrive.errors import SinkError, SinkUnusable, VtdriveError
from vtdrive.listening import endpoint
from vtdrive.render.stage.handle import Seat, Stage, take_seat
from vtdrive.render.stage.make import REAL
from vtdrive.render.stage.messages import Makers
from vtdrive.sinks.base import SinkStats
from vtdrive.types import U8, AvatarFrame, Profile, RigSchema

__all__ = ["PictureOutput"]

_NO_AVATAR: Final = "choose another avatar ([avatar] name, --avatar)"


class PictureOutput:
    """One place where the avatar is seen. All those of a run share one painting.

    `stats.frames` counts faces handed over; packets and bytes are what the output has shown.
    """

    slow = False
    every_frame = False

    def __init__(self, table: SinkTable, look: AvatarConfig, *, makers: Makers = REAL) -> None:
        self.name, self.target = _named(table)
        self.profile = Profile()
        self.stats = SinkStats()
        self._table = table
        self._look = look
        self._makers = makers
        self._seat: Seat | None = None

    @property
    def stage(self) -> Stage | None:
        """Where it is painted, while open; it tells how long that takes."""
        return None if self._seat is None else self._seat.stage

    @property
    def sees(self) -> bool:
        """Whether `see` is of use now."""
        return self._look.background == "blur"

    def open(self, schema: RigSchema) -> None:
        """Take a place; returns long before the first picture is there. Names play no role."""
        if self._seat is not None:
            return
        self._check(self._look)
        self._seat = take_seat(self._table, self._look, self.stats, makers=self._makers)

    def send(self, frame: AvatarFrame) -> None:
        """Hand over the face of `frame`; its picture follows by itself."""
        seat = self._seat
        if seat is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        # A recording's times are of another clock.
        captured_ns = frame.stages_ns.get("captured") or SYSTEM_CLOCK.now_ns()
        seat.put(frame.state, t_ns=captured_ns)
        self.stats.frames += 1

    def see(self, image: U8) -> None:
        """The camera's picture, for a background that is its blur. Kept nowhere."""
        if self._seat is not None:
            self._seat.stage.see(image)

    def relook(self, look: AvatarConfig) -> None:
        """Show another avatar, or the same one differently, from now on; from any thread.

        Raises SinkError where that cannot be; what was shown then stays.
        """
        if look == self._look:
            return
        self._check(look)
        self._look = look
        if self._seat is not None:
            self._seat.stage.relook(look)

    def close(self) -> None:
        """Once the avatar has been shown at rest: within a second or two."""
        seat, self._seat = self._seat, None
        if seat is not None:
            seat.leave()

    def _check(self, look: AvatarConfig) -> None:
        try:
            self._makers.check(self._table, look)
        except VtdriveError as fault:
            remedy = fault.remedy or _NO_AVATAR
            raise SinkUnusable(f"{self.name}: {fault.what}", remedy) from fault


def _named(table: SinkTable) -> tuple[str, str]:
    """What the user calls it, and what no other may serve at the same time."""
    match table:
        case PageSink():
            where = endpoint(table.host, table.port)
            return f"page {where}", f"tcp-listen:{where}"
        case VirtualCamSink(device=device) if device:
            return f"virtualcam {device}", f"camera:{device}"
        case WindowSink():
            return f"window {table.title!r}", ""
        case _:
            return str(getattr(table, "kind", "picture")), ""
