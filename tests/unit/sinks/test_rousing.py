"""Who asks to be roused is, soon, in a thread that is there only as long as somebody needs it."""

from __future__ import annotations

import threading

from vtdrive.sinks.rousing import Rouser


def threads() -> int:
    return sum(thread.name == "vtdrive-rouse" for thread in threading.enumerate())


def test_all_that_is_asked_is_done_in_order_and_elsewhere() -> None:
    rouser, done, seen = Rouser(), threading.Event(), list[tuple[int, str]]()
    rouser.join()
    for i in range(1000):
        rouser.ask(lambda i=i: seen.append((i, threading.current_thread().name)))  # type: ignore[misc]
    rouser.ask(done.set)
    assert done.wait(5)
    assert [i for i, _ in seen] == list(range(1000))
    assert {name for _, name in seen} == {"vtdrive-rouse"}
    rouser.leave()


def test_one_thread_serves_all_and_ends_with_the_last() -> None:
    rouser = Rouser()
    before = threads()
    for _ in range(3):
        rouser.join()
    assert threads() == before + 1
    rouser.leave()
    rouser.leave()
    assert threads() == before + 1
    rouser.leave()
    assert threads() == before


def test_it_serves_again_after_everybody_had_left() -> None:
    rouser = Rouser()
    for _ in range(3):
        done = threading.Event()
        rouser.join()
        rouser.ask(done.set)
        assert done.wait(5)
        rouser.leave()
