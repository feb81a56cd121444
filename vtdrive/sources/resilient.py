"""A live source that comes back by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.errors import SourceError
from vtdrive.sources.base import Obtained, Source
from vtdrive.sources.pumped import Pumped
from vtdrive.types import VideoFrame

__all__ = ["Resilient", "SourceEvent"]

_STEP_S = 0.25
_OPEN_STEP_S = 0.1
_FIRST_RETRY_S = 0.25
_STEADY_NS = 1_000_000_000
"""Only a source that delivered for this long is tried again at once after a loss."""
_MOMENT_S = 0.05
_GOODBYE_S = 0.5
_STUCK_MAX = 2
"""Threads that may hang in a driver at once."""


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something the user should hear about the source."""

    kind: Literal["lost", "retrying", "back"]
    sentence: str
    """What happened, for the user."""
    t_ns: int
    attempt: int = 0
    """How often it was opened since the loss."""


class Resilient:
    """Opens what `make` makes, again and again, until `close`.

    Like a Source, except that `read` returns None where there is no frame just now, and that a loss
    of a live source is told to `on_event` (in the reader's thread) instead of raised: the source is
    opened again 0.25 s later, then after twice as long each time up to `retry_max_s`. `seq` goes on
    rising across openings. What no retry mends is raised: EndOfStream, UsageError, faults of the
    program itself, and any SourceError of a file. The source runs in a thread of its own and the
    newest frame wins, so that the reader needs neither a thread nor a slot.
    """

    def __init__(
        self,
        make: Callable[[], Source],
        *,
        stall_s: float = 2.0,
        retry_max_s: float = 5.0,
        clock: Clock = SYSTEM_CLOCK,
        on_event: Callable[[SourceEvent], None] = lambda event: None,
        wait_for_first: bool = False,
    ) -> None:
        self._make = make
        self._stall_s = stall_s
        self._retry_max_s = retry_max_s
        self._clock = clock
        self._on_event = on_event
        self._wait_for_first = wait_for_first
        self._pump: Pumped | None = None
        self._stuck: list[Pumped] = []
        self._obtained: Obtained | None = None
        self._retry_ns = 0
        self._delay_s = min(_FIRST_RETRY_S, retry_max_s)
        self._attempt = 0
        self._lost = False
        self._back_ns: int | None = None
        self._base: int | None = 0
        self._next_seq = 0
        self._dropped = 0

    @property
    def obtained(self) -> Obtained | None:
        """What the source delivers, or delivered last; None before the first opening."""
        return (self._pump.obtained if self._pump else None) or self._obtained

    @property
    def lost(self) -> bool:
        """Whether there are no frames now and it is being tried again."""
        return self._lost

    @property
    def dropped(self) -> int:
        """Frames that nobody took in time."""
        return self._dropped + (self._pump.dropped if self._pump else 0)

    def open(self, *, cancelled: Callable[[], bool] = lambda: False) -> Obtained | None:
        """Opens for the first time and raises as a Source does; None once `cancelled`.

        With `wait_for_first` it returns None at once, and a source that is not there yet is waited
        for as if it had been lost.
        """
        self._pump = self._pumped()
        self._pump.start()
        # A camera may take 20 s to say no, and whoever gives up meanwhile must not wait for it.
        while not self._wait_for_first and not cancelled():
            self._obtained = self._pump.opened(_OPEN_STEP_S)
            if self._obtained is not None:
                return self._obtained
        return None

    def read(self, timeout_s: float = _STEP_S) -> VideoFrame | None:
        """The newest frame, or None after at most `timeout_s`: none just now, still trying."""
        pump = self._pump or self._reopen(timeout_s)
        if pump is None:
            return None
        try:
            frame = pump.poll(timeout_s)
        except SourceError as fault:
            if pump.obtained is not None and not pump.obtained.live:
                raise
            self._fall(fault)
            return None
        return None if frame is None else self._numbered(frame)

    def close(self) -> None:
        """Ends the thread and releases the device."""
        if self._pump is not None:
            # One that has not even opened yet may take long to notice, and has nothing to release.
            opened = self._pump.obtained is not None
            self._put_away(self._pump, wait_s=_GOODBYE_S if opened else _MOMENT_S)
            self._pump = None

    def _pumped(self) -> Pumped:
        source = self._make()
        if isinstance(source, Pumped):
            return source
        return Pumped(source, name="the source", stall_s=self._stall_s, clock=self._clock)

    def _reopen(self, timeout_s: float) -> Pumped | None:
        """Waits for a part of the pause; the next attempt once it is under way."""
        now_ns = self._clock.now_ns()
        if now_ns < self._retry_ns:
            self._clock.sleep_until(min(self._retry_ns, now_ns + int(timeout_s * 1e9)))
            return None
        self._stuck = [pump for pump in self._stuck if not pump.ended]
        self._attempt += 1
        if len(self._stuck) > _STUCK_MAX:
            # Each attempt would leave one more thread inside a driver that never returns.
            self._later("the driver does not answer: unplug the camera, or restart vtdrive")
            return None
        self._base = None
        try:
            self._pump = self._pumped()
        except SourceError as fault:
            self._fall(fault)
            return None
        self._pump.start()
        return self._pump

    def _fall(self, fault: SourceError) -> None:
        if self._pump is not None:
            # Whoever reads also moves the avatar, so a driver that hangs is not waited for.
            self._put_away(self._pump, wait_s=_MOMENT_S)
            self._pump = None
        if self._back_ns is not None and self._clock.now_ns() - self._back_ns > _STEADY_NS:
            self._delay_s = min(_FIRST_RETRY_S, self._retry_max_s)
        self._back_ns = None
        if self._lost:
            self._later(fault.what)
            return
        self._lost, self._attempt = True, 0
        self._tell("lost", f"{fault.what}; trying again")
        self._schedule()

    def _later(self, why: str) -> None:
        delay_s = self._schedule()
        self._tell("retrying", f"{why}; next try in {delay_s:.3g} s")

    def _schedule(self) -> float:
        delay_s = self._delay_s
        self._retry_ns = self._clock.now_ns() + int(delay_s * 1e9)
        self._delay_s = min(2 * delay_s, self._retry_max_s)
        return delay_s

    def _put_away(self, pump: Pumped, *, wait_s: float) -> None:
        pump.close(wait_s=wait_s)
        self._obtained = pump.obtained or self._obtained
        self._dropped += pump.dropped
        if not pump.ended:
            self._stuck.append(pump)

    def _numbered(self, frame: VideoFrame) -> VideoFrame:
        if self._back_ns is None:
            self._back_ns = self._clock.now_ns()
        if self._lost:
            self._lost = False
            name = self._pump.obtained.name if self._pump and self._pump.obtained else "the source"
            self._tell("back", f"{name} is back")
        if self._base is None:
            self._base = self._next_seq - frame.seq
        seq = frame.seq + self._base
        self._next_seq = seq + 1
        return frame if self._base == 0 else dataclasses.replace(frame, seq=seq)

    def _tell(self, kind: Literal["lost", "retrying", "back"], sentence: str) -> None:
        self._on_event(SourceEvent(kind, sentence, self._clock.now_ns(), self._attempt))
