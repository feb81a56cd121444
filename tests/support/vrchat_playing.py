"""Feeding the VRChat sink with faces, for its tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, frame_of, posed
from fake_vrchat import FakeVrchat

from vtdrive.config.sinks import VrchatSink
from vtdrive.sinks import vrchat_discovery
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.vrchat import VrchatOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, Profile, Status, frozen
from vtdrive.vocab import MIRROR_SHAPE, SHAPES
from vtdrive.wire.neutral import neutral_frame

__all__ = ["FACE", "Playing", "face_frame", "play", "quick", "vrchat"]

FACE = {
    "FT/v2/EyeClosedLeft": "f", "FT/v2/EyeClosedRight": "f", "FT/v2/EyeLeftX": "f",
    "FT/v2/EyeLeftY": "f", "FT/v2/JawOpen1": "T", "FT/v2/JawOpen2": "T", "FT/v2/Head/Yaw": "f",
    "FT/v2/SmileFrownLeft": "f", "EyeTrackingActive": "T", "LipTrackingActive": "T",
    "VRCEmote": "i", "Hat": "T", "vtdrive/Emotion": "i", "vtdrive/Happiness": "f",
}  # fmt: skip
"""What a face-tracked avatar declares, as OSCQuery types, among other things of its own."""


def face_frame(
    seq: int,
    shapes: dict[str, float] | None = None,
    *,
    yaw: float = 0.0,
    gaze: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.0, 0.0)),
    status: Status = Status.LIVE,
    shown: int = 0,
    mirror: bool = False,
    drive: Any = "shapes",
) -> AvatarFrame:
    """A frame as `Driver.step` makes it: the state anatomical, the pose as the profile wants it."""
    values = np.zeros(len(SHAPES), np.float32)
    for name, value in (shapes or {}).items():
        values[SHAPES.index(name)] = value
    sent = values[list(MIRROR_SHAPE)] if mirror else values
    pose = posed(FULL, dict(zip(SHAPES, sent.tolist(), strict=True)))
    frame = frame_of(
        FULL, pose, seq=seq, t_ns=seq * 16_666_667, status=status,
        profiles=(Profile(drive, mirror),),
    )  # fmt: skip
    weights = np.zeros(8, np.float32)
    weights[shown] = 0.75 if shown else 0.0
    state = replace(
        frame.state,
        shapes=frozen(values),
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=0.0, roll=0.0)),
        gaze_rad=frozen(np.array(gaze)),
        emotion=replace(frame.state.emotion, shown=shown, weights=frozen(weights)),
    )
    return replace(frame, state=state)


class Playing:
    """A sink that is fed at 100 Hz with whatever `make` gives, in this thread."""

    def __init__(self, config: VrchatSink) -> None:
        self.sink = make_sink(config)
        assert isinstance(self.sink, VrchatOutput)
        self.sink.open(FULL)
        self.config = config
        self.seq = 0

    def until(self, holds: Callable[[], object], *, within_s: float = 10.0, **face: Any) -> bool:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            frame = face_frame(self.seq, mirror=self.config.mirror, **face)
            self.sink.send(frame)
            self.seq += 1
            time.sleep(0.01)
            if holds():
                return True
        return False

    def for_s(self, seconds: float, **face: Any) -> None:
        self.until(lambda: False, within_s=seconds, **face)

    def rest(self) -> None:
        """What the runtime sends at the end."""
        self.sink.send(
            neutral_frame(FULL, (self.sink.profile,), seq=self.seq, t_ns=self.seq * 16_666_667)
        )

    @property
    def told(self) -> tuple[str, str]:
        return self.sink.stats.last_error, self.sink.stats.remedy


@pytest.fixture
def vrchat() -> Iterator[FakeVrchat]:
    fake = FakeVrchat()
    fake.wear("avtr_first", FACE)
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vrchat_discovery, "_POLL_S", 0.1)
    monkeypatch.setattr(vrchat_discovery, "_SETTLE_S", (0.02, 0.05))


@pytest.fixture
def play(vrchat: FakeVrchat) -> Iterator[Callable[..., Playing]]:
    made: list[Playing] = []

    def start(**options: Any) -> Playing:
        page = {"oscquery": f"127.0.0.1:{vrchat.http_port}", "parameters": "oscquery"}
        made.append(Playing(VrchatSink.model_validate(page | options)))
        return made[-1]

    yield start
    for playing in made:
        playing.sink.close()
        assert "left behind" not in playing.sink.stats.last_error
