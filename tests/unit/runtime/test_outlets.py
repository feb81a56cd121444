"""Sinks at work: one that fails leaves the others alone and comes back by itself."""

from __future__ import annotations

import threading
import time

import pytest
from runtime_parts import KeepingSink

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.errors import SinkError, SinkUnusable, TargetInUse
from vtdrive.runtime import outlets as outlets_module
from vtdrive.runtime.outlets import Outlet, Outlets
from vtdrive.testing import make_face, make_track
from vtdrive.types import AvatarFrame, RigSchema

S = 1_000_000_000


def frame_at(driver: Driver, t_ns: int) -> AvatarFrame:
    return driver.step(make_track(make_face(), t_ns), None, t_ns)


def outlets(driver: Driver, sinks: list[KeepingSink], heard: list[str] | None = None) -> Outlets:
    tell = (heard if heard is not None else []).append
    return Outlets([Outlet(sink, driver.schema, tell) for sink in sinks], driver.schema, tell)


def test_a_failing_sink_is_tried_again_after_two_seconds(config: Config) -> None:
    driver, heard = Driver(config), list[str]()
    bad, good = KeepingSink(), KeepingSink()
    bad.fault = "no route"
    with outlets(driver, [bad, good], heard) as all_sinks:
        for tenth in range(50):
            if tenth == 30:
                bad.fault = ""
            all_sinks.send(frame_at(driver, tenth * S // 10), tenth * S // 10)
    assert len(good.frames) == 50
    assert len(bad.frames) == 50 - 40
    assert len(heard) == 2
    assert "no route" in heard[0]
    assert "works again" in heard[1]


def test_the_remedy_stands_beside_the_fault_until_it_is_over(config: Config) -> None:
    driver, bad = Driver(config), KeepingSink()
    bad.fault = "no route"
    with outlets(driver, [bad]) as all_sinks:
        all_sinks.send(frame_at(driver, 0), 0)
        assert (bad.stats.last_error, bad.stats.remedy) == ("no route", "mend it")
        bad.fault = ""
        all_sinks.send(frame_at(driver, 3 * S), 3 * S)
        assert bad.stats.remedy == ""


def test_a_receiver_that_is_not_there_yet_is_waited_for(config: Config) -> None:
    class Late(KeepingSink):
        def open(self, schema: RigSchema) -> None:
            if len(self.schemas) == 0:
                self.schemas.append(schema)
                raise SinkError("host not found", "check the name")

    driver, heard, late = Driver(config), list[str](), Late()
    with outlets(driver, [late], heard) as all_sinks:
        for second in (1, 3, 4):
            all_sinks.send(frame_at(driver, second * S), second * S)
    assert "host not found" in heard[0]
    assert len(late.frames) == 2


def test_a_target_in_use_is_refused(config: Config) -> None:
    class Held(KeepingSink):
        def open(self, schema: RigSchema) -> None:
            raise TargetInUse("vmc 127.0.0.1:39539 is served by process 1", "end it")

    driver, held, other = Driver(config), Held(), KeepingSink()
    with pytest.raises(TargetInUse), outlets(driver, [other, held]):
        raise AssertionError("entered")
    assert (held.closed, other.closed) == (1, 1)


def test_a_recorder_gets_every_frame_and_a_viewer_the_last(config: Config) -> None:
    driver = Driver(config)
    recorder = KeepingSink(slow=True, every_frame=True)
    viewer = KeepingSink(slow=True)
    with outlets(driver, [recorder, viewer]) as all_sinks:
        for i in range(200):
            all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
    assert [f.seq for f in recorder.frames] == list(range(1, 201))
    assert viewer.frames
    assert [f.seq for f in viewer.frames] == sorted({f.seq for f in viewer.frames})


def test_work_on_files_loses_nothing(config: Config) -> None:
    driver, viewer = Driver(config), KeepingSink(slow=True)
    outlet = Outlet(viewer, driver.schema, print)
    with Outlets([outlet], driver.schema, print, patient=True) as all_sinks:
        for i in range(50):
            all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
    assert [f.seq for f in viewer.frames] == list(range(1, 51))


def test_new_names_reach_every_sink(config: Config) -> None:
    """… between the last frame of the old and the first of the new, also behind a queue."""
    driver = Driver(config)
    sinks = [KeepingSink(), KeepingSink(slow=True, every_frame=True)]
    with outlets(driver, sinks) as all_sinks:
        for i in range(40):
            if i == 20:
                all_sinks.schema = RigSchema(driver.schema.params[:3], driver.schema.bones)
            all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
    for sink in sinks:
        assert [len(s.params) for s in sink.schemas] == [len(driver.schema.params), 3]
        assert sink.opened_after == [0, 20]


class Buggy(KeepingSink):
    """Raises what no sink may raise, at its third frame."""

    def send(self, frame: AvatarFrame) -> None:
        if len(self.frames) == 2 and not self.fault:
            self.fault = "once"
            raise ValueError("a bug")
        self.fault = ""
        super().send(frame)


@pytest.mark.parametrize("slow", [False, True])
def test_a_sink_that_breaks_its_contract_degrades_alone(config: Config, slow: bool) -> None:
    driver, heard = Driver(config), list[str]()
    buggy, good = Buggy(slow=slow, every_frame=slow), KeepingSink()
    with outlets(driver, [buggy, good], heard) as all_sinks:
        for tenth in range(30):
            all_sinks.send(frame_at(driver, tenth * S // 10), tenth * S // 10)
    assert len(good.frames) == 30
    assert len(buggy.frames) == 30 - 20
    assert "ValueError('a bug')" in heard[0]
    assert heard[1].endswith("works again")
    assert buggy.closed == 1


class Stuck(KeepingSink):
    """Does not come back from its first frame before it is let go."""

    def __init__(self) -> None:
        super().__init__(slow=True, every_frame=True)
        self.go = threading.Event()
        self.closed_inside = False
        self.inside = False

    def send(self, frame: AvatarFrame) -> None:
        self.inside = True
        self.go.wait(60)
        self.inside = False

    def close(self) -> None:
        self.closed_inside |= self.inside
        super().close()


def test_a_stuck_recorder_neither_holds_up_the_end_nor_is_closed_under_its_own_feet(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlets_module, "_FIFO", 10)
    monkeypatch.setattr(outlets_module, "_DRAIN_S", 0.2)
    monkeypatch.setattr(outlets_module, "_CLOSE_S", 0.2)
    driver, heard, stuck, good = Driver(config), list[str](), Stuck(), KeepingSink()
    start = time.monotonic()
    with outlets(driver, [good, stuck], heard) as all_sinks:
        for i in range(30):
            all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
    assert time.monotonic() - start < 10
    assert len(good.frames) == 30
    assert (good.closed, stuck.closed_inside) == (1, False)
    assert any("frames are missing" in sentence for sentence in heard)
    assert any("left behind" in sentence for sentence in heard)
    stuck.go.set()


class Slow(KeepingSink):
    """Takes its time, and says at the end what became of it."""

    def __init__(self, *, each_s: float) -> None:
        super().__init__(slow=True, every_frame=True)
        self._each_s = each_s

    def send(self, frame: AvatarFrame) -> None:
        time.sleep(self._each_s)
        super().send(frame)

    def close(self) -> None:
        self.stats.note = f"{len(self.frames)} frames are in it"
        super().close()


def test_a_recorder_that_is_behind_is_waited_for_as_long_as_it_moves(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlets_module, "_DRAIN_S", 0.4)
    monkeypatch.setattr(outlets_module, "_TELL_LAG_S", 0.1)
    monkeypatch.setattr(outlets_module, "_NAP_S", 0.02)
    driver, heard, slow = Driver(config), list[str](), Slow(each_s=0.03)
    with outlets(driver, [slow], heard) as all_sinks:
        for i in range(30):
            all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
    assert len(slow.frames) == 30
    assert "frames are still to be written" in heard[0]
    assert heard[1:] == ["keeping: 30 frames are in it"]


def test_who_insists_does_not_wait_for_a_recorder(config: Config) -> None:
    driver, slow = Driver(config), Slow(each_s=0.05)

    def interrupted() -> None:
        with outlets(driver, [slow]) as all_sinks:
            for i in range(100):
                all_sinks.send(frame_at(driver, i * S // 60), i * S // 60)
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - start < 2.5
    assert len(slow.frames) < 90


def test_a_fault_is_told_with_its_sink_named_once(config: Config) -> None:
    driver, heard, bad = Driver(config), list[str](), KeepingSink()
    bad.fault = "keeping: no route"
    with outlets(driver, [bad], heard) as all_sinks:
        all_sinks.send(frame_at(driver, 0), 0)
    assert heard == [
        "keeping: no route; trying again every 2 s, other outputs are unaffected\n  → mend it"
    ]


def test_what_is_over_for_good_is_not_said_to_be_tried_again(config: Config) -> None:
    class Over(KeepingSink):
        def send(self, frame: AvatarFrame) -> None:
            raise SinkUnusable("the disk is full", "free space")

    driver, heard = Driver(config), list[str]()
    with outlets(driver, [Over()], heard) as all_sinks:
        all_sinks.send(frame_at(driver, 0), 0)
    assert heard == ["keeping: the disk is full; other outputs are unaffected\n  → free space"]


def test_options_that_cannot_work_are_told_at_once(config: Config) -> None:
    class Wrong(KeepingSink):
        def open(self, schema: RigSchema) -> None:
            raise SinkUnusable("osc: the address 'x' must start with /", "change it")

    with pytest.raises(SinkUnusable), outlets(Driver(config), [Wrong()]):
        raise AssertionError("entered")
