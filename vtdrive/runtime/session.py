"""The live loop: wires source, tracker, driver, classifier and sinks together.

source ─► newest frame ─► tracker ─► Driver.step ─► cheap sinks inline, slow ones in threads
                             └─► newest face ─► classifier ─► emotion register
live inputs, each in a thread ─► a register each, read at every step
"""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final, Protocol

from vtdrive.classifiers.base import Classifier
from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import Config
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.driver import REST, Driver
from vtdrive.core.mixing import places
from vtdrive.errors import EndOfStream, SinkError, VtdriveError
from vtdrive.runtime.feed import Feed, InputFeed
from vtdrive.runtime.feeling import Feeling
from vtdrive.runtime.governor import Governor
from vtdrive.runtime.inputs import Inlets
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.outlets import Extra, Outlet, Outlets
from vtdrive.runtime.stats import RunStats
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.base import Dressed, Seeing, Sink
from vtdrive.sinks.make import inner_sink, recorders, tap_sent
from vtdrive.sinks.mcap import McapRecorder
from vtdrive.sources.base import Obtained
from vtdrive.trackers.base import Tracker
from vtdrive.types import AvatarFrame, Emotion, Track, VideoFrame

__all__ = ["Listener", "Session"]

_PATIENCE_S: Final = (0.1, 1.0)
"""A frame this late is missed, and the avatar starts to hold. Slow sources get two and a half of
their periods, at most the second value."""
_TICK_S: Final = 1 / 30
"""Pace of the avatar while there are no frames: easing and breathing must look smooth."""
_SWITCH_S: Final = 0.0005
"""Python's 5 ms would let any other thread delay a frame by that much (p95 of the driver's step was
5.4 ms with the default)."""
_NO_FACE_NS: Final = 5_000_000_000
_AT_START: Final = (
    "source", "tracker", "inputs", "sinks", "control",
    "emotion.enabled", "emotion.model", "emotion.provider", "emotion.reads",
)  # fmt: skip
"""What a reload cannot change under a running performance; `emotion.enabled` only where it began
without a classifier. What the same inputs drive can be changed."""


class Listener(Protocol):
    """Hears of a run. Called from the run's threads; must return at once."""

    def on_event(self, sentence: str) -> None:
        """Something the user should know."""

    def on_open(self, obtained: Obtained) -> None:
        """The source delivers."""

    def on_frame(self, frame: AvatarFrame) -> None:
        """A tick was sent."""

    def on_neutral(self, neutral: NeutralPose) -> None:
        """A neutral pose was taken."""


