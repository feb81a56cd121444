"""The process that paints, with a drawer and outputs that write down what they do."""

from __future__ import annotations

import itertools
import os
import signal
import statistics
import time
from pathlib import Path
from typing import cast

import numpy as np
import psutil
import pytest
from stage_parts import PARTS, shown
from stage_seats import LOOK, REST, Take, face, painters, put, within

from vtdrive.render.stage import handle
from vtdrive.render.stage.child import Child
from vtdrive.render.stage.messages import Report


def test_a_face_becomes_a_picture_and_the_last_one_is_seen(take: Take, tmp_path: Path) -> None:
    start = time.perf_counter()
    seat = take("a")
    assert time.perf_counter() - start < 0.2
    notes = tmp_path / "a"
    # At rest before there is any face.
    assert within(20, lambda: len(shown(notes)) > 3)
    assert shown(notes)[-1].red == 0
    state = face(0.2)
    seat.put(state, t_ns=123)
    assert within(5, lambda: shown(notes)[-1].red == 51)
    assert shown(notes)[-1].t_ns == 123
    assert within(5, lambda: seat.stats.packets > 3)
    assert seat.stats.bytes_sent == seat.stats.packets * 64 * 64 * 4
    assert seat.stats.note == "probe a is watched"
    assert seat.name == "probe a"
    assert seat.stage.report is not None
    assert seat.stage.report.paint_ms[0] > 0
    put(seat, face(1.0))
    put(seat, REST)
    seat.leave()
    assert shown(notes)[-1].red == 0
    assert seat.stats.packets == len(shown(notes))
    assert notes.read_text().splitlines()[-1].startswith("close")


def test_two_outputs_share_one_painting_and_leave_one_by_one(take: Take, tmp_path: Path) -> None:
    one, two = take("a"), take("b")
    assert one.stage is two.stage
    a, b = tmp_path / "a", tmp_path / "b"
    assert within(20, lambda: bool(shown(a) and shown(b)))
    assert len(painters()) == 1
    for step in range(20):
        put(one, face(step / 20))
        put(two, face(step / 20))
        time.sleep(0.005)
    one.leave()
    assert a.read_text().splitlines()[-1].startswith("close")
    assert one.stats.packets == len(shown(a)), "with those shown while it left"
    before = len(shown(b))
    assert within(5, lambda: len(shown(b)) > before + 3)
    painted = {s.seq: s[1:-1] for s in shown(a)}
    same = [s for s in shown(b) if s.seq in painted]
    assert len(same) > 10
    assert all(s[1:-1] == painted[s.seq] for s in same)


@pytest.mark.slow
def test_one_broken_output_does_not_disturb_the_other(take: Take, tmp_path: Path) -> None:
    good = take("good")
    hung = take("hung", hangs=True)
    bad = take("bad", bad_opens=99)
    notes = tmp_path / "good"
    assert within(20, lambda: bad.stats.last_error == "probe bad: it is not there yet")
    assert bad.stats.remedy == "switch it on"
    assert within(5, lambda: len(shown(notes)) > 40)
    gaps = [(y.painted_ns - x.painted_ns) * 1e-6 for x, y in itertools.pairwise(shown(notes))]
    assert statistics.median(gaps) < 25
    assert good.stats.last_error == ""
    assert hung.stats.packets == 0


@pytest.mark.slow
def test_it_comes_back_when_it_is_killed(take: Take, tmp_path: Path) -> None:
    seat = take("a")
    notes = tmp_path / "a"
    assert within(20, lambda: len(shown(notes)) > 3)
    put(seat, face(0.4))
    assert within(5, lambda: seat.stats.packets > 3)
    pid, packets = seat.stage.pid, seat.stats.packets
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    assert within(5, lambda: "died" in seat.stats.last_error)
    assert "SIGTERM" in seat.stats.last_error
    assert within(20, lambda: notes.read_text().count("open") == 2)
    # With the face that it had, though no new one came.
    assert within(5, lambda: shown(notes)[-1].red == 102 and shown(notes)[-1].seq > 3)
    assert seat.stage.pid != pid
    assert within(5, lambda: seat.stats.packets > packets)
    assert within(10, lambda: seat.stats.last_error == "")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nothing stops a process here")
