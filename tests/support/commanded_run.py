"""A session that a test drives frame by frame, with a commander."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from runtime_parts import Heard, KeepingSink, ScriptedClassifier, ScriptedFeed, ScriptedTracker
from waiting import until

from vtdrive.config.control import Control
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.errors import EndOfStream, SinkError
from vtdrive.runtime.commanding import Commander
from vtdrive.runtime.presets import Presets
from vtdrive.runtime.session import Session
from vtdrive.sinks.make import make_sink
from vtdrive.testing import make_face
from vtdrive.types import Face, VideoFrame

CROSS = [0.02, 0.01, 0.01, 0.01, 0.92, 0.01, 0.01, 0.01]


class Gated(ScriptedFeed):
    """Frames in lockstep, as many as a test lets through."""

    def __init__(self) -> None:
        super().__init__([True] * 100_000)
        self._allowed = threading.Semaphore(0)
        self._over = False

    def let(self, frames: int) -> None:
        for _ in range(frames):
            self._allowed.release()

    def end(self) -> None:
        self._over = True
        self._allowed.release()

    def take(self, timeout_s: float) -> VideoFrame | None:
        assert self._allowed.acquire(timeout=30)
        if self._over:
            raise EndOfStream("gated: over")
        return super().take(timeout_s)


def lively(seq: int) -> Face:
    return make_face(
        yaw_deg=2 * np.sin(seq / 9), shapes={"browInnerUp": 0.4 + 0.3 * np.sin(seq / 7)}
    )


class Saves(KeepingSink):
    """A sink whose program has a replay buffer."""

    def command(self, name: str) -> str | None:
        if self.fault:
            raise SinkError(self.fault, "start it")
        return "the replay is saved" if name == "replay save" else None


class Run:
    """A session that is driven by hand, and its commander."""

    def __init__(self, config: Config, folder: Path, *, presets: tuple[Path, ...] = ()) -> None:
        self.feed, self.sink, self.saves, self.heard = Gated(), KeepingSink(), Saves(), Heard()
        self.vmc = make_sink(VmcSink(port=39_999))
        self.classifier = ScriptedClassifier(CROSS)
        self.session = Session(
            config,
            feed=self.feed,
            tracker=ScriptedTracker(lively),
            classifier=self.classifier,
            sinks=[self.sink, self.saves, self.vmc],
            listener=self.heard,
        )
        self.commander = Commander(
            self.session,
            Presets(presets, load=load_config, use=self.session.reload),
            recordings=folder,
            tell=self.heard.on_event,
        )
        self.thread = threading.Thread(target=self.session.run, args=(threading.Event(),))

    def frames(self, many: int) -> None:
        """Let that many pass, and wait until they have."""
        done = self.session.stats.frames + many
        self.feed.let(many)
        until(lambda: self.session.stats.frames >= done)

    def end(self) -> None:
        self.feed.end()
        self.thread.join(10)

    def do(self, text: str) -> str:
        return self.commander.do(text)


@pytest.fixture
def run(config: Config, tmp_path: Path) -> Iterator[Run]:
    control = Control(recordings=str(tmp_path))
    config = config.model_copy(update={"control": control})
    with running(config, tmp_path) as made:
        yield made


@contextmanager
def running(config: Config, folder: Path, *presets: Path) -> Iterator[Run]:
    made = Run(config, folder, presets=presets)
    made.thread.start()
    try:
        with made.commander:
            yield made
    finally:
        made.end()
        assert not made.thread.is_alive()
