"""The process that paints: one face in, one picture out to every output."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import numpy as np

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.render.flat import F64, face_of
from vtdrive.render.stage.backdrop import picture_of
from vtdrive.render.stage.cadence import Cadence
from vtdrive.render.stage.easel import Easel
from vtdrive.render.stage.lane import Format, Lane, LaneReport
from vtdrive.render.stage.messages import Add, Drop, End, Message, Order, Relook, Report
from vtdrive.render.stage.output import Picture
from vtdrive.types import U8, RigSchema
from vtdrive.wire.neutral import neutral_frame

__all__ = ["paint"]

_REPORT_S: Final = 0.25
_REST_NS: Final = 500_000_000
"""How long the last face is still painted before an output is closed: the avatar comes to rest."""
_CLOSE_NS: Final = 2_000_000_000
"""How long an output may take to close."""
_END_S: Final = 3.0
"""After this the process ends, whatever hangs."""
_IDLE_S: Final = 0.03
_UNSEEN_FPS: Final = 5.0
"""While nobody looks; whoever comes sees the avatar move within a fifth of a second."""
_KEEP: Final = 600
"""Pictures that the figures are about."""
_SWITCH_S: Final = 0.0005
"""As in the parent: outputs' threads must not take 5 ms from the one that paints."""


def paint(order: Order) -> None:
    """Paint until the parent says `End` or is gone."""
    # Ctrl-C reaches every process of a terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _be_quiet()
    _use_one_core()
    sys.setswitchinterval(_SWITCH_S)
    with _fine_waits():
        _Stage(order).run()


