"""Coming back by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from fake_sources import FakeClock, ScriptedSource
from mjpeg_camera import serving

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceError, SourceLost, SourceNotFound, UsageError
from vtdrive.sources.base import Source
from vtdrive.sources.resilient import Resilient, SourceEvent
from vtdrive.sources.resolve import open_source
from vtdrive.types import VideoFrame


def from_list(sources: list[ScriptedSource]) -> Callable[[], Source]:
    left: Iterator[ScriptedSource] = iter(sources)
    return lambda: next(left)


def read_until(
    source: Resilient, wanted: Callable[[VideoFrame | None], bool], limit_s: float = 8.0
) -> list[VideoFrame]:
    """Reads until `wanted` of what `read` gave; the frames on the way."""
    frames = []
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        frame = source.read()
        if frame is not None:
            frames.append(frame)
        if wanted(frame):
            return frames
    raise AssertionError("it never came")


def test_the_pause_doubles_up_to_its_limit_and_each_try_is_told() -> None:
    clock = FakeClock(0)
    events: list[SourceEvent] = []
    gone = [ScriptedSource(0, refuse=SourceNotFound("no camera 0")) for _ in range(6)]
    source = Resilient(
        from_list([ScriptedSource(0, SourceLost("camera 0 went away")), *gone]),
        clock=clock,
        retry_max_s=3.0,
        on_event=events.append,
    )
    source.open()
    until = time.monotonic() + 8
    while len(events) < 6 and time.monotonic() < until:
        assert source.read() is None
    source.close()
    assert [event.kind for event in events] == ["lost", *["retrying"] * 5]
    assert [event.attempt for event in events] == [0, 1, 2, 3, 4, 5]
    assert [event.t_ns / 1e9 for event in events] == [0, 0.25, 0.75, 1.75, 3.75, 6.75]
    assert events[0].sentence == "camera 0 went away; trying again"
    assert events[1].sentence == "no camera 0; next try in 0.5 s"
    assert events[5].sentence == "no camera 0; next try in 3 s"
    assert max(clock.slept_ns) <= 250_000_000  # the reader can end at any time


def test_numbers_go_on_rising_across_openings() -> None:
    events: list[SourceEvent] = []
    lost = SourceLost("gone")
    source = Resilient(
        from_list([ScriptedSource(5, lost), ScriptedSource(4, lost), ScriptedSource(3)]),
        on_event=events.append,
        retry_max_s=0.05,
    )
    source.open()
    frames = read_until(source, lambda frame: frame is not None and int(frame.image[0, 0, 0]) == 3)
    while sum(event.kind == "back" for event in events) < 2:
        frames += read_until(source, lambda frame: frame is not None)
    source.close()
    seqs = [frame.seq for frame in frames]
    assert seqs == sorted(set(seqs))
    assert [event.kind for event in events] == ["lost", "back", "lost", "back"]
    assert events[1].sentence == "scripted is back"
    assert not source.lost


def test_the_first_failure_is_raised() -> None:
    source = Resilient(from_list([ScriptedSource(0, refuse=SourceNotFound("no camera 0"))]))
    with pytest.raises(SourceNotFound, match="no camera 0"):
        source.open()
    source.close()


def test_a_source_that_is_not_there_yet_can_be_waited_for() -> None:
    events: list[SourceEvent] = []
    source = Resilient(
        from_list([ScriptedSource(0, refuse=SourceNotFound("no camera 0")), ScriptedSource(2)]),
        wait_for_first=True,
        on_event=events.append,
    )
    assert source.open() is None
    read_until(source, lambda frame: frame is not None)
    source.close()
    assert [event.kind for event in events] == ["lost", "back"]
    assert source.obtained is not None


def test_opening_can_be_given_up() -> None:
    inner = ScriptedSource(1)
    inner.hang_at_open = True
    source = Resilient(from_list([inner]))
    asked = iter([False, True])
    start = time.monotonic()
    assert source.open(cancelled=lambda: next(asked)) is None
    source.close()
    assert time.monotonic() - start < 5
    inner.release.set()


@pytest.mark.parametrize("fault", [EndOfStream("over"), UsageError("no"), KeyError("a bug")])
def test_what_no_retry_mends_is_raised(fault: Exception) -> None:
    source = Resilient(from_list([ScriptedSource(0, fault)]))
    source.open()
    with pytest.raises(type(fault)):
        read_until(source, lambda frame: False)
    source.close()


def test_a_fault_inside_a_file_is_raised() -> None:
    source = Resilient(from_list([ScriptedSource(1, SourceError("2.png is broken"), live=False)]))
    source.open()
    with pytest.raises(SourceError, match="is broken"):
        read_until(source, lambda frame: False)
    source.close()


def test_read_waits_for_as_long_as_it_is_told() -> None:
    inner = ScriptedSource(0)
    source = Resilient(from_list([inner]), stall_s=30)
    source.open()
    start = time.monotonic()
    assert source.read(0.02) is None
    assert time.monotonic() - start < 0.2
    inner.release.set()
    source.close()


def test_a_driver_that_hangs_is_not_given_ever_more_threads() -> None:
    made: list[ScriptedSource] = []

    def make() -> Source:
        made.append(ScriptedSource(0))
        return made[-1]

    events: list[SourceEvent] = []
    source = Resilient(make, stall_s=0.05, retry_max_s=0.05, on_event=events.append)
    source.open()
    read_until(source, lambda frame: any("unplug" in event.sentence for event in events))
    assert len(made) == 3
    for inner in made:
        inner.release.set()
    read_until(source, lambda frame: len(made) == 4)  # it goes on once the driver let go
    made[-1].release.set()
    source.close()


def test_a_loss_does_not_keep_the_reader_waiting_for_a_driver_that_hangs() -> None:
    inner, events = ScriptedSource(1), list[SourceEvent]()
    source = Resilient(from_list([inner]), stall_s=0.05, on_event=events.append)
    source.open()
    waits = []
    while not events:
        start = time.monotonic()
        source.read(0.01)
        waits.append(time.monotonic() - start)
    assert max(waits) < 0.4
    inner.release.set()
    source.close()


def test_a_flapping_source_is_tried_less_and_less_often() -> None:
    clock = FakeClock(0)
    events: list[SourceEvent] = []
    source = Resilient(
        lambda: ScriptedSource(1, SourceLost("gone")),
        clock=clock,
        retry_max_s=4.0,
        on_event=events.append,
    )
    source.open()
    read_until(source, lambda frame: len([e for e in events if e.kind == "lost"]) == 5)
    source.close()
    lost_s = [event.t_ns / 1e9 for event in events if event.kind == "lost"]
    assert lost_s == [0, 0.25, 0.75, 1.75, 3.75]


def test_a_camera_on_the_network_comes_back() -> None:
    events: list[SourceEvent] = []
    with serving() as first:
        config = SourceConfig(uri=first.url, stall_s=0.5)
        source = Resilient(lambda: open_source(config), retry_max_s=0.25, on_event=events.append)
        source.open()
        read_until(source, lambda frame: frame is not None)
        first.stop()
        frames = read_until(source, lambda frame: source.lost)
        assert source.read() is None
    with serving(first.port):
        frames += read_until(source, lambda frame: frame is not None)
        t_ns = SYSTEM_CLOCK.now_ns()
        assert 0 <= t_ns - frames[-1].t_ns < 1_000_000_000
        source.close()
    seqs = [frame.seq for frame in frames]
    assert seqs == sorted(set(seqs))
    assert (events[0].kind, events[-1].kind) == ("lost", "back")
    assert all("nothing serves port" in e.sentence for e in events if e.kind == "retrying")
