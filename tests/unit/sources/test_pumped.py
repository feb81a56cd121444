"""The thread around a source that may block."""

from __future__ import annotations

import threading
import time

import pytest
from fake_sources import ScriptedSource, read_on

from vtdrive.errors import EndOfStream, SourceLost, SourceNotFound
from vtdrive.sources.pumped import Pumped
from vtdrive.types import VideoFrame


def pumped(inner: ScriptedSource, *, stall_s: float = 0.2, open_s: float = 2.0) -> Pumped:
    return Pumped(inner, name="camera 0", stall_s=stall_s, open_s=open_s)


def settled(pump: Pumped, inner: ScriptedSource) -> None:
    """Waits until the thread has read all that there is."""
    until = time.monotonic() + 5
    while inner.calls.count("read") <= inner.frames and time.monotonic() < until:
        time.sleep(0.005)


def test_everything_happens_in_one_thread_which_is_not_the_readers() -> None:
    inner = ScriptedSource(3, SourceLost("gone"))
    pump = pumped(inner)
    assert pump.open().name == "scripted"
    with pytest.raises(SourceLost, match="gone"):
        read_on(pump)
    pump.close()
    assert pump.ended
    assert len(inner.threads) == 1
    assert threading.get_ident() not in inner.threads
    assert inner.calls == ["open", "read", "read", "read", "read", "close"]


def test_the_newest_frame_wins_and_losses_are_counted() -> None:
    inner = ScriptedSource(5, EndOfStream("over"))
    pump = pumped(inner)
    pump.open()
    settled(pump, inner)
    assert pump.read().seq == 4  # the last frame comes before the end
    assert pump.dropped == 4
    with pytest.raises(EndOfStream):
        pump.read()
    pump.close()


def test_what_the_source_itself_passed_over_counts_as_lost() -> None:
    class Skipping(ScriptedSource):
        def read(self) -> VideoFrame:
            frame = super().read()
            return VideoFrame(3 * frame.seq, frame.t_ns, frame.image)

    inner = Skipping(5, EndOfStream("over"))
    pump = pumped(inner)
    pump.open()
    settled(pump, inner)
    assert pump.read().seq == 12
    assert pump.dropped == 12  # of 0..12 one was taken
    pump.close()


def test_a_stall_is_a_loss_after_stall_s() -> None:
    inner = ScriptedSource(1)
    pump = pumped(inner)
    pump.open()
    assert pump.read().seq == 0
    start = time.monotonic()
    with pytest.raises(SourceLost, match=r"scripted gave no picture for 0\.2 s"):
        pump.read()
    assert 0.1 < time.monotonic() - start < 2
    inner.release.set()
    pump.close()
    assert pump.ended


def test_a_slow_source_is_not_a_stalled_one() -> None:
    inner = ScriptedSource(1, fps=0.5)
    pump = pumped(inner, stall_s=0.05)
    pump.open()
    pump.read()
    assert pump.poll(0.3) is None
    inner.release.set()
    pump.close()


def test_close_does_not_wait_for_a_driver_that_hangs() -> None:
    inner = ScriptedSource(0)
    pump = pumped(inner)
    pump.open()
    start = time.monotonic()
    pump.close()
    assert time.monotonic() - start < 2
    hung = not pump.ended
    assert "close" not in inner.calls  # the device belongs to the thread
    inner.release.set()
    pump.close()
    assert (hung, pump.ended) == (True, True)
    assert inner.calls[-1] == "close"


def test_a_poll_returns_in_time_without_a_frame() -> None:
    inner = ScriptedSource(0)
    pump = pumped(inner, stall_s=5)
    pump.open()
    start = time.monotonic()
    assert pump.poll(0.05) is None
    assert time.monotonic() - start < 1
    inner.release.set()
    pump.close()


def test_a_refusal_comes_from_open_and_closes_the_device() -> None:
    inner = ScriptedSource(0, refuse=SourceNotFound("no camera"))
    pump = pumped(inner)
    with pytest.raises(SourceNotFound, match="no camera"):
        pump.open()
    pump.close()
    assert inner.calls == ["open", "close"]


def test_an_opening_that_hangs_ends_as_not_found() -> None:
    inner = ScriptedSource(0, hang_at_open=True)
    pump = pumped(inner, open_s=0.1)
    with pytest.raises(SourceNotFound, match="did not answer"):
        pump.open()
    inner.release.set()
    pump.close()
    assert inner.calls == ["open", "close"]


def test_a_fault_of_the_program_reaches_the_reader() -> None:
    inner = ScriptedSource(0, ZeroDivisionError("a bug"))
    pump = pumped(inner)
    pump.open()
    with pytest.raises(ZeroDivisionError):
        pump.read()
    pump.close()


def test_close_without_open() -> None:
    inner = ScriptedSource(0)
    pumped(inner).close()
    assert inner.calls == []