def _be_quiet() -> None:
    """Native libraries write into the terminal, which is the parent's to draw on."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in (1, 2):
            os.dup2(nowhere, number)
        os.close(nowhere)


def _use_one_core() -> None:
    """The others are the tracker's, and the game's."""
    import cv2

    cv2.setNumThreads(1)


@contextmanager
def _fine_waits() -> Iterator[None]:
    """Windows ends a wait only every 15.6 ms unless a process asks for better."""
    timer = getattr(ctypes, "windll", None)
    if timer is not None:
        timer.winmm.timeBeginPeriod(1)
    try:
        yield
    finally:
        if timer is not None:
            timer.winmm.timeEndPeriod(1)


class _Stage:
    """What the process knows. `run` paints; a thread beside it talks with the parent."""

    def __init__(self, order: Order) -> None:
        now = SYSTEM_CLOCK.now_ns()
        self._order = order
        self._easel = Easel(order.look, order.makers.drawer)
        self._fps = order.look.fps
        """Pictures a second now."""
        self._cadence = Cadence(fps=self._fps, now_ns=now)
        # Whoever looks before the camera is there sees the avatar at rest.
        self._state = neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state
        self._captured_ns = self._came_ns = now
        self._fresh = False
        """Whether the face has not been painted yet."""
        self._backdrop: U8 | None = None
        self._painted = 0
        self._lanes: dict[int, Lane] = {}
        self._leaving: dict[int, Lane] = {}
        """Those that are dropped but still shown, until the avatar rests."""
        self._closing: dict[int, tuple[Lane, int]] = {}
        """Those that were told to close, and how long that may take."""
        self._gone: dict[int, LaneReport] = {}
        """What those that have ended did, to the last picture."""
        self._paint_ms: deque[float] = deque(maxlen=_KEEP)
        self._latency_ms: deque[float] = deque(maxlen=_KEEP)
        self._inbox: deque[Message] = deque()
        self._parent_gone = threading.Event()
        self._ending = False
        self._sending = threading.Lock()

    def run(self) -> None:
        """Until it is over."""
        threading.Thread(target=self._talk, name="stage-talk", daemon=True).start()
        try:
            while not (self._parent_gone.is_set() or self._over):
                self._step()
        finally:
            self._finish()

    @property
    def _over(self) -> bool:
        return self._ending and not (self._lanes or self._leaving or self._closing)

    def _step(self) -> None:
        while self._inbox:
            self._obey(self._inbox.popleft())
        now = SYSTEM_CLOCK.now_ns()
        self._see_off(now)
        if not self._easel.ready(now):
            time.sleep(_IDLE_S)
            return
        self._set_rate(now)
        wait_ns = self._cadence.wait_ns(now)
        if wait_ns > 0:
            try:
                self._order.faces.wait(self._order.bell, wait_ns * 1e-9)
            except (EOFError, OSError):
                self._parent_gone.set()
        self._take()
        now = SYSTEM_CLOCK.now_ns()
        if self._cadence.wait_ns(now) > 0:
            return
        self._paint(now)
        # Behind the picture, when the next face is furthest.
        self._easel.refresh(now)

    def _take(self) -> None:
        """The newest face and camera picture, where there are new ones."""
        row = self._order.faces.read()
        if row is not None:
            flat: F64 = row.view(np.float64)
            self._state, self._captured_ns = face_of(flat)
            self._came_ns, self._fresh = SYSTEM_CLOCK.now_ns(), True
            self._cadence.arrived(self._came_ns)
        picture = self._order.camera.read()
        if picture is not None:
            self._backdrop = picture_of(picture)

    def _paint(self, now_ns: int) -> None:
        self._cadence.painted(now_ns)
        wants_camera = self._easel.look.background == "blur"
        rgba = self._easel.draw(
            self._state, now_ns, backdrop=self._backdrop if wants_camera else None
        )
        if rgba is None:
            return
        own = np.array(rgba, order="C")  # the drawer paints into the same memory again
        own.setflags(write=False)
        ready_ns = SYSTEM_CLOCK.now_ns()
        picture = Picture(own, self._painted, self._captured_ns, ready_ns)
        for lane in (*self._lanes.values(), *self._leaving.values()):
            lane.show(picture)
        self._painted += 1
        self._paint_ms.append((ready_ns - now_ns) * 1e-6)
        if self._fresh:
            self._fresh = False
            self._latency_ms.append((ready_ns - self._captured_ns) * 1e-6)

    def _obey(self, message: Message) -> None:
        match message:
            case Add(key, table):
                self._lanes[key] = lane = Lane(self._order.makers.output, table, self._format)
                lane.start()
            case Drop(key):
                if key in self._lanes:
                    self._leaving[key] = self._lanes.pop(key)
            case Relook(look):
                self._easel.relook(look)
                for lane in self._lanes.values():
                    lane.use(self._format)
            case End():
                self._leaving |= self._lanes
                self._lanes.clear()
                self._ending = True

    def _set_rate(self, now_ns: int) -> None:
        """As asked for, unless nobody looks."""
        lanes = (*self._lanes.values(), *self._leaving.values())
        fps = self._easel.look.fps
        if not any(lane.watched for lane in lanes):
            fps = min(fps, _UNSEEN_FPS)
        if fps != self._fps:
            self._fps, self._cadence = fps, Cadence(fps=fps, now_ns=now_ns)

    @property
    def _format(self) -> Format:
        look = self._easel.look
        return Format(look.width, look.height, look.fps)

    def _see_off(self, now_ns: int) -> None:
        """Close the outputs that are to go, once the avatar rests."""
        rests = now_ns - self._came_ns >= _REST_NS or not self._painted
        if rests and self._leaving:
            for key, lane in self._leaving.items():
                lane.leave()
                self._closing[key] = (lane, now_ns + _CLOSE_NS)
            self._leaving.clear()
        for key, (lane, until_ns) in list(self._closing.items()):
            if lane.join(0) or now_ns > until_ns:
                self._gone[key] = lane.report()
                del self._closing[key]

    def _finish(self) -> None:
        """End in a bounded time, also where an output hangs in a library."""
        last = threading.Timer(_END_S, os._exit, (0,))
        last.daemon = True
        last.start()
        lanes = (*self._lanes.values(), *self._leaving.values())
        for lane in lanes:
            lane.leave()
        for lane in lanes:
            lane.join(_END_S)
        self._easel.close()
        with suppress(OSError):
            self._tell()

    def _talk(self) -> None:
        line = self._order.line
        try:
            while True:
                self._tell()
                if line.poll(_REPORT_S):
                    self._inbox.append(line.recv())
        except (EOFError, OSError):
            self._parent_gone.set()

    def _tell(self) -> None:
        with self._sending:
            self._order.line.send(self._report())

    def _report(self) -> Report:
        fault, news = self._easel.fault, self._easel.news
        lanes = dict(self._lanes) | self._leaving
        lanes |= {key: lane for key, (lane, _) in list(self._closing.items())}
        gone = dict(self._gone)
        return Report(
            painted=self._painted,
            paint_ms=_spread(self._paint_ms),
            latency_ms=_spread(self._latency_ms),
            last_error="" if fault is None else fault.what,
            remedy="" if fault is None else fault.remedy,
            news=tuple(news.popleft() for _ in range(len(news))),
            lanes={key: lane.report() for key, lane in lanes.items()} | gone,
            gone=tuple(gone),
        )


def _spread(values: deque[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    middle, high = np.percentile(list(values), (50, 95)).tolist()
    return middle, high