class Session:
    """One run. `run` blocks until the source ends, `stop` is set, or something broke."""

    def __init__(
        self,
        config: Config,
        *,
        feed: Feed,
        tracker: Tracker | None,
        classifier: Classifier | None,
        sinks: Sequence[Sink],
        listener: Listener,
        neutral: NeutralPose | None = None,
        inlets: Inlets | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`inlets` are those of `config.inputs`; without `tracker` the feed has no pictures."""
        self.stats = RunStats()
        self._config = self._wished = self._first = config
        self._feed = feed
        self._blind = isinstance(feed, InputFeed)
        self.inlets = inlets or Inlets()
        self._tracker = tracker
        self._listener = listener
        self._clock = clock
        self._profiles = [sink.profile for sink in sinks]
        self.driver = Driver(config, self._profiles, neutral=neutral)
        self.outlets = Outlets(
            [Outlet(sink, self.driver.schema, listener.on_event) for sink in sinks],
            self.driver.schema,
            listener.on_event,
            patient=feed.lockstep,
        )
        self._recorders = recorders(sinks)
        bare = [inner_sink(sink) for sink in sinks]
        self._dressed = [sink for sink in bare if isinstance(sink, Dressed)]
        self._seeing = [sink for sink in bare if isinstance(sink, Seeing)]
        self._joined: list[McapRecorder] = []
        """Those whose first tick is the next one."""
        self._feeling = (
            None if classifier is None else Feeling(classifier, self.stats, listener.on_event)
        )
        self.governor = Governor(config.emotion.rate_hz, listener.on_event)
        self._commands: deque[str] = deque()
        self._between: deque[Callable[[], None]] = deque()
        self._pending: Latest[tuple[Config, Driver]] = Latest()
        self._failure: BaseException | None = None
        self._neutral_seen = self.driver.neutral
        self._frame_ns: int | None = None
        self._apart_s = 0.0
        self._face_ns: int | None = None
        self._told_no_face = False

    @property
    def config(self) -> Config:
        """The one in force."""
        return self._config

    @property
    def taking(self) -> float | None:
        """How much of a neutral is measured, 0..1; None where none is being taken."""
        if self.driver.taking and not self._blind:
            return self.driver.taking_progress
        return self.driver.mixer.taking

    def command(self, name: str) -> None:
        """Ask for something in the next tick; from any thread."""
        self._commands.append(name)

    def between_frames(self, work: Callable[[], None]) -> None:
        """Have something done before the next frame, in its thread; from any thread."""
        self._between.append(work)

    def admit(self, extra: Extra) -> None:
        """Serve one more sink from the next frame on. Between frames only.

        A recorder begins with the commands that stand.
        """
        self.outlets.admit(extra)
        self._tap()
        self._joined += recorders([extra.outlet.sink])

    def dismiss(self, extra: Extra) -> None:
        """Serve it no longer; it gets the frame of rest, as at the end. Between frames only."""
        last = self.driver.rest(0)
        for recorder in recorders([extra.outlet.sink]):
            recorder.note_command(REST, seq=last.seq)
        self.outlets.dismiss(extra, last)
        self._tap()

    def _tap(self) -> None:
        sinks = [outlet.sink for outlet in self.outlets.all]
        self._recorders = recorders(sinks)
        tap_sent(sinks)

    def reload(self, config: Config) -> None:
        """Use another config from the next frame on; from any thread. Builds here, swaps there."""
        kept = config
        if places(config.inputs) != places(self._first.inputs):
            kept = config.model_copy(update={"inputs": self.driver.config.inputs})
        self._pending.put((config, Driver(kept, self._profiles)))
        for sink in self._dressed:
            try:
                sink.relook(config.avatar)
            except SinkError as fault:
                self._listener.on_event(f"{fault}\n(what was shown before stays)")

    def run(self, stop: threading.Event, max_seconds: float | None = None) -> RunStats:
        """Drive until the end. `max_seconds` counts from the first frame."""
        with ExitStack() as stack:
            stack.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(_SWITCH_S)
            self._start(stack)
            if stop.is_set():
                return self.stats
            stack.callback(self._feed.close)
            obtained = self._feed.open(stop)
            if obtained is not None:
                self._listener.on_open(obtained)
            stack.callback(self._rest)
            self.stats.restart_cpu()
            try:
                self._loop(stop, max_seconds)
            finally:
                self.stats.end()
        if self._failure is not None:
            raise self._failure
        if self.stats.frames and not self.stats.faces:
            self._listener.on_event(
                "no face was seen at all: is there light on your face, is the lens covered, and is"
                " it the right camera (vtdrive cameras)?"
            )
        return self.stats

    def _start(self, stack: ExitStack) -> None:
        """Outputs and inputs first, then the models, the classifier's beside the tracker's."""
        stack.enter_context(self.outlets)
        stack.enter_context(self.inlets)
        if self._tracker is None:
            return
        stack.callback(self._tracker.close)
        feeling = self._feeling
        if feeling is None:
            self._tracker.open()
            return
        stack.callback(feeling.close)
        faults: list[BaseException] = []
        with Worker("load-emotion", lambda _: feeling.open(), on_failure=faults.append) as loading:
            self._tracker.open()
            loading.join()
        if faults:
            raise faults[0]
        # Not while trackers load: mediapipe's chatter is kept off stderr, and all else with it.
        feeling.tell_notes()
        if not self._feed.lockstep:
            stack.enter_context(
                Worker("emotion", feeling.loop, on_failure=self._fail, wake=feeling.wake)
            )

    def _loop(self, stop: threading.Event, max_seconds: float | None) -> None:
        wait_s, end_ns = _PATIENCE_S[0], None
        while not stop.is_set() and self._failure is None:
            try:
                frame = self._feed.take(wait_s)
            except EndOfStream:
                return
            now = self._clock.now_ns()
            if end_ns is not None and now >= end_ns:
                return
            self._swap()
            first = end_ns is None and (frame is not None or self._blind)
            if first and max_seconds is not None:
                end_ns = now + int(max_seconds * 1e9)
            if frame is None:
                wait_s = _TICK_S
                self._tick(None, now, {"captured": now, "taken": now, "tracked": now})
                continue
            wait_s = self._patience_s(frame)
            self._frame(frame, now)

    def _patience_s(self, frame: VideoFrame) -> float:
        """How long to wait for the next frame, from how far apart they come."""
        last, self._frame_ns = self._frame_ns, frame.t_ns
        apart_s = 0.0 if last is None else (frame.t_ns - last) * 1e-9
        if 0.0 < apart_s < _PATIENCE_S[1]:
            self._apart_s += 0.2 * (apart_s - self._apart_s)
        return min(_PATIENCE_S[1], max(_PATIENCE_S[0], 2.5 * self._apart_s))

    def _frame(self, frame: VideoFrame, now: int) -> None:
        assert self._tracker is not None
        marks = {"captured": self._feed.captured_ns(frame), "taken": now}
        track = self._tracker.track(frame)
        marks["tracked"] = self._clock.now_ns()
        if self._feeling is not None and not self._feed.lockstep:
            self.governor.note(dropped=self._feed.dropped, t_ns=now)
        self.stats.dropped = self._feed.dropped
        wanted = self._config.emotion.enabled and not self.driver.overrides.forcing.off
        feeling = self._feeling if wanted else None
        if feeling is None or track.face is None:
            self._tick(track, frame.t_ns, marks)
        elif self._feed.lockstep:
            feeling.classify_now(frame, track.face, rate_hz=self.governor.rate_hz)
            self._tick(track, frame.t_ns, marks)
        else:
            # Offered after the send: the classifier's thread then computes while this one waits
            # for a frame, and does not take the interpreter from the driver's step.
            self._tick(track, frame.t_ns, marks)
            feeling.offer(frame, track.face, rate_hz=self.governor.rate_hz)
        for sink in self._seeing:
            if sink.sees:
                sink.see(frame.image)
        self._watch_face(track, now)

    def _tick(self, track: Track | None, t_ns: int, marks: dict[str, int]) -> None:
        commands = [self._commands.popleft() for _ in range(len(self._commands))]
        inputs = self.inlets.newest()
        fresh_ns = self.inlets.fresh_ns(inputs) if self._blind else None
        if fresh_ns is not None:
            marks["captured"] = fresh_ns
        self._tell_standing(max(t_ns, self.driver.t_ns))
        out = self.driver.step(track, self._emotion(), t_ns, commands, inputs=inputs)
        marks["stepped"] = self._clock.now_ns()
        out = dataclasses.replace(out, stages_ns=marks)
        self._note(out)
        self.outlets.send(out, marks["stepped"])
        marks["sent"] = self._clock.now_ns()
        if track is not None:
            self.stats.note_frame(out)
        elif fresh_ns is not None:
            self.stats.note_incoming(out)
        else:
            self.stats.note_tick(out)
        if self.driver.neutral is not self._neutral_seen:
            self._neutral_seen = self.driver.neutral
            self._listener.on_neutral(self._neutral_seen)
        self.inlets.tell_neutrals(self.driver.mixer.neutrals)
        self._listener.on_frame(out)

    def _tell_standing(self, t_ns: int) -> None:
        """Recordings that begin with the tick at `t_ns` begin with what is forced then."""
        for recorder in self._joined:
            # What lasts for a time is counted from the tick that a replay does it in.
            for command in self.driver.overrides.standing(t_ns):
                recorder.note_command(command, seq=0)
        self._joined.clear()

    def _emotion(self) -> Emotion | None:
        return None if self._feeling is None else self._feeling.newest

    def _swap(self) -> None:
        while self._between:
            self._between.popleft()()
        pending = None if self._pending.empty else self._pending.take(0)
        if pending is None:
            return
        config, driver = pending
        later = [name for name in _AT_START if _part(config, name) != _part(self._wished, name)]
        later = [name for name in later if _part(config, name) != _part(self._first, name)]
        if self._feeling is not None:
            later = [name for name in later if name != "emotion.enabled"]
        if later:
            self._listener.on_event(f"takes effect at the next start: {', '.join(later)}")
        driver.adopt(self.driver)
        if driver.schema != self.driver.schema:
            self.outlets.schema = driver.schema
        self._wished = config
        # With the inputs that are there, whatever was wished for.
        self.driver, self._config = driver, driver.config
        self.inlets.use(driver.config.inputs)
        self.governor.set_full(config.emotion.rate_hz)

    def _rest(self) -> None:
        """The last frame leaves the avatar at rest."""
        if not self.stats.ticks:
            return
        now = self._clock.now_ns()
        # Media time is no clock: a file that was played fast ends where its last frame was.
        frame = self.driver.rest(0 if self._feed.lockstep else now)
        self._note(frame)
        self.outlets.send(frame, now)

    def _note(self, frame: AvatarFrame) -> None:
        """Recordings hold what the user did, before the frame that it applies to."""
        for recorder in self._recorders:
            for command in frame.commands:
                recorder.note_command(command, seq=frame.seq)

    def _watch_face(self, track: Track, now: int) -> None:
        if track.face is not None:
            self._face_ns, self._told_no_face = now, False
            return
        self._face_ns = now if self._face_ns is None else self._face_ns
        if not self._told_no_face and now - self._face_ns > _NO_FACE_NS:
            self._told_no_face = True
            self._listener.on_event("no face for 5 s: the avatar rests until one is seen")

    def _fail(self, fault: BaseException) -> None:
        if not isinstance(fault, VtdriveError):
            fault = VtdriveError(f"a thread of vtdrive broke: {fault!r}", "please report this")
        self._failure = fault


def _part(config: Config, path: str) -> object:
    """The value at a dotted path; of inputs, where they come from."""
    if path == "inputs":
        return places(config.inputs)
    found: object = config
    for name in path.split("."):
        found = getattr(found, name)
    return found
