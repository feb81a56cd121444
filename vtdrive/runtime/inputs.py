"""Live inputs at work: each heard in a thread of its own, newest measurement wins, none awaited."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Literal, Self

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.inputs import InputTable
from vtdrive.errors import SourceError, SourceNotFound, VtdriveError
from vtdrive.runtime.worker import Worker
from vtdrive.track_sources.live import TrackInput
from vtdrive.track_sources.make import make_input
from vtdrive.types import Incoming

__all__ = ["Inlet", "Inlets", "make_inlets"]

_READ_S: Final = 0.2
_RETRY_S: Final = 2.0
_OPEN_S: Final = 15.0
"""Windows may take seconds to open a sound device."""
_SILENT_NS: Final = 2_000_000_000
_NEVER_NS: Final = 5_000_000_000
_HINT_NS: Final = 10_000_000_000
"""Faults that come and go are told this often at most."""
_RATE_NS: Final = 2_000_000_000
_THEN: Final = {
    "camera": "whoever is next (input or camera) has its channels until it is back",
    "hold": "its channels stay as they are until it is back",
    "neutral": "its channels rest until it is back",
}
State = Literal["live", "no face", "silent", "waiting", "failing"]


class Inlet:
    """One input. A receiver that breaks is told of once and opened again every 2 s."""

    def __init__(
        self,
        config: InputTable,
        tell: Callable[[str], None],
        *,
        news: threading.Event,
        make: Callable[[InputTable], TrackInput] = make_input,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.config = config
        """What is in force; replaced whole, from any thread."""
        self.source = make(config)
        self.newest: Incoming | None = None
        """The register: read by the tracking thread, replaced whole."""
        self.opened = threading.Event()
        """Set once the first `open` has worked or failed."""
        self.fault: Exception | None = None
        """Why the first `open` failed."""
        self._make = make
        self._tell = tell
        self._news = news
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[int] = deque(maxlen=512)
        self._failing = False
        self._since_ns = 0
        self._heard_ns: int | None = None
        self._found_ns: int | None = None
        self._told_silent = self._told_no_face = False
        self._hint, self._hint_ns = "", -_HINT_NS

    @property
    def name(self) -> str:
        return self.source.name

    def tell(self, what: str) -> None:
        """Say something of this input to the user."""
        self._tell(f"{self.name}: {what}")

    def state(self) -> State:
        """Whether it delivers now."""
        now, heard, found = self._clock.now_ns(), self._heard_ns, self._found_ns
        if self._failing:
            return "failing"
        if heard is None:
            return "waiting"
        stale_ns = max(self.config.stale_ms * 1e6, 1e6)
        if found is not None and now - found <= stale_ns:
            return "live"
        return "no face" if now - heard <= stale_ns else "silent"

    def rate_hz(self) -> float:
        """Measurements a second over the last two seconds."""
        now = self._clock.now_ns()
        with self._lock:
            recent = sum(now - t <= _RATE_NS for t in self._times)
        return recent / (_RATE_NS * 1e-9)

    def loop(self, stop: threading.Event) -> None:
        """The thread's work: open, read, close, and again after a fault."""
        source = self.source
        while not stop.is_set():
            try:
                source.open()
                self._since_ns = self._clock.now_ns()
                self.opened.set()
                self._mended()
                self._hear(source, stop)
            except Exception as fault:  # whatever broke it, the others and the avatar go on
                first = not self.opened.is_set()
                if first and not self._dispensable(fault):
                    self.fault = fault
                    self.opened.set()
                    return
                self.opened.set()
                self.fall(fault)
            finally:
                source.close()
            if stop.wait(_RETRY_S):
                return
            source = self.source = self._make(self.config)

    def _dispensable(self, fault: Exception) -> bool:
        """Whether a run may begin without it: a microphone that only stands in for the camera is
        no reason not to go live, and may be plugged in later."""
        return self.config.rank == "fallback" and isinstance(fault, SourceNotFound)

    def _hear(self, source: TrackInput, stop: threading.Event) -> None:
        if source.stats.note:
            self._tell(f"{source.name}: {source.stats.note}")
        while not stop.is_set():
            got = source.read(_READ_S)
            now = self._clock.now_ns()
            if got is not None:
                self._take(got, now)
            self._watch(source, now)

    def _take(self, got: Incoming, now: int) -> None:
        self.newest = got
        with self._lock:
            self._times.append(now)
        self._news.set()
        if self._told_silent:
            self._told_silent = False
            self._tell(f"{self.name}: here it is{' again' if self._heard_ns is not None else ''}")
        self._heard_ns = now
        if got.found:
            self._found_ns, self._told_no_face = now, False

    def _watch(self, source: TrackInput, now: int) -> None:
        """Say once what the user should know."""
        heard, hint = self._heard_ns, source.stats.last_error
        if hint != self._hint and now - self._hint_ns >= _HINT_NS:
            self._hint = hint
            if hint:
                self._hint_ns = now
                self._tell(f"{self.name}: {hint}")
        # A room may be quiet for hours: that is no fault of a microphone.
        if self.newest is not None and self.newest.voice is not None:
            return
        limit = _NEVER_NS if heard is None else _SILENT_NS
        since = max(self._since_ns, heard or self._since_ns)
        if now - since > limit:
            if not self._told_silent:
                self._told_silent = True
                self._tell(self._silence(never=heard is None))
            return
        seen = self._found_ns if self._found_ns is not None else self._since_ns
        if heard is not None and not self._told_no_face and now - seen > _NEVER_NS:
            self._told_no_face = True
            self._tell(f"{self.name}: it sends, but sees no face")

    def _silence(self, *, never: bool) -> str:
        if never and self.source.stats.bytes_read:
            return (
                f"{self.name}: packets come, but no tracking is in them; check what the sender is"
                " set to send to this port"
            )
        if never:
            return (
                f"{self.name}: nothing has come yet; start the sender, and check that it sends to"
                " this computer and port and that no firewall stands between"
            )
        return f"{self.name}: has fallen silent; {_THEN[self.config.when_lost]}"

    def fall(self, fault: BaseException) -> None:
        """Tell once that it is broken."""
        if self._failing:
            return
        self._failing = True
        if not isinstance(fault, VtdriveError):
            fault = SourceError(f"broke: {fault!r}", "report this to the author of the input")
        name = "" if fault.what.startswith(self.name) else f"{self.name}: "
        said = f"{name}{fault.what}; trying again every 2 s, {_THEN[self.config.when_lost]}"
        self._tell(str(SourceError(said, fault.remedy)))

    def _mended(self) -> None:
        if self._failing:
            self._failing = False
            self._tell(f"{self.name}: works again")


