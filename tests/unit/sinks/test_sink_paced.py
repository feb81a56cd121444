from __future__ import annotations

import numpy as np
import pytest
from avatar_frames import SMALL, frame_of

from vtdrive.errors import SinkError
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.paced import Paced
from vtdrive.types import AvatarFrame, Profile, RigSchema


class Counting:
    name, target, profile, slow, every_frame = "x", "", Profile(), False, False

    def __init__(self) -> None:
        self.stats = SinkStats()
        self.seen: list[int] = []
        self.opened = self.closed = 0

    def open(self, schema: RigSchema) -> None:
        self.opened += 1

    def send(self, frame: AvatarFrame) -> None:
        self.seen.append(frame.t_ns)

    def close(self) -> None:
        self.closed += 1


def run(times_s: list[float], max_hz: float) -> tuple[list[float], Counting]:
    inner = Counting()
    sink = Paced(inner, max_hz=max_hz)
    sink.open(SMALL)
    for seq, t in enumerate(times_s):
        sink.send(frame_of(SMALL, seq=seq, t_ns=round(t * 1e9)))
    return [t * 1e-9 for t in inner.seen], inner


@pytest.mark.parametrize(("fps", "max_hz"), [(60, 30), (60, 45), (30, 30), (24, 30), (144, 60)])
def test_never_faster_and_not_much_slower(fps: float, max_hz: float) -> None:
    rng = np.random.default_rng(1)
    times = np.sort(np.arange(int(fps * 20)) / fps + 0.2 / fps * rng.random(int(fps * 20)))
    sent, _ = run(times.tolist(), max_hz)
    rate = len(sent) / 20
    assert rate <= max_hz * 1.01
    assert rate >= min(fps, max_hz) * 0.95


def test_a_pause_is_not_made_up_for() -> None:
    sent, _ = run([0.0, 10.0, 10.01, 10.02, 10.03, 10.11], 10)
    assert sent == pytest.approx([0.0, 10.0, 10.11])


def test_the_last_frame_goes_out_at_the_end() -> None:
    _, inner = run([0.0, 0.01, 0.02], 10)
    sink = Paced(inner, max_hz=10)
    sink.open(SMALL)
    for t_ns in (0, 10_000_000, 20_000_000):
        sink.send(frame_of(SMALL, t_ns=t_ns))
    inner.seen.clear()
    sink.close()
    assert inner.seen == [20_000_000]
    assert inner.closed == 1


def test_a_frame_of_an_old_schema_is_forgotten() -> None:
    inner = Counting()
    sink = Paced(inner, max_hz=10)
    sink.open(SMALL)
    sink.send(frame_of(SMALL, t_ns=0))
    sink.send(frame_of(SMALL, t_ns=1_000_000))
    sink.open(SMALL)
    sink.close()
    assert inner.seen == [0]


def test_close_closes_even_when_the_last_frame_fails() -> None:
    inner = Counting()

    def fail(frame: AvatarFrame) -> None:
        raise SinkError("gone")

    sink = Paced(inner, max_hz=10)
    sink.open(SMALL)
    sink.send(frame_of(SMALL, t_ns=0))
    sink.send(frame_of(SMALL, t_ns=1))
    inner.send = fail  # type: ignore[method-assign]
    sink.close()
    assert inner.closed == 1
