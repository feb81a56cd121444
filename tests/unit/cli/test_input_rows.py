"""The rows of the dashboard say what each live input does, and what is wrong with it."""

from __future__ import annotations

import threading

from live_inputs import ScriptedInput, heard, table
from rich.console import Console

from vtdrive.cli.input_rows import input_rows
from vtdrive.runtime.inputs import Inlet
from vtdrive.testing import FakeClock


def said(inlet: Inlet, *drives: str) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(input_rows([inlet], lambda at: drives))
    return captured.get()


def test_each_state_is_a_word_and_what_it_drives_is_named() -> None:
    clock, source = FakeClock(10**9), ScriptedInput("vmc-in 127.0.0.1:39540")
    inlet = Inlet(table(), print, news=threading.Event(), make=lambda _: source, clock=clock)
    waiting = said(inlet)
    assert "waiting vmc-in 127.0.0.1:39540   0/s in drives nothing now" in waiting
    for _ in range(60):
        clock.advance(1 / 30)
        inlet._take(heard(clock.now_ns()), clock.now_ns())
    live = said(inlet, "mouth", "tongue")
    assert "● live" in live
    assert " 30/s in drives mouth, tongue" in live
    clock.advance(1.0)
    inlet._take(heard(clock.now_ns(), found=False), clock.now_ns())
    assert "no face" in said(inlet)
    clock.advance(1.0)
    assert "silent" in said(inlet)
    source.stats.last_error = "a packet from 127.0.0.1 makes no sense"
    assert "a packet from 127.0.0.1 makes no sense" in said(inlet)


def test_who_can_reach_a_listener_is_shown() -> None:
    source = ScriptedInput()
    source.stats.note = "port 39540 is open to every device"
    inlet = Inlet(table(), print, news=threading.Event(), make=lambda _: source)
    assert "drives head; port 39540 is open to every device" in said(inlet, "head")