def test_one_that_does_not_answer_is_replaced(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle, "_STUCK_S", 2.0)
    seat = take("a")
    # One that has not yet said that it paints is given longer.
    assert within(20, lambda: seat.stage.report is not None and seat.stage.report.painted > 0)
    pid = seat.stage.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    waits = []
    for _ in range(300):
        start = time.perf_counter()
        put(seat, face(0.5))
        waits.append(time.perf_counter() - start)
        time.sleep(0.005)
    assert statistics.median(waits) < 0.01, "whoever hands over faces notices nothing"
    assert within(30, lambda: "did not answer" in seat.stats.last_error)
    assert within(60, lambda: bool(shown(tmp_path / "a")) and shown(tmp_path / "a")[-1].red == 128)
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("painted", "least_s", "most_s"),
    [
        pytest.param(None, 60, 300, id="being loaded"),
        pytest.param(0, 60, 300, id="about to paint"),
        pytest.param(1, 5, 30, id="at work"),
    ],
)
def test_a_slow_start_is_waited_for_longer_than_a_painter(
    painted: int | None, least_s: float, most_s: float
) -> None:
    stage = handle.Stage(LOOK, PARTS)
    waited = 0.0

    class Silent:
        said = painted is None

        def hear(self, timeout_s: float) -> Report | None:
            nonlocal waited
            if not self.said:
                self.said = True
                return Report(painted or 0, (0, 0), (0, 0), "", "", (), {}, ())
            waited += timeout_s
            return None

    assert stage._follow(cast("Child", Silent())) == "it did not answer"
    assert least_s < waited < most_s


@pytest.mark.slow
def test_an_output_that_ends_the_process_does_so_once(take: Take, tmp_path: Path) -> None:
    seat, other = take("a", kills=True), take("b")
    said: list[str] = []
    end = time.monotonic() + 30
    while time.monotonic() < end and not (said and seat.stats.last_error == ""):
        if seat.stats.last_error not in ("", *said[-1:]):
            said.append(seat.stats.last_error)
        time.sleep(0.01)
    assert len(said) == 1
    assert "exit code 3" in said[0]
    assert other.stats.last_error == ""
    assert (tmp_path / "b").read_text().count("open") == 2


@pytest.mark.slow
def test_what_is_asked_before_it_is_there_is_done(take: Take, tmp_path: Path) -> None:
    seat = take("a")
    put(seat, face(0.6))
    seat.stage.relook(LOOK.model_copy(update={"zoom": 2.0}))
    assert within(20, lambda: bool(shown(tmp_path / "a")))
    assert within(5, lambda: shown(tmp_path / "a")[-1][3:7] == (153, 0, 0, 200))


def test_one_that_is_left_before_it_is_there_is_gone_at_once(take: Take) -> None:
    seat = take("a")
    start = time.monotonic()
    seat.leave()
    assert time.monotonic() - start < 1.5
    assert not painters()


@pytest.mark.slow
def test_another_look_shows_without_a_pause(take: Take, tmp_path: Path) -> None:
    seat = take("a")
    notes = tmp_path / "a"
    assert within(20, lambda: bool(shown(notes)))
    seat.stage.relook(LOOK.model_copy(update={"zoom": 1.5}))
    assert within(5, lambda: shown(notes)[-1].alpha == 150)
    assert notes.read_text().count("open") == 1
    seat.stage.relook(LOOK.model_copy(update={"zoom": 1.5, "width": 96, "fps": 30}))
    assert within(5, lambda: "open 96 64 30" in notes.read_text())
    last = len(shown(notes))
    assert within(5, lambda: len(shown(notes)) > last)
    # What cannot be drawn leaves the old look, and says so.
    seat.stage.relook(LOOK.model_copy(update={"name": "broken", "width": 96, "fps": 30}))
    assert within(5, lambda: "must not be empty" in seat.stats.last_error)
    last = len(shown(notes))
    assert within(5, lambda: len(shown(notes)) > last)
    assert shown(notes)[-1].alpha == 150


