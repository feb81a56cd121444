"""The parent's end of a stage: shared by all picture sinks of a run that show the same avatar."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Final

import numpy as np

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Table
from vtdrive.render.flat import FLAT, flat_face
from vtdrive.render.stage.backdrop import CAMERA_BYTES, small_picture
from vtdrive.render.stage.child import Child, Gone
from vtdrive.render.stage.make import REAL
from vtdrive.render.stage.messages import Add, Drop, End, Makers, Relook, Report
from vtdrive.render.stage.slot import Slot
from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8, FaceState

__all__ = ["Seat", "Stage", "take_seat"]

_CAMERA_NS: Final = 60_000_000
"""A blurred background needs no more pictures than one in this time."""
_HEAR_S: Final = 0.1
_STUCK_S: Final = 15.0
"""Nothing heard for so long, and a process that has painted is stuck. Summed up from short waits:
the time that a computer sleeps is nobody's fault."""
_BEGIN_S: Final = 120.0
"""The same for one that has not painted yet: a slow computer takes long to load all that it needs,
and beginning anew would only make it longer."""
_AGAIN_S: Final = (0.5, 8.0)
"""How long to wait before the first new start, and at most."""
_LONG_NS: Final = 30_000_000_000
"""After so long the next fault is a new one."""
_WELL_NS: Final = 3_000_000_000
"""A process that has painted for this long is well; until then the fault of the last one stands."""
_LEAVE_S: Final = 4.0
_DIED: Final = "the process that paints the avatar died ({}) and is started again"
_DIED_REMEDY: Final = "if it goes on, report it; another avatar ([avatar] name) may work meanwhile"

_registry = threading.Lock()
_stages: list[Stage] = []


class Seat:
    """One output's place at a stage."""

    def __init__(self, stage: Stage, key: int, table: Table, stats: SinkStats) -> None:
        self.stage = stage
        self.key = key
        self.table = table
        self.stats = stats
        """Written to: what the output says of itself, and why it shows nothing."""
        self.name = ""
        """The output's, once it is known."""
        self._note = ""
        self._before = 0, 0
        """Pictures and bytes of processes that have died."""

    def put(self, state: FaceState, *, t_ns: int) -> None:
        """The newest face, captured at `t_ns` by SYSTEM_CLOCK; about 10 µs, never waits."""
        self.stage.put(state, t_ns=t_ns)

    def leave(self) -> None:
        """Give the place up, once the output has shown the avatar at rest: 1 s, at most 4 s."""
        self.stage.dismiss(self)

    def note(self, report: Report, *, died: bool) -> None:
        """Take over what `report` says of this seat; with `died` the fault of before stays."""
        lane = report.lanes.get(self.key)
        stats = self.stats
        if lane is not None:
            self.name = lane.name
            stats.packets = self._before[0] + lane.frames
            stats.bytes_sent = self._before[1] + lane.bytes_sent
            stats.dropped = lane.dropped
            stats.connected = lane.connected
            if lane.note != self._note:
                self._note = stats.note = lane.note
        if died:
            return
        if report.last_error:
            stats.last_error, stats.remedy = report.last_error, report.remedy
        elif lane is not None:
            stats.last_error, stats.remedy = lane.last_error, lane.remedy

    def suffer(self, why: str) -> None:
        """The process has died."""
        stats = self.stats
        self._before = stats.packets, stats.bytes_sent
        stats.last_error, stats.remedy = _DIED.format(why), _DIED_REMEDY


def take_seat(table: Table, look: AvatarConfig, stats: SinkStats, *, makers: Makers = REAL) -> Seat:
    """A place for the output of `table` at the stage that shows `look`; raises one where there is
    none. Returns at once: what goes wrong after that stands in `stats`."""
    with _registry:
        for stage in _stages:
            if stage.look == look and stage.makers == makers:
                return stage.admit(table, stats)
        stage = Stage(look, makers)
        _stages.append(stage)
        return stage.admit(table, stats)


