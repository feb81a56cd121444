"""The OBS sink with rules, and a film of faces for it, against the stand-in for OBS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from avatar_frames import SMALL, frame_of
from fake_obs import FakeObs

from vtdrive.config.sinks import ObsSink
from vtdrive.config.sinks.obs import ObsRule
from vtdrive.sinks import looping, obs_link, obs_password
from vtdrive.sinks import obs as obs_sink
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.obs import ObsOutput
from vtdrive.types import AvatarFrame, EmotionState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, SHAPE_INDEX

AT_ONCE = {"hold_ms": 0, "debounce_ms": 0, "min_on_ms": 0}
LAUGH = {
    "when": {"emotion": "happiness", **AT_ONCE},
    "scene": "Laughing",
    "otherwise": {"scene": "Main"},
}
Play = Callable[..., ObsOutput]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(looping, "_LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(obs_sink, "_UNREADY_S", 0.01)
    monkeypatch.setattr(obs_sink, "_TEXT_S", 0.02)
    monkeypatch.setattr(obs_link, "_OPEN_S", 0.5)
    monkeypatch.setattr(obs_link, "_ANSWER_S", 0.3)
    monkeypatch.delenv("VTDRIVE_OBS_PASSWORD", raising=False)
    monkeypatch.setattr(obs_password, "_asked", lambda service: ("", ""))


@pytest.fixture
def fake() -> Iterator[FakeObs]:
    with FakeObs() as running:
        yield running


@pytest.fixture
def play() -> Iterator[Play]:
    """`play(fake, rule, …, port=…)`: an open sink with these rules."""
    made: list[ObsOutput] = []

    def start(fake: FakeObs, *rules: dict[str, Any], **keys: Any) -> ObsOutput:
        table = ObsSink(
            port=fake.port, rules=[ObsRule.model_validate(rule) for rule in rules], **keys
        )
        sink = make_sink(table)
        assert isinstance(sink, ObsOutput)
        made.append(sink)
        sink.open(SMALL)
        return sink

    yield start
    for sink in made:
        sink.close()


class Film:
    """Frames 33 ms apart."""

    def __init__(self, sink: ObsOutput) -> None:
        self.sink, self.seq = sink, 0

    def show(
        self, emotion: str = "neutral", *, frames: int = 1, status: Status = Status.LIVE,
        sure: float = 0.9, **shapes: float,
    ) -> None:  # fmt: skip
        for _ in range(frames):
            self.sink.send(self.frame(emotion, status, sure, shapes))
            self.seq += 1

    def frame(
        self, emotion: str, status: Status, sure: float, shapes: dict[str, float]
    ) -> AvatarFrame:
        frame = frame_of(SMALL, seq=self.seq, t_ns=self.seq * 33_000_000, status=status)
        index, values = EMOTION_INDEX[emotion], np.zeros(52)
        for name, value in shapes.items():
            values[SHAPE_INDEX[name]] = value
        probs, weights = np.full(8, (1 - sure) / 7), np.zeros(8)
        probs[index] = sure
        weights[index] = 0.8 * (index > 0)
        felt = EmotionState(frozen(probs), frozen(weights), index, index)
        state = dataclasses.replace(frame.state, shapes=frozen(values), emotion=felt)
        return dataclasses.replace(frame, state=state)


def up(fake: FakeObs, sink: ObsOutput) -> Film:
    fake.until(lambda: bool(sink.stats.connected))
    return Film(sink)
