"""A VTube Studio sink at work in a test: frames 60 times a second, from a thread."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from avatar_frames import FULL, frame_of, posed
from fake_vts import FakeVts

from vtdrive.config.sinks import VtsSink
from vtdrive.sinks.vts import VtsOutput
from vtdrive.sinks.vts_token import TokenStore
from vtdrive.types import AvatarFrame, Profile, Status, frozen
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["Stage", "face_frame", "last", "stage", "vts"]


def face_frame(
    profile: Profile,
    shapes: dict[str, float] | None = None,
    *,
    status: Status = Status.LIVE,
    emotion: str = "neutral",
    weight: float = 0.8,
    head_xyzw: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0),
) -> AvatarFrame:
    """A frame with these shapes; `shapes` are what the profile's mapping has made, mirrored where
    it mirrors, while `head_xyzw` is the user's own."""
    frame = frame_of(FULL, posed(FULL, shapes), status=status, profiles=(profile,))
    index = EMOTION_INDEX[emotion]
    weights = np.zeros(8, np.float32)
    weights[index] = weight if index else 0.0
    felt = dataclasses.replace(frame.state.emotion, weights=frozen(weights), shown=index)
    state = dataclasses.replace(frame.state, emotion=felt, head_xyzw=frozen(head_xyzw))
    return dataclasses.replace(frame, state=state)


class Stage:
    """A context manager: the sink is open and gets a frame 60 times a second while `playing`."""

    def __init__(self, config: VtsSink, folder: Path) -> None:
        self.tokens = TokenStore(folder)
        self.sink = VtsOutput(config, tokens=self.tokens)
        self.frame = face_frame(self.sink.profile)
        self.playing = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="stage")

    def __enter__(self) -> Stage:
        self.sink.open(FULL)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Close the sink, as the end of a run does."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
            self.sink.close()

    def show(
        self, shapes: dict[str, float] | None = None, *, status: Status = Status.LIVE,
        emotion: str = "neutral", weight: float = 0.8,
    ) -> None:  # fmt: skip
        self.frame = face_frame(
            self.sink.profile, shapes, status=status, emotion=emotion, weight=weight
        )

    @property
    def up(self) -> bool:
        return self.sink.stats.connected is True

    def _play(self) -> None:
        while not self._stop.wait(1 / 60):
            if self.playing:
                self.sink.send(dataclasses.replace(self.frame, t_ns=time.monotonic_ns()))


@pytest.fixture
def vts() -> Iterator[FakeVts]:
    with FakeVts() as fake:
        yield fake


def stage(vts: FakeVts, folder: Path, **options: object) -> Stage:
    return Stage(VtsSink.model_validate({"port": vts.port, **options}), folder)


def last(vts: FakeVts, name: str) -> tuple[float, float]:
    """Value and weight of the last frame."""
    return vts.injections[-1].values[name]
