from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from stage_parts import Notebook, ProbeTable, shown

from vtdrive.config.base import Table
from vtdrive.errors import MissingExtra
from vtdrive.render.stage.lane import Format, Lane
from vtdrive.render.stage.output import Output, Picture

SMALL = Format(8, 4, 30.0)
Enter = Callable[..., Lane]


def picture(seq: int, size: tuple[int, int] = (4, 8)) -> Picture:
    rgba = np.full((*size, 4), seq, np.uint8)
    rgba.setflags(write=False)
    return Picture(rgba, seq, 1000 + seq, 2000 + seq)


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.002)
    return holds()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def enter(path: Path) -> Iterator[Enter]:
    lanes: list[Lane] = []

    def make(table: Table) -> Output:
        assert isinstance(table, ProbeTable)
        return Notebook(table)

    def entered(**wishes: object) -> Lane:
        table = ProbeTable.model_validate({"path": str(path), **wishes})
        lane = Lane(make, table, SMALL, retry_s=0.05)
        lanes.append(lane)
        lane.start()
        return lane

    yield entered
    for lane in lanes:
        lane.leave()
        assert lane.join(5)


def lines(path: Path) -> list[str]:
    return [line.split()[0] for line in path.read_text().splitlines()]


def test_it_is_open_before_the_first_picture(enter: Enter, path: Path) -> None:
    lane = enter()
    assert within(5, lambda: lane.report().note != "")
    assert path.read_text().startswith("open 8 4 30 ")


def test_pictures_come_in_order_and_the_newest_wins(enter: Enter, path: Path) -> None:
    lane = enter(slow_s=0.02)
    for seq in range(60):
        lane.show(picture(seq))
        time.sleep(0.002)
    assert within(5, lambda: 59 in [one.seq for one in shown(path)])
    seqs = [one.seq for one in shown(path)]
    assert seqs == sorted(set(seqs))
    assert len(seqs) < 30
    assert within(5, lambda: lane.report().frames == len(seqs))
    assert lane.report().bytes_sent == len(seqs) * 4 * 8 * 4


def test_the_last_picture_is_shown_before_it_closes(enter: Enter, path: Path) -> None:
    lane = enter(slow_s=0.05)
    for seq in range(3):
        lane.show(picture(seq))
    lane.leave()
    assert lane.join(5)
    assert shown(path)[-1].seq == 2
    assert lines(path)[-1] == "close"


def test_an_output_that_is_not_there_yet_is_tried_again(enter: Enter, path: Path) -> None:
    lane = enter(bad_opens=2)
    assert within(5, lambda: lane.report().last_error == "probe probe: it is not there yet")
    assert lane.report().remedy == "switch it on"
    assert within(5, lambda: lane.report().note != "")
    lane.show(picture(1))
    assert within(5, lambda: lane.report().frames == 1)
    assert within(5, lambda: lane.report().last_error == "")
    assert lines(path) == ["open", "close", "open", "close", "open", "show"]


def test_an_output_that_goes_away_comes_back(enter: Enter, path: Path) -> None:
    lane = enter(bad_shows=1)
    seq = 0
    end = time.monotonic() + 5
    said = set()
    while lane.report().frames < 8 and time.monotonic() < end:
        lane.show(picture(seq := seq + 1))
        said.add(lane.report().last_error)
        time.sleep(0.005)
    assert said == {"", "probe probe: it went away"}
    assert lane.report().last_error == ""
    assert lines(path).count("open") == 2
    assert lines(path)[:6] == ["open", "show", "show", "show", "close", "open"]


def test_what_can_never_be_is_not_tried_again(enter: Enter, path: Path) -> None:
    lane = enter(unusable=True)
    assert within(5, lambda: lane.report().last_error == "probe probe: there is no such thing")
    for seq in range(5):
        lane.show(picture(seq))
        time.sleep(0.03)
    assert lines(path) == ["open", "close"]


def test_a_package_that_is_missing_is_told_and_not_tried_again() -> None:
    made = []

    def make(_: Table) -> Output:
        made.append(threading.current_thread())
        raise MissingExtra("a probe", "pip install probe")

    lane = Lane(make, ProbeTable(path=""), SMALL, retry_s=0.01)
    lane.start()
    assert within(5, lambda: lane.report().remedy == "run: pip install probe")
    time.sleep(0.05)
    lane.leave()
    assert lane.join(5)
    assert len(made) == 1


def test_another_size_opens_it_anew(enter: Enter, path: Path) -> None:
    lane = enter()
    lane.show(picture(1))
    assert within(5, lambda: lane.report().frames == 1)
    lane.use(Format(6, 2, 60.0))
    lane.show(picture(2))  # still of the old size: not for the output as it is now
    assert within(5, lambda: lines(path).count("open") == 2)
    lane.show(picture(3, (2, 6)))
    assert within(5, lambda: lane.report().frames == 2)
    assert [one.seq for one in shown(path)] in ([1, 3], [1, 2, 3])
    assert "open 6 2 60" in path.read_text()


def test_a_lane_that_waits_to_try_again_leaves_at_once(path: Path) -> None:
    def make(table: Table) -> Output:
        assert isinstance(table, ProbeTable)
        return Notebook(table)

    lane = Lane(make, ProbeTable(path=str(path), bad_opens=9), SMALL, retry_s=60)
    lane.start()
    assert within(5, lambda: lane.report().last_error != "")
    lane.leave()
    assert lane.join(1)


def test_one_that_hangs_is_left_behind(path: Path) -> None:
    freed = threading.Event()

    class Stuck(Notebook):
        def show(self, picture: Picture) -> None:
            freed.wait(30)

    def make(table: Table) -> Output:
        assert isinstance(table, ProbeTable)
        return Stuck(table)

    lane = Lane(make, ProbeTable(path=str(path)), SMALL)
    lane.start()
    for seq in range(3):
        lane.show(picture(seq))
    lane.leave()
    assert not lane.join(0.1)
    freed.set()
    assert lane.join(5)
