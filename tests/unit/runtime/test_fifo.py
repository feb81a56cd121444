"""The recorder's queue: order, bounded waiting, and an end that never hangs."""

from __future__ import annotations

import threading
import time

from vtdrive.runtime.fifo import Fifo


def test_items_come_in_order_and_none_is_lost_while_there_is_room() -> None:
    queue: Fifo[int] = Fifo(5)
    for i in range(5):
        queue.put(i)
    assert [queue.take(0) for _ in range(6)] == [0, 1, 2, 3, 4, None]
    assert queue.missing == 0


def test_what_finds_no_room_is_counted() -> None:
    queue: Fifo[int] = Fifo(2)
    for i in range(5):
        queue.put(i)
    assert queue.dropped == 3
    assert queue.missing == 5
    assert [queue.take(0), queue.take(0)] == [0, 1]
    assert queue.missing == 3


def test_put_waits_for_room() -> None:
    queue: Fifo[int] = Fifo(1, patience_s=30)
    queue.put(0)
    taker = threading.Timer(0.05, queue.take)
    taker.start()
    queue.put(1)
    taker.join()
    assert queue.take(0) == 1
    assert queue.dropped == 0


def test_a_stuck_taker_is_waited_for_only_once() -> None:
    queue: Fifo[int] = Fifo(1, patience_s=0.3)
    queue.put(0)
    start = time.monotonic()
    for i in range(1, 20):
        queue.put(i)
    assert time.monotonic() - start < 5 * 0.3
    assert queue.dropped == 19


def test_closing_wakes_both_ends_and_lets_the_rest_be_taken() -> None:
    queue: Fifo[int] = Fifo(1, patience_s=60)
    queue.put(0)
    closer = threading.Timer(0.05, queue.close)
    closer.start()
    queue.put(1)
    closer.join()
    assert queue.take() == 0
    assert queue.take() is None
    assert queue.dropped == 1
