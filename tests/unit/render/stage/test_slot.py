from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from vtdrive.render.stage.slot import Slot
from vtdrive.types import U8

CONTEXT = multiprocessing.get_context("spawn")
WORDS = 93
ROWS = 40_000


def row(number: int) -> U8:
    return np.full(WORDS, number, np.uint64).view(np.uint8)


def test_the_newest_wins_and_is_read_once() -> None:
    slot = Slot(16, CONTEXT)
    assert slot.read() is None
    slot.write(np.arange(3, dtype=np.uint8))
    slot.write(np.arange(5, dtype=np.uint8))
    assert slot.news
    got = slot.read()
    assert got is not None
    assert got.tolist() == [0, 1, 2, 3, 4]
    assert slot.read() is None
    assert not slot.news


def test_what_was_read_is_not_written_again() -> None:
    slot = Slot(16, CONTEXT)
    slot.write(np.full(16, 1, np.uint8))
    got = slot.read()
    for number in range(2, 8):
        slot.write(np.full(16, number, np.uint8))
    assert got is not None
    assert got.tolist() == [1] * 16


@pytest.mark.parametrize("at", range(16))
def test_a_row_that_was_caught_half_written_is_none(at: int) -> None:
    slot = Slot(16, CONTEXT)
    slot.write(np.arange(16, dtype=np.uint8))
    slot._bytes[1][at] ^= 1
    assert slot.read() is None
    slot._bytes[1][at] ^= 1
    assert slot.read() is not None


def test_nobody_is_rung_who_does_not_wait() -> None:
    ear, bell = CONTEXT.Pipe(duplex=False)
    slot = Slot(16, CONTEXT)
    for _ in range(3):
        slot.write(np.zeros(16, np.uint8))
        slot.ring(bell)
    assert not ear.poll(0)
    slot.wait(ear, 5.0)  # returns at once: there is news
    slot.read()
    start = time.perf_counter()
    slot.wait(ear, 0.02)
    assert time.perf_counter() - start < 1.0
    for end in (ear, bell):
        end.close()


def test_a_bell_that_nobody_hears_any_more_is_told() -> None:
    ear, bell = CONTEXT.Pipe(duplex=False)
    slot = Slot(16, CONTEXT)
    bell.close()
    with pytest.raises((EOFError, OSError)):
        slot.wait(ear, 5.0)
    ear.close()


def pour(slot: Slot, bell: Connection, go: Connection) -> None:
    """Write `ROWS` rows as fast as it goes, then those that end it."""
    go.send(True)
    for number in range(1, ROWS + 1):
        slot.write(row(number))
        slot.ring(bell)
    go.send(True)


def test_two_processes_at_full_speed_never_make_a_torn_row() -> None:
    slot = Slot(8 * WORDS, CONTEXT)
    ear, bell = CONTEXT.Pipe(duplex=False)
    gone, go = CONTEXT.Pipe(duplex=False)
    writer = CONTEXT.Process(target=pour, args=(slot, bell, go), daemon=True)
    writer.start()
    go.close()
    assert gone.recv()
    read, last = 0, 0
    while last < ROWS:
        slot.wait(ear, 1.0)
        data = slot.read()
        if data is None:
            assert writer.is_alive() or slot.news
            continue
        words = data.view(np.uint64)
        assert (words == words[0]).all()
        assert int(words[0]) > last
        read, last = read + 1, int(words[0])
    writer.join(5)
    for end in (ear, bell, gone):
        end.close()
    assert writer.exitcode == 0
    writer.close()
    assert read > 100


def test_a_put_takes_microseconds() -> None:
    ear, bell = CONTEXT.Pipe(duplex=False)
    slot, data = Slot(8 * WORDS, CONTEXT), row(7)
    start = time.perf_counter()
    for _ in range(2000):
        slot.write(data)
        slot.ring(bell)
    took = (time.perf_counter() - start) / 2000
    for end in (ear, bell):
        end.close()
    assert took < 200e-6  # 8 µs on a quiet machine
