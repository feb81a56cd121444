"""Keys from a real (pseudo) terminal: letters, what only looks like letters, and its loss."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from vtdrive.cli import keys

pty: Any = pytest.importorskip("pty", reason="pseudo terminals are POSIX's")


class Terminal:
    """Both ends: keys are typed at one, and `sys.stdin` is the other."""

    def __init__(self) -> None:
        self.typist, inner = pty.openpty()
        self.stdin = os.fdopen(inner, "r")

    def type(self, keys: bytes) -> None:
        os.write(self.typist, keys)

    def hang_up(self) -> None:
        if self.typist >= 0:
            os.close(self.typist)
        self.typist = -1


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal()
    monkeypatch.setattr(sys, "stdin", made.stdin)
    yield made
    made.hang_up()
    made.stdin.close()


def test_a_letter_comes_at_once_and_unechoed(terminal: Terminal) -> None:
    with keys.key_reader() as read:
        terminal.type(b"pf")
        assert [read(2.0), read(2.0), read(0.0)] == ["p", "f", ""]


@pytest.mark.parametrize(
    "pressed", [b"\x1bOP", b"\x1b[F", b"\x1bOF", b"\x1b[1;2P", b"\x1b[A", b"\x1b", b"\xc3\xa9"]
)
def test_keys_that_are_no_letters_are_none(terminal: Terminal, pressed: bytes) -> None:
    """F1 ends in P and End in F: neither may panic or freeze the avatar."""
    with keys.key_reader() as read:
        terminal.type(pressed)
        assert [read(0.3), read(0.05), read(0.05)] == ["", "", ""]
        terminal.type(b"q")
        assert read(2.0) == "q"


def test_a_closed_window_costs_nothing_and_breaks_nothing(terminal: Terminal) -> None:
    with keys.key_reader() as read:
        terminal.hang_up()
        started, busy = time.monotonic(), time.process_time()
        assert [read(0.1) for _ in range(4)] == [""] * 4
        assert time.monotonic() - started > 0.35, "a lost terminal is always ready"
        assert time.process_time() - busy < 0.2


def test_another_programs_terminal_is_let_be(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`vtdrive run &` must not be stopped for reading or setting the shell's terminal."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
    touched: list[str] = []
    monkeypatch.setattr("tty.setcbreak", lambda *_: touched.append("set"))
    with keys.key_reader() as read:
        terminal.type(b"p")
        assert read(0.05) == ""
    assert touched == []
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stdin", terminal.stdin)
    with keys.key_reader() as read:
        monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
        terminal.type(b"f")
        assert read(0.05) == ""
        monkeypatch.undo()
        monkeypatch.setattr(sys, "stdin", terminal.stdin)
        assert read(2.0) == "f"


class Console:
    """What `msvcrt` says when these characters wait."""

    def __init__(self, waiting: str) -> None:
        self.waiting = list(waiting)

    def kbhit(self) -> bool:
        return bool(self.waiting)

    def getwch(self) -> str:
        return self.waiting.pop(0)


def test_on_windows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("\xe0P\x00;q")  # arrow down, F1, q
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    assert keys._windows_key(1.0) == "q"
    console.waiting = ["\xe0"]
    assert keys._windows_key(1.0) == "\xe0", "à on a French keyboard"
    assert keys._windows_key(0.01) == ""
