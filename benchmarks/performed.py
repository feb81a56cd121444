"""A clip through the real session, in lockstep, every frame kept."""

from __future__ import annotations

import dataclasses
import math
import threading
from pathlib import Path

import numpy as np

from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.errors import EndOfStream
from vtdrive.eval.bench import QuietListener
from vtdrive.runtime.build import make_classifier, make_feed
from vtdrive.runtime.feed import Feed
from vtdrive.runtime.session import Session
from vtdrive.sinks.base import SinkStats
from vtdrive.sources.base import Obtained
from vtdrive.trackers.make import make_tracker
from vtdrive.types import F32, AvatarFrame, Profile, RigSchema, VideoFrame
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["Covered", "Cut", "Kept", "perform"]

_PLAIN = Profile()


class Kept:
    """A sink that keeps frames, and reads series out of them."""

    name, target, slow, every_frame = "kept", "", False, False

    def __init__(self, profile: Profile = _PLAIN) -> None:
        self.profile = profile
        self.stats = SinkStats()
        self.frames: list[AvatarFrame] = []
        self.schema = RigSchema((), ())

    def open(self, schema: RigSchema) -> None:
        self.schema = schema

    def send(self, frame: AvatarFrame) -> None:
        self.frames.append(frame)

    def close(self) -> None:
        if self.frames:
            self.frames.pop()  # the frame of rest that ends every run

    @property
    def t_s(self) -> F32:
        """(N,) seconds since the first frame."""
        return np.array([(f.t_ns - self.frames[0].t_ns) * 1e-9 for f in self.frames], np.float32)

    def params(self) -> F32:
        """(N, P) what was sent."""
        return np.stack([f.poses[self.profile].params for f in self.frames])

    def param(self, name: str) -> F32:
        """(N,) one parameter as sent."""
        return self.params()[:, self.schema.names.index(name)]

    def raw_shape(self, name: str) -> F32:
        """(N,) one shape as the network gave it."""
        return np.array([f.raw[SHAPE_INDEX[name]] for f in self.frames], np.float32)


class Cut:
    """The beginning of a feed."""

    lockstep, dropped = True, 0

    def __init__(self, inner: Feed, *, until_s: float) -> None:
        self._inner = inner
        self._until_ns = int(until_s * 1e9)

    def open(self, stop: threading.Event) -> Obtained | None:
        return self._inner.open(stop)

    def take(self, timeout_s: float) -> VideoFrame | None:
        frame = self._inner.take(timeout_s)
        if frame is not None and frame.t_ns >= self._until_ns:
            raise EndOfStream("as far as wanted")
        return frame

    def captured_ns(self, frame: VideoFrame) -> int:
        return self._inner.captured_ns(frame)

    def close(self) -> None:
        self._inner.close()


class Covered:
    """A feed whose lens is covered for a while."""

    lockstep, dropped = True, 0

    def __init__(self, inner: Feed, *, from_s: float, to_s: float) -> None:
        self._inner = inner
        self._from_ns, self._to_ns = int(from_s * 1e9), int(to_s * 1e9)

    def open(self, stop: threading.Event) -> Obtained | None:
        return self._inner.open(stop)

    def take(self, timeout_s: float) -> VideoFrame | None:
        frame = self._inner.take(timeout_s)
        if frame is None or not self._from_ns <= frame.t_ns < self._to_ns:
            return frame
        return dataclasses.replace(frame, image=np.zeros_like(frame.image))

    def captured_ns(self, frame: VideoFrame) -> int:
        return self._inner.captured_ns(frame)

    def close(self) -> None:
        self._inner.close()


def perform(
    source: Path,
    *,
    config: Config | None = None,
    profile: Profile = _PLAIN,
    covered_s: tuple[float, float] | None = None,
    emotion: bool = True,
    until_s: float = math.inf,
) -> Kept:
    """Every frame of `source` through tracker, classifier and driver, as fast as it goes."""
    config = config or load_config([])
    config = config.model_copy(
        update={"source": config.source.model_copy(update={"uri": str(source), "fast": True})}
    )
    kept = Kept(profile)
    listener = QuietListener(say=lambda text: None)
    feed = make_feed(config.source, listener.on_event)
    if until_s < math.inf:
        feed = Cut(feed, until_s=until_s)
    if covered_s is not None:
        feed = Covered(feed, from_s=covered_s[0], to_s=covered_s[1])
    session = Session(
        config,
        feed=feed,
        tracker=make_tracker(config.tracker, vertical_fov_deg=config.source.vertical_fov_deg),
        classifier=make_classifier(config) if emotion else None,
        sinks=[kept],
        listener=listener,
    )
    session.run(threading.Event())
    return kept
