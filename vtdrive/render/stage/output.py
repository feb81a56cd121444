"""The seam that outputs of pictures implement, inside the process that paints."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8

__all__ = ["Output", "Picture"]


class Picture(NamedTuple):
    """One painted picture. Equal to nothing but itself; may be kept."""

    rgba: U8
    """(height, width, 4) premultiplied RGBA, C-contiguous, read-only, never written again."""
    seq: int
    """Counts the pictures painted, from 0; one that is skipped was not shown."""
    t_ns: int
    """Capture time of the face it shows, by `clock.SYSTEM_CLOCK` (the same in all processes)."""
    painted_ns: int
    """When it was ready, by the same clock."""


@runtime_checkable
class Output(Protocol):
    """Shows pictures. All calls come from one thread, which is this output's own.

    `open` may be called again after `close`: the stage does so 2 s after `open` or `show` raised
    SinkError, and when the size or rate of the pictures changed. After SinkUnusable it never is.
    `close` is called once for each `open`, also after a failed one; it does not raise, and is back
    within 2 s. An output that shows pictures by a clock of its own (a camera) keeps a thread for
    that and is handed only the newest.
    """

    name: str
    """For the user: `virtualcam OBS Virtual Camera`. May change with `open`."""
    stats: SinkStats
    """Its own account: `frames` and, where it knows, `connected`, `bytes_sent`, `note`. A fault
    that passes by itself may stand in `last_error` and `remedy`; one that was raised is put there
    by the stage."""

    def open(self, width: int, height: int, fps: float) -> None:
        """Get ready for pictures of that size, about `fps` a second. Raises SinkError (worth
        another try), SinkUnusable (never), both with a remedy."""

    def show(self, picture: Picture) -> None:
        """Show it. May block: only the newest picture is kept meanwhile. Raises SinkError."""

    def close(self) -> None:
        """Release everything."""
