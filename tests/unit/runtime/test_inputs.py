"""Live inputs heard in threads of their own, and told of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from inlet_runs import inlet
from live_inputs import ScriptedInput, heard, table
from waiting import until

from vtdrive.config.inputs import InputTable, MicInput
from vtdrive.config.schema import Config
from vtdrive.errors import SourceNotFound
from vtdrive.runtime import inputs as inputs_module
from vtdrive.runtime.inputs import Inlet, Inlets
from vtdrive.testing import FakeClock
from vtdrive.types import Incoming


def test_the_newest_is_kept_and_one_thread_does_everything() -> None:
    source = ScriptedInput()
    said: list[str] = []
    one = inlet(source, said)
    with Inlets([one]) as inlets:
        assert inlets.newest() == (None,)
        assert one.state() == "waiting"
        first, second = heard(time.monotonic_ns()), heard(time.monotonic_ns())
        for measured in (first, second):
            source.put(measured)
            until(lambda now=measured: one.newest is now)  # type: ignore[misc]
        assert one.state() == "live"
        assert one.rate_hz() == 1.0
    assert (source.opened, source.closed) == (1, 1)
    assert len(source.threads) == 1
    assert said == []


def test_what_cannot_listen_is_told_at_the_start_and_all_are_closed() -> None:
    good, bad = ScriptedInput("good"), ScriptedInput("bad", refuse=True)
    before = threading.active_count()
    with pytest.raises(SourceNotFound, match="bad: cannot listen") as caught:
        Inlets([inlet(good, []), inlet(bad, [])]).__enter__()
    assert caught.value.remedy
    assert (good.closed, bad.closed) == (1, 1)
    assert threading.active_count() == before


def test_a_fallback_that_is_not_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_RETRY_S", 0.01)
    made = [ScriptedInput("mic", refuse=True), ScriptedInput("mic", refuse=True), ScriptedInput()]
    left, said = iter(made), list[str]()
    one = Inlet(MicInput(), said.append, news=threading.Event(), make=lambda _: next(left))
    with Inlets([one]):
        until(lambda: made[2].opened == 1)
        until(lambda: one.state() == "waiting")
    assert [source.closed for source in made] == [1, 1, 1]
    assert len(said) == 2
    assert "cannot listen" in said[0]
    assert "trying again every 2 s" in said[0]
    assert said[1].endswith("works again")


def test_one_that_breaks_is_told_once_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_RETRY_S", 0.01)
    made: list[ScriptedInput] = []

    def make(_: InputTable) -> ScriptedInput:
        # The second one cannot open either, the third can.
        made.append(ScriptedInput(refuse=len(made) == 1))
        return made[-1]

    said: list[str] = []
    one = Inlet(table(when_lost="hold"), said.append, news=threading.Event(), make=make)
    with Inlets([one]):
        made[0].fault = RuntimeError("a cable")
        until(lambda: len(said) == 2)
        made[2].put(heard(5))
        until(lambda: one.newest is not None)
    assert [source.closed for source in made] == [1, 1, 1]
    assert "broke: RuntimeError('a cable')" in said[0]
    assert "trying again every 2 s, its channels stay as they are" in said[0]
    assert said[1] == "scripted: works again"


def watched(said: list[str], **options: Any) -> tuple[Inlet, FakeClock, ScriptedInput]:
    clock, source = FakeClock(1_000_000_000), ScriptedInput()
    one = inlet(source, said, clock=clock, **options)
    one._since_ns = clock.now_ns()
    return one, clock, source


def pass_time(
    one: Inlet, clock: FakeClock, source: ScriptedInput, seconds: float,
    say: Callable[[int], Incoming] | None = None,
) -> None:  # fmt: skip
    for _ in range(round(seconds * 10)):
        clock.advance(0.1)
        if say is not None:
            one._take(say(clock.now_ns()), clock.now_ns())
        one._watch(source, clock.now_ns())


def test_silence_is_said_once_and_its_end(config: Config) -> None:
    said: list[str] = []
    one, clock, source = watched(said, config=table(when_lost="neutral"))
    pass_time(one, clock, source, 20)
    assert len(said) == 1
    assert "nothing has come yet" in said[0]
    pass_time(one, clock, source, 5, heard)
    assert said[1:] == ["scripted: here it is"]
    pass_time(one, clock, source, 20)
    assert said[2:] == ["scripted: has fallen silent; its channels rest until it is back"]
    assert one.state() == "silent"
    pass_time(one, clock, source, 1, heard)
    assert said[3:] == ["scripted: here it is again"]
    assert one.state() == "live"


def test_packets_without_tracking_are_told_apart_from_none() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    source.stats.bytes_read = 20
    pass_time(one, clock, source, 20)
    assert len(said) == 1
    assert "packets come, but no tracking is in them" in said[0]


def test_a_sender_without_a_face_is_said_and_is_not_silent() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    pass_time(one, clock, source, 20, lambda t: heard(t, found=False))
    assert said == ["scripted: it sends, but sees no face"]
    assert one.state() == "no face"
    pass_time(one, clock, source, 1, heard)
    pass_time(one, clock, source, 20, lambda t: heard(t, found=False))
    assert len(said) == 2


def test_a_quiet_room_is_no_news() -> None:
    said: list[str] = []
    one, clock, source = watched(said, config=MicInput())
    pass_time(one, clock, source, 1, lambda t: heard(t, found=False, voice=(0.0,) * 6))
    pass_time(one, clock, source, 60)
    assert said == []


def test_a_fault_that_comes_and_goes_is_told_now_and_then() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    for i in range(100):
        source.stats.last_error = f"packet {i} makes no sense" if i % 2 else ""
        pass_time(one, clock, source, 0.1, heard)
    assert 1 <= len(said) <= 2
