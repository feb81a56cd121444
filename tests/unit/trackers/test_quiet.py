"""Native noise is kept off the terminal, and the terminal comes back whatever happens."""

from __future__ import annotations

import os
import threading

import pytest

from vtdrive.trackers.quiet import quiet_stderr


def test_what_native_code_writes_is_swallowed_only_inside(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before ")
    with quiet_stderr():
        os.write(2, b"noise ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_the_terminal_comes_back_after_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), quiet_stderr():
        raise KeyError
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_blocks_nest_and_overlap_between_threads(capfd: pytest.CaptureFixture[str]) -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet_stderr():
            inside.set()
            assert leave.wait(5)

    thread = threading.Thread(target=other)
    with quiet_stderr():
        thread.start()
        assert inside.wait(5)
    os.write(2, b"noise")  # the other block is still open
    leave.set()
    thread.join(5)
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_no_descriptor_is_left_behind() -> None:
    for _ in range(3):
        with quiet_stderr():
            pass
    spare = os.dup(2)
    os.close(spare)
    for _ in range(100):
        with quiet_stderr():
            pass
    again = os.dup(2)
    os.close(again)
    assert again == spare
