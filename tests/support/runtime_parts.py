"""Parts that a test scripts: a source, a tracker, a classifier and a sink that keep their word."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np

from vtdrive.core.calibrate import NeutralPose
from vtdrive.errors import EndOfStream, SinkError, TrackerError
from vtdrive.sinks.base import SinkStats
from vtdrive.sources.base import Obtained
from vtdrive.testing import make_face
from vtdrive.types import (
    AvatarFrame,
    Emotion,
    Face,
    Profile,
    RigSchema,
    Track,
    VideoFrame,
    frozen,
)

PICTURE = np.zeros((4, 4, 3), np.uint8)


class ScriptedFeed:
    """Frames in lockstep at 30 fps; None in the script is a wait without a frame."""

    def __init__(self, script: list[bool], *, lockstep: bool = True) -> None:
        self._script: Iterator[tuple[int, bool]] = iter(enumerate(script))
        self.lockstep = lockstep
        self.dropped = 0
        self.closed = 0

    def open(self, stop: threading.Event) -> Obtained | None:
        return Obtained("script", 4, 4, 30.0, lockstep=self.lockstep)

    def take(self, timeout_s: float) -> VideoFrame | None:
        step = next(self._script, None)
        if step is None:
            raise EndOfStream("script: over")
        at, there = step
        return VideoFrame(at, round(at * 1e9 / 30), PICTURE) if there else None

    def captured_ns(self, frame: VideoFrame) -> int:
        return frame.t_ns

    def close(self) -> None:
        self.closed += 1


class ScriptedTracker:
    """The face that `face_of(seq)` gives; raises TrackerError where it gives an exception."""

    name = "scripted"

    def __init__(self, face_of: Callable[[int], Face | None] = lambda seq: make_face()) -> None:
        self._face_of = face_of
        self.closed = 0

    def open(self) -> None:
        pass

    def track(self, frame: VideoFrame) -> Track:
        return Track(frame.seq, frame.t_ns, self._face_of(frame.seq))

    def close(self) -> None:
        self.closed += 1


def breaking(seq: int) -> Face | None:
    """A `face_of` whose tracker breaks at the fifth frame."""
    if seq == 4:
        raise TrackerError("the tracker broke", "restart")
    return make_face()


class ScriptedClassifier:
    """Always the same answer."""

    notes: tuple[str, ...] = ()

    def __init__(self, probs: list[float]) -> None:
        self._probs = frozen(probs)
        self.calls = 0
        self.closed = 0

    def open(self) -> None:
        pass

    def classify(self, frame: VideoFrame, face: Face) -> Emotion:
        self.calls += 1
        return Emotion(frame.t_ns, self._probs)

    def close(self) -> None:
        self.closed += 1


class KeepingSink:
    """Keeps every frame; fails while `fault` is set."""

    target = ""
    profile = Profile()

    def __init__(self, *, slow: bool = False, every_frame: bool = False) -> None:
        self.name = "keeping"
        self.slow = slow
        self.every_frame = every_frame
        self.stats = SinkStats()
        self.frames: list[AvatarFrame] = []
        self.schemas: list[RigSchema] = []
        self.opened_after: list[int] = []
        """How many frames had come when it was opened."""
        self.fault = ""
        self.closed = 0

    def open(self, schema: RigSchema) -> None:
        self.schemas.append(schema)
        self.opened_after.append(len(self.frames))

    def send(self, frame: AvatarFrame) -> None:
        if self.fault:
            raise SinkError(self.fault, "mend it")
        self.frames.append(frame)
        self.stats.frames += 1

    def close(self) -> None:
        self.closed += 1


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.neutrals: list[NeutralPose] = []
        self.frames = 0

    def on_event(self, sentence: str) -> None:
        self.events.append(sentence)

    def on_open(self, obtained: Obtained | None) -> None:
        self.events.append(f"open {obtained.name if obtained else ''}")

    def on_frame(self, frame: AvatarFrame) -> None:
        self.frames += 1

    def on_neutral(self, neutral: NeutralPose) -> None:
        self.neutrals.append(neutral)