class Inlets:
    """All inputs of a run, in the order of the config."""

    def __init__(self, inlets: Sequence[Inlet] = (), news: threading.Event | None = None) -> None:
        """`news` is what the inlets set when something came."""
        self.all = tuple(inlets)
        self.news = news or threading.Event()
        self._stack = ExitStack()
        self._fresh_ns: int | None = None
        self._neutrals: tuple[int, ...] = ()

    def use(self, tables: Sequence[InputTable]) -> None:
        """Go on with other options of the same places, as after a reload."""
        for inlet, table in zip(self.all, tables, strict=False):
            inlet.config = table

    def newest(self) -> tuple[Incoming | None, ...]:
        """The newest measurement of each, however old."""
        return tuple(inlet.newest for inlet in self.all)

    def fresh_ns(self, inputs: Sequence[Incoming | None]) -> int | None:
        """When the newest of `inputs` arrived; None where it has been asked about before."""
        newest = max((heard.t_ns for heard in inputs if heard is not None), default=None)
        if newest is None or (self._fresh_ns is not None and newest <= self._fresh_ns):
            return None
        self._fresh_ns = newest
        return newest

    def tell_neutrals(self, counts: tuple[int, ...]) -> None:
        """Say which inputs have taken a neutral since the last call; `counts` are all they took."""
        if counts != self._neutrals:
            before = self._neutrals or (0,) * len(counts)
            for inlet, was, now in zip(self.all, before, counts, strict=False):
                if now > was:
                    inlet.tell("neutral taken: straight ahead (n takes it anew)")
            self._neutrals = counts

    def __enter__(self) -> Self:
        """Start listening; raises what the first receiver that cannot says, with its remedy. One
        that is only a fallback is waited for instead."""
        with ExitStack() as stack:
            for inlet in self.all:
                stack.enter_context(
                    Worker(inlet.name, inlet.loop, on_failure=inlet.fall, join_s=3.0)
                )
            for inlet in self.all:
                inlet.opened.wait(_OPEN_S)
                if inlet.fault is not None:
                    raise _told(inlet.name, inlet.fault)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def make_inlets(
    tables: Sequence[InputTable], tell: Callable[[str], None], clock: Clock = SYSTEM_CLOCK
) -> Inlets:
    """The receivers of a config, none opened yet. Raises UsageError for one that is not there."""
    news = threading.Event()
    return Inlets([Inlet(table, tell, news=news, clock=clock) for table in tables], news)


def _told(name: str, fault: Exception) -> Exception:
    if isinstance(fault, VtdriveError):
        return fault
    return SourceNotFound(f"{name}: broke: {fault!r}", "report this to the author of the input")