@pytest.mark.slow
def test_an_avatar_that_cannot_be_drawn_says_why(take: Take, tmp_path: Path) -> None:
    seat = take("a", LOOK.model_copy(update={"name": "sour"}))
    assert within(20, lambda: "the paint has dried" in seat.stats.last_error)
    seat.stage.relook(LOOK)
    assert within(8, lambda: len(shown(tmp_path / "a")) > 3)
    assert within(5, lambda: seat.stats.last_error == "")


@pytest.mark.slow
def test_changed_files_are_told(take: Take, tmp_path: Path) -> None:
    news = tmp_path / "avatar.news"
    seat = take("a", LOOK.model_copy(update={"name": str(news)}))
    assert within(20, lambda: seat.stats.note == "probe a is watched")
    news.write_text("mimi: reloaded")
    assert within(5, lambda: seat.stats.note == "mimi: reloaded")


@pytest.mark.slow
def test_a_blurred_background_is_given_the_camera(take: Take, tmp_path: Path) -> None:
    seat = take("a", LOOK.model_copy(update={"background": "blur"}))
    seat.stage.see(np.full((480, 640, 3), 77, np.uint8))
    assert within(20, lambda: bool(shown(tmp_path / "a")) and shown(tmp_path / "a")[-1].blue == 77)


@pytest.mark.slow
def test_nobody_who_looks_costs_little(take: Take, tmp_path: Path) -> None:
    viewer, notes = tmp_path / "viewer", tmp_path / "a"
    seat = take("a", viewer=str(viewer))
    assert within(20, lambda: len(shown(notes)) > 2)
    assert seat.stats.connected is False or within(5, lambda: seat.stats.connected is False)
    time.sleep(0.8)
    gaps = [(y.painted_ns - x.painted_ns) * 1e-6 for x, y in itertools.pairwise(shown(notes))]
    assert gaps[-1] == pytest.approx(200, abs=60)
    viewer.touch()
    before = len(shown(notes))
    assert within(2, lambda: len(shown(notes)) > before + 20)
    assert within(5, lambda: seat.stats.connected is True)


@pytest.mark.slow
def test_faces_are_painted_as_they_come(take: Take, tmp_path: Path) -> None:
    seat = take("a", LOOK.model_copy(update={"fps": 30}))
    notes = tmp_path / "a"
    assert within(20, lambda: bool(shown(notes)))
    start = time.perf_counter()
    for k in range(45):
        time.sleep(max(0.0, start + k / 30 - time.perf_counter()))
        put(seat, face(k / 45))
    assert within(5, lambda: shown(notes)[-1].red > 240)
    first: dict[int, float] = {}
    for one in shown(notes):
        first.setdefault(one.t_ns, (one.painted_ns - one.t_ns) * 1e-6)
    latency = statistics.median(list(first.values())[10:])
    assert latency < 10, first  # 0.5 ms on a quiet machine; by the clock alone it were 16


@pytest.mark.slow
def test_thirty_seconds_leak_nothing(take: Take, tmp_path: Path) -> None:
    seat = take("a", LOOK.model_copy(update={"fps": 60, "width": 640, "height": 480}))
    notes = tmp_path / "a"
    assert within(20, lambda: len(shown(notes)) > 60)
    pid = seat.stage.pid
    child = psutil.Process(pid)

    def drive(seconds: float) -> tuple[int, int, int]:
        end = time.monotonic() + seconds
        for k in itertools.count():
            put(seat, face(k % 100 / 100))
            time.sleep(1 / 30)
            if time.monotonic() > end:
                return child.memory_info().rss, child.num_fds(), child.num_threads()
        raise AssertionError

    rss, fds, threads = drive(8)
    later_rss, later_fds, later_threads = drive(22)
    assert seat.stage.pid == pid
    assert later_rss - rss < 4e6
    assert (later_fds, later_threads) == (fds, threads)
    gaps = [(y.painted_ns - x.painted_ns) * 1e-6 for x, y in itertools.pairwise(shown(notes))]
    assert len(gaps) > 30 * 55
    assert statistics.median(gaps) == pytest.approx(1000 / 60, abs=1)
