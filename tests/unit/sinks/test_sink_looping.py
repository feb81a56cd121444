"""Sinks that hold a connection: nobody waits for them, and they come back by themselves."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from avatar_frames import FULL, SMALL, frame_of

from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks import looping
from vtdrive.sinks.base import Sink
from vtdrive.sinks.looping import LoopSink
from vtdrive.types import Profile


class Scripted(LoopSink):
    """Serves as its script says: one fault a connection, then well."""

    def __init__(self, *faults: Exception, slow_s: float = 0.0) -> None:
        super().__init__(name="scripted", target="", profile=Profile())
        self.faults = list(faults)
        self.slow_s = slow_s
        self.got: list[int] = []
        self.connections = 0
        self.ended = False

    async def serve(self) -> None:
        self.connections += 1
        if self.faults:
            raise self.faults.pop(0)
        self.mended()
        while (frame := await self.newest()) is not None:
            if self.slow_s:
                await asyncio.sleep(self.slow_s)
            self.got.append(frame.seq)
        self.ended = True


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(looping, "_LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def opened() -> Iterator[Callable[[Scripted], Scripted]]:
    made: list[Scripted] = []

    def start(sink: Scripted) -> Scripted:
        made.append(sink)
        sink.open(SMALL)
        return sink

    yield start
    for sink in made:
        sink.close()


def until(said: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.005)


def test_it_is_a_sink() -> None:
    assert isinstance(Scripted(), Sink)


def test_frames_arrive_and_the_last_one_before_the_end_too(
    opened: Callable[[Scripted], Scripted],
) -> None:
    sink = opened(Scripted())
    sink.send(frame_of(SMALL, seq=1))
    until(lambda: sink.got == [1])
    sink.send(frame_of(SMALL, seq=2))
    sink.close()
    assert sink.got == [1, 2]
    assert sink.ended
    assert sink.stats.frames == 2
    assert sink.stats.connected is False


def test_a_slow_receiver_gets_the_newest_and_delays_nobody(
    opened: Callable[[Scripted], Scripted],
) -> None:
    sink = opened(Scripted(slow_s=0.05))
    until(lambda: bool(sink.stats.connected))
    start = time.perf_counter()
    for seq in range(100):
        sink.send(frame_of(SMALL, seq=seq))
    assert time.perf_counter() - start < 0.5
    until(lambda: sink.got[-1:] == [99])
    assert len(sink.got) < 10


@pytest.mark.usefixtures("hurried")
def test_it_comes_back_after_any_fault(opened: Callable[[Scripted], Scripted]) -> None:
    sink = opened(Scripted(SinkError("gone", "start it"), OSError("broken pipe")))
    until(lambda: bool(sink.stats.connected))
    assert sink.stats.last_error == ""
    sink.send(frame_of(SMALL, seq=7))
    until(lambda: sink.got == [7])


class Kicked(Scripted):
    """Connects, and is thrown out at once, each time."""

    async def serve(self) -> None:
        self.connections += 1
        self.mended()
        await asyncio.sleep(0.01)
        raise SinkError("thrown out", "ask why")


@pytest.mark.parametrize(("steady_s", "often"), [(10.0, False), (0.0, True)])
def test_who_throws_it_out_each_time_is_asked_ever_less_often(
    opened: Callable[[Scripted], Scripted],
    monkeypatch: pytest.MonkeyPatch,
    steady_s: float,
    often: bool,
) -> None:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(looping, "_STEADY_S", steady_s)
    sink = opened(Kicked())
    time.sleep(1.5)
    # Pauses of 0.04, 0.08 … or of 0.02 each time.
    assert (sink.connections > 12) is often


def test_what_is_wrong_stands_in_the_stats(opened: Callable[[Scripted], Scripted]) -> None:
    sink = opened(Scripted(SinkError("nobody is at home", "ring later")))
    until(lambda: sink.stats.last_error != "")
    assert sink.stats.last_error == "nobody is at home"
    assert sink.stats.remedy == "ring later"
    assert sink.stats.connected is False


@pytest.mark.usefixtures("hurried")
def test_what_can_never_work_is_not_tried_again(opened: Callable[[Scripted], Scripted]) -> None:
    sink = opened(Scripted(SinkUnusable("wrong password", "look it up")))
    until(lambda: sink.stats.last_error == "wrong password")
    time.sleep(0.2)
    assert sink.connections == 1
    sink.send(frame_of(SMALL))
    start = time.monotonic()
    sink.close()
    assert time.monotonic() - start < 1.0


def test_a_receiver_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looping, "_CLOSE_S", 0.1)

    class Hanging(Scripted):
        async def serve(self) -> None:
            self.mended()
            await asyncio.sleep(3600)

    sink = Hanging()
    sink.open(SMALL)
    until(lambda: bool(sink.stats.connected))
    start = time.monotonic()
    sink.close()
    assert time.monotonic() - start < 2.0
    assert "left behind" in sink.stats.last_error
    assert not [t for t in threading.enumerate() if t.name == "vtdrive-scripted"]


def test_a_run_may_end_while_it_connects(opened: Callable[[Scripted], Scripted]) -> None:
    class Connecting(Scripted):
        async def serve(self) -> None:
            self.connections += 1
            try:
                await asyncio.sleep(60)
            finally:
                self.ended = True

    sink = opened(Connecting())
    until(lambda: sink.connections == 1)
    start = time.monotonic()
    sink.close()
    assert time.monotonic() - start < 1.5
    assert sink.ended
    assert sink.stats.last_error == ""


def test_a_changed_schema_drops_the_frame_that_does_not_fit(
    opened: Callable[[Scripted], Scripted],
) -> None:
    sink = opened(Scripted(slow_s=0.1))
    until(lambda: bool(sink.stats.connected))
    sink.send(frame_of(SMALL, seq=1))
    until(lambda: sink._frame is None)
    sink.send(frame_of(SMALL, seq=2))
    sink.open(FULL)
    assert sink.schema is FULL
    sink.send(frame_of(FULL, seq=3))
    until(lambda: sink.got[-1:] == [3])
    assert 2 not in sink.got


def test_close_without_open_and_open_after_close() -> None:
    sink = Scripted()
    with pytest.raises(SinkError, match="not open"):
        sink.send(frame_of(SMALL))
    sink.close()
    sink.open(SMALL)
    assert sink.connections == 0
