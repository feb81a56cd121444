"""One output at work in the process that paints: its thread, its faults, its retries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from vtdrive.config.base import Table
from vtdrive.errors import SinkError, SinkUnusable, UsageError, VtdriveError
from vtdrive.render.stage.output import Output, Picture

__all__ = ["Format", "Lane", "LaneReport"]

_RETRY_S: Final = 2.0
_BROKEN: Final = "report this to the author of the output"


class Format(NamedTuple):
    """What pictures are like."""

    width: int
    height: int
    fps: float


class LaneReport(NamedTuple):
    """What an output says of itself, to be read in another process."""

    name: str
    frames: int
    bytes_sent: int
    dropped: int
    connected: bool | None
    last_error: str
    remedy: str
    note: str


class Lane:
    """Serves one output from a thread of its own, with the newest picture only.

    A fault closes the output and opens it again after 2 s, for as long as it takes; SinkUnusable
    and other refusals of what the user asked for are final. None of it reaches other outputs.
    """

    def __init__(
        self,
        make: Callable[[Table], Output],
        table: Table,
        wished: Format,
        *,
        retry_s: float = _RETRY_S,
    ) -> None:
        kind = str(getattr(table, "kind", type(table).__name__))
        self._make = make
        self._table = table
        self._kind = kind
        self._output: Output | None = None
        self._wished = wished
        self._retry_s = retry_s
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._opened: Format | None = None
        self._leaving = False
        self._unusable = False
        self._fault: VtdriveError | None = None
        # A daemon, so that an output that hangs cannot keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"stage-{kind}", daemon=True)

    def start(self) -> None:
        """Make and open the output, in its thread."""
        self._thread.start()

    def show(self, picture: Picture) -> None:
        """Offer the newest picture; never waits."""
        with self._changed:
            self._picture = picture
            self._changed.notify()

    def use(self, wished: Format) -> None:
        """Pictures will be of another size or rate: the output is opened anew."""
        with self._changed:
            self._wished, self._unusable = wished, self._unusable and wished == self._wished
            self._changed.notify()

    def leave(self) -> None:
        """Show the picture that is still there, close the output and end; returns at once."""
        with self._changed:
            self._leaving = True
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Whether it has ended within `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def watched(self) -> bool:
        """Whether somebody may see its pictures: False where it shows none, or is known to have no
        viewer."""
        output = self._output
        if self._unusable or self._fault is not None:
            return False
        return output is None or output.stats.connected is not False

    def report(self) -> LaneReport:
        """What to tell the user; from any thread."""
        output, fault = self._output, self._fault
        what, remedy = ("", "") if fault is None else (fault.what, fault.remedy)
        if output is None:
            return LaneReport(self._kind, 0, 0, 0, None, what, remedy, "")
        stats = output.stats
        return LaneReport(
            name=output.name,
            frames=stats.frames,
            bytes_sent=stats.bytes_sent,
            dropped=stats.dropped,
            connected=stats.connected,
            last_error=what or stats.last_error,
            remedy=remedy if what else stats.remedy,
            note=stats.note,
        )

    def _run(self) -> None:
        while True:
            picture = self._next()
            if picture is None and self._leaving:
                self._close()
                return
            if self._unusable:
                continue
            try:
                self._serve(picture)
            except Exception as fault:  # only this output is closed, whatever it raises
                self._fall(fault)

    def _next(self) -> Picture | None:
        """The newest picture; None where there is something else to do: open, or leave."""
        with self._changed:
            while self._picture is None and not self._leaving and not self._to_open:
                self._changed.wait()
            picture, self._picture = self._picture, None
            return picture

    @property
    def _to_open(self) -> bool:
        return self._opened != self._wished and not self._unusable

    def _serve(self, picture: Picture | None) -> None:
        with self._changed:
            wished = self._wished
        if self._opened != wished:
            self._close()
            if self._output is None:
                self._output = self._make(self._table)
            # First, since `close` is owed also after a failed one.
            self._opened = wished
            self._output.open(wished.width, wished.height, wished.fps)
        size = wished.height, wished.width
        if picture is not None and picture.rgba.shape[:2] == size and self._output is not None:
            self._output.show(picture)
            self._fault = None

    def _fall(self, fault: Exception) -> None:
        if not isinstance(fault, VtdriveError):
            fault = SinkError(f"{self._kind}: broke: {fault!r}", _BROKEN)
        self._fault = fault
        self._unusable = isinstance(fault, SinkUnusable | UsageError)
        self._close()
        if not self._unusable:
            with self._changed:
                self._changed.wait_for(lambda: self._leaving, self._retry_s)
                if self._leaving:
                    self._picture = None

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and self._output is not None:
            with suppress(Exception):  # it may not raise, and nobody is left to tell
                self._output.close()
