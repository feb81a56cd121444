"""The classifier's own thread: newest face in, newest emotion out, never awaited."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtdrive.classifiers.base import Classifier
from vtdrive.errors import VtdriveError
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.stats import RunStats
from vtdrive.types import Emotion, Face, VideoFrame

__all__ = ["Feeling"]

_MAX_NAN: Final = 5


@dataclass(frozen=True, slots=True)
class _Shot:
    frame: VideoFrame
    face: Face


class Feeling:
    """Classifies at most `rate_hz` faces a second. A classifier that breaks is reported once.

    After that nothing new comes, and the emotion eases to neutral by its age.
    """

    def __init__(
        self, classifier: Classifier, stats: RunStats, tell: Callable[[str], None]
    ) -> None:
        self._classifier = classifier
        self._stats = stats
        self._tell = tell
        self._slot: Latest[_Shot] = Latest()
        self._due_ns: int | None = None
        self._broken = False
        self._nans = 0
        self._told = 0
        self.newest: Emotion | None = None
        """The register: read by the tracking thread, replaced whole."""

    def wake(self) -> None:
        """End a wait, so that the thread can stop."""
        self._slot.close()

    def offer(self, frame: VideoFrame, face: Face, *, rate_hz: float) -> None:
        """Hand over a face if one is due."""
        if self._broken or not self._due(frame.t_ns, rate_hz):
            return
        self._slot.put(_Shot(frame, face))

    def classify_now(self, frame: VideoFrame, face: Face, *, rate_hz: float) -> None:
        """The same, in this thread: for files that are played as fast as they can be tracked."""
        if not self._broken and self._due(frame.t_ns, rate_hz):
            self._classify(_Shot(frame, face))

    def open(self) -> None:
        """Load the model; raises ModelError. What it notes waits for `tell_notes`."""
        self._classifier.open()

    def close(self) -> None:
        """Free the model."""
        self._classifier.close()

    def loop(self, stop: threading.Event) -> None:
        """The thread's work."""
        while not stop.is_set() and not self._broken:
            shot = self._slot.take(0.5)
            if shot is not None:
                self._classify(shot)

    def _due(self, t_ns: int, rate_hz: float) -> bool:
        if self._due_ns is not None and t_ns < self._due_ns:
            return False
        period = int(1e9 / rate_hz)
        late = self._due_ns is None or t_ns - self._due_ns > period
        # Count on from when it was due, so that 10 Hz of a 24 fps source are 10 and not 8.
        self._due_ns = (t_ns if late or self._due_ns is None else self._due_ns) + period
        return True

    def _classify(self, shot: _Shot) -> None:
        start = time.perf_counter_ns()
        try:
            emotion = self._classifier.classify(shot.frame, shot.face)
        except Exception as fault:  # whatever broke it, the avatar goes on without emotion
            known = isinstance(fault, VtdriveError)
            self._break(str(fault) if known else f"the classifier broke: {fault!r}")
            return
        now = time.perf_counter_ns()
        self.tell_notes()
        if not np.isfinite(emotion.probs).all():
            self._nans += 1
            if self._nans >= _MAX_NAN:
                self._break("the emotion model returns values that are not numbers")
            return
        self._nans = 0
        self.newest = emotion
        self._stats.note_emotion(inference_ms=(now - start) * 1e-6, t_ns=now)

    def tell_notes(self) -> None:
        """Tell what the classifier noted since the last time."""
        notes = self._classifier.notes
        for note in notes[self._told :]:
            self._tell(note)
        self._told = len(notes)

    def _break(self, why: str) -> None:
        self._broken = True
        self._tell(f"emotion is off: {why}; tracking goes on")