class Stage:
    """One process that paints at a time, started again where it dies. Made by `take_seat`."""

    def __init__(self, look: AvatarConfig, makers: Makers) -> None:
        self.look = look
        self.makers = makers
        self.report: Report | None = None
        """The newest; None while the process starts."""
        context = multiprocessing.get_context("spawn")
        self._context = context
        self._faces = Slot(8 * FLAT, context)
        self._camera = Slot(CAMERA_BYTES, context)
        self._row = np.zeros(FLAT)
        self._newest: FaceState | None = None
        self._image: U8 | None = None
        self._image_ns = 0
        self._lock = threading.Lock()
        self._seats: dict[int, Seat] = {}
        self._parting: dict[int, Seat] = {}
        """Those that are being dismissed: what they did last is counted, too."""
        self._keys = 0
        self._heard = threading.Condition(self._lock)
        self._dropped: set[int] = set()
        self._died = False
        self._child: Child | None = None
        self._ending = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that paints now."""
        child = self._child
        return None if child is None else child.pid

    def admit(self, table: Table, stats: SinkStats) -> Seat:
        """One more output; the first one starts the process."""
        with self._lock:
            self._keys += 1
            seat = Seat(self, self._keys, table, stats)
            self._seats[seat.key] = seat
            if self._child is not None:
                self._child.tell(Add(seat.key, table))
            if self._keeper is None:
                self._keeper = threading.Thread(
                    target=self._keep, name="vtdrive-stage", daemon=True
                )
                self._keeper.start()
        return seat

    def put(self, state: FaceState, *, t_ns: int) -> None:
        """The newest face; the same one from another sink of the run costs nothing."""
        if state is self._newest:
            return
        self._newest = state
        flat_face(state, t_ns=t_ns, out=self._row)
        self._faces.write(self._row.view(np.uint8))
        child = self._child
        if child is not None:
            child.ring()

    def see(self, image: U8) -> None:
        """The camera's (H, W, 3) RGB picture; taken small, and only as often as it is of use."""
        now = SYSTEM_CLOCK.now_ns()
        if image is self._image or now - self._image_ns < _CAMERA_NS:
            return
        self._image, self._image_ns = image, now
        self._camera.write(small_picture(image))

    def relook(self, look: AvatarConfig) -> None:
        """Show another avatar, or the same one differently."""
        with self._lock:
            if look == self.look:
                return
            self.look = look
            if self._child is not None:
                self._child.tell(Relook(look))

    def dismiss(self, seat: Seat) -> None:
        """Close the seat's output; with the last one the process ends."""
        with _registry, self._lock:
            if self._seats.pop(seat.key, None) is None:
                return
            self._parting[seat.key] = seat
            last = not self._seats
            if last:
                _stages.remove(self)
                self._ending.set()
            if self._child is not None:
                self._child.tell(End() if last else Drop(seat.key))
            showing = self._child is not None and self.report is not None
        if last and self._keeper is not None:
            self._keeper.join(2 * _LEAVE_S)
        elif showing:
            with self._lock:
                self._heard.wait_for(lambda: seat.key in self._dropped, _LEAVE_S)
        with self._lock:
            del self._parting[seat.key]

    def _keep(self) -> None:
        """In a thread: one process after the other, until the last output is closed."""
        pause_s, longest_s = _AGAIN_S
        while not self._ending.is_set():
            child = Child(
                self._context, self.look, self.makers, faces=self._faces, camera=self._camera
            )
            began = SYSTEM_CLOCK.now_ns()
            try:
                child.start()
                self._introduce(child)
                why = self._follow(child)
            except Exception as fault:  # also what cannot be handed to a new process
                why = str(fault) if isinstance(fault, Gone | OSError) else repr(fault)
            with self._lock:
                self._child = None
            child.stop(0.0)
            if self._ending.is_set():
                return
            self._mourn(why)
            if SYSTEM_CLOCK.now_ns() - began > _LONG_NS:
                pause_s = _AGAIN_S[0]
            self._ending.wait(pause_s)
            pause_s = min(longest_s, 2 * pause_s)

    def _introduce(self, child: Child) -> None:
        """Everything that was asked for while there was no process."""
        with self._lock:
            self._child = child
            if child.look != self.look:
                child.tell(Relook(self.look))
            for seat in self._seats.values():
                child.tell(Add(seat.key, seat.table))
            if self._ending.is_set():
                child.tell(End())

    def _follow(self, child: Child) -> str:
        """Hear its reports until it has ended; says why, raises Gone."""
        silent_s, ending_s, first_ns = 0.0, 0.0, SYSTEM_CLOCK.now_ns()
        while True:
            report = child.hear(_HEAR_S)
            if self._ending.is_set():
                ending_s += _HEAR_S
                # One that has not begun has nothing to close.
                if self.report is None or ending_s > _LEAVE_S:
                    return "it was not wanted any more"
            if report is None:
                silent_s += _HEAR_S
                begun = self.report is not None and self.report.painted > 0
                if silent_s > (_STUCK_S if begun else _BEGIN_S):
                    return "it did not answer"
                continue
            silent_s = 0.0
            if not report.painted:
                first_ns = SYSTEM_CLOCK.now_ns()
            self._note(report, well=SYSTEM_CLOCK.now_ns() - first_ns > _WELL_NS)

    def _note(self, report: Report, *, well: bool) -> None:
        with self._heard:
            self.report = report
            self._dropped |= set(report.gone)
            self._died = self._died and not well
            for seat in (*self._seats.values(), *self._parting.values()):
                seat.note(report, died=self._died)
            for said in report.news:
                # Where nobody needs it for something else: the address of a page stays readable.
                seats = sorted(self._seats.values(), key=lambda seat: bool(seat.stats.note))
                for seat in seats[:1]:
                    seat.stats.note = said
            self._heard.notify_all()

    def _mourn(self, why: str) -> None:
        with self._heard:
            self._died, self.report = True, None
            for seat in self._seats.values():
                seat.suffer(why)
            self._heard.notify_all()
