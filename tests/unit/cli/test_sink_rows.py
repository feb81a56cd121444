"""The rows of the dashboard say who is reached, how much goes out, and what helps."""

from __future__ import annotations

import pytest
from avatar_frames import SMALL, frame_of
from rich.console import Console

from vtdrive.cli.sink_rows import SinkRows
from vtdrive.errors import SinkError
from vtdrive.runtime.outlets import Outlet
from vtdrive.sinks.base import SinkStats
from vtdrive.types import AvatarFrame, Profile, RigSchema


class Told:
    """A sink whose state the test sets."""

    target, slow, every_frame = "", False, False
    profile = Profile()

    def __init__(self) -> None:
        self.name = "told"
        self.stats = SinkStats()
        self.fails = False

    def open(self, schema: RigSchema) -> None: ...

    def send(self, frame: AvatarFrame) -> None:
        if self.fails:
            raise SinkError("the cable is out", "plug it in")
        self.stats.frames += 1
        self.stats.bytes_sent += 2048

    def close(self) -> None: ...


class Stage:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.events: list[str] = []
        self.sink = Told()
        self.outlet = Outlet(self.sink, SMALL, self.events.append)
        self.outlet.open()
        self.rows = SinkRows(lambda: self.now_s)

    def frames(self, count: int, seconds: float = 0.0) -> None:
        for _ in range(count):
            self.outlet.send(frame_of(SMALL), SMALL, round(self.now_s * 1e9))
        self.now_s += seconds

    def said(self) -> str:
        console = Console(width=200)
        with console.capture() as captured:
            console.print(self.rows([self.outlet]))
        return captured.get()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_rates_are_those_of_the_last_moments(stage: Stage) -> None:
    stage.said()
    stage.frames(60, seconds=2.0)
    said = stage.said()
    assert " 30/s" in said
    assert " 60 kB/s" in said
    stage.now_s += 2.0
    assert "  0/s" in stage.said()


def test_a_place_in_the_list_passes_on_no_rate(stage: Stage) -> None:
    stage.said()
    stage.frames(60, seconds=2.0)
    stage.said()
    stage.sink = Told()
    stage.outlet = Outlet(stage.sink, SMALL, stage.events.append)
    stage.outlet.open()
    for _ in range(2):
        assert "  0/s" in stage.said()
        stage.now_s += 2.0


@pytest.mark.parametrize("name", ["vmc [fe80::1]:39539", "mcap [/bold].mcap"])
def test_a_name_in_brackets_is_shown_whole(stage: Stage, name: str) -> None:
    stage.sink.name = name
    assert name in stage.said()


def test_a_connection_is_shown_as_it_is(stage: Stage) -> None:
    stage.frames(1)
    assert "sending" in stage.said()
    stage.sink.stats.connected = False
    assert "waiting" in stage.said()
    stage.sink.stats.connected = True
    assert "connected" in stage.said()


def test_a_fault_comes_with_its_remedy(stage: Stage) -> None:
    stage.sink.stats.last_error, stage.sink.stats.remedy = "token revoked", "allow it again"
    assert "token revoked → allow it again" in stage.said()
    stage.sink.stats.last_error = "told: nobody is there"
    assert stage.said().count("told") == 1  # its name stands in front already
    stage.sink.fails = True
    stage.frames(1)
    assert "failing" in stage.said()
    assert "the cable is out" in stage.said()


def test_what_a_sink_finds_out_is_told_once(stage: Stage) -> None:
    stats = stage.sink.stats
    stats.connected = False
    stage.frames(3)
    stats.connected, stats.note = True, "open to every device"
    stage.frames(3)
    stats.connected, stats.last_error, stats.remedy = False, "told: gone", "start it"
    stage.frames(3)
    stats.connected, stats.last_error, stats.remedy = True, "", ""
    stage.frames(3)
    assert stage.events == [
        "told: connected",
        "told: open to every device",
        "told: gone\n  → start it",
        "told: connected",
    ]
