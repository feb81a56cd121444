"""The process that paints, with a drawer and outputs that write down what they do."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import psutil
import pytest
from stage_parts import PARTS, ProbeTable, shown

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage import handle
from vtdrive.render.stage.child import Child
from vtdrive.render.stage.handle import Seat, take_seat
from vtdrive.render.stage.messages import Report
from vtdrive.sink_stats import SinkStats
from vtdrive.types import FaceState, RigSchema, Status, frozen
from vtdrive.wire.neutral import neutral_frame

LOOK = AvatarConfig(width=64, height=64, fps=60)
Take = Callable[..., Seat]
REST = neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state


def face(red: float) -> FaceState:
    """A face whose first shape is `red`."""
    shapes = np.zeros(52)
    shapes[0] = red
    return dataclasses.replace(REST, status=Status.LIVE, shapes=frozen(shapes))


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def painters() -> list[psutil.Process]:
    """Child processes of this one; the resource tracker is Python's own and stays."""
    found = []
    for child in psutil.Process().children():
        try:
            if "resource_tracker" not in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            pass
    return found


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Take]:
    seats: list[Seat] = []

    def taken(name: str, look: AvatarConfig = LOOK, **wishes: object) -> Seat:
        table = ProbeTable.model_validate({"path": str(tmp_path / name), "label": name, **wishes})
        seat = take_seat(table, look, SinkStats(), makers=PARTS)
        seats.append(seat)
        return seat

    yield taken
    for seat in seats:
        seat.leave()
    assert not painters()
    assert not [t for t in threading.enumerate() if t.name == "vtdrive-stage"]
    assert not handle._stages


def put(seat: Seat, state: FaceState) -> None:
    seat.put(state, t_ns=SYSTEM_CLOCK.now_ns())


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
    assert within(20, lambda: len(shown(tmp_path / "a")) > 3)
    pid = seat.stage.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for _ in range(300):  # whoever hands over faces notices nothing
        start = time.perf_counter()
        put(seat, face(0.5))
        assert time.perf_counter() - start < 0.1
        time.sleep(0.005)
    assert within(10, lambda: "did not answer" in seat.stats.last_error)
    assert within(20, lambda: bool(shown(tmp_path / "a")) and shown(tmp_path / "a")[-1].red == 128)
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


ALONE = """
import sys, time
sys.path[:0] = {path!r}
from stage_parts import PARTS, ProbeTable
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage.handle import take_seat
from vtdrive.sink_stats import SinkStats
if __name__ == "__main__":
    look = AvatarConfig(width=64, height=64, fps=30)
    seat = take_seat(ProbeTable(path={notes!r}), look, SinkStats(), makers=PARTS)
    while not seat.stats.packets:
        time.sleep(0.01)
    print(seat.stage.pid, flush=True)
    {then}
"""


def alone(tmp_path: Path, then: str) -> tuple[subprocess.Popen[str], int]:
    """A parent of its own that does `then` once something was shown, and its child's pid."""
    script = tmp_path / "alone.py"
    notes = str(tmp_path / "a")
    script.write_text(ALONE.format(path=[p for p in sys.path if p], notes=notes, then=then))
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("then", "sent"),
    [
        pytest.param("time.sleep(60)", signal.SIGKILL, id="killed"),
        pytest.param("sys.exit()", None, id="forgot to close"),
    ],
)
def test_a_parent_that_is_gone_takes_the_child_along(
    tmp_path: Path, then: str, sent: signal.Signals | None
) -> None:
    shared = Path("/dev/shm")
    before = set(shared.iterdir()) if shared.is_dir() else set()
    parent, pid = alone(tmp_path, then)
    child = psutil.Process(pid)
    if sent is not None:
        parent.send_signal(sent)
    _, said = parent.communicate(timeout=20)
    assert within(8, lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert said == ""
    if sent is not None:
        # Nobody told it to, and still it released its camera.
        assert (tmp_path / "a").read_text().splitlines()[-1].startswith("close")
    after = set(shared.iterdir()) if shared.is_dir() else set()
    assert not [p for p in after - before if p.name.startswith(("pym-", "psm_", "sem."))]


@pytest.mark.slow
def test_ctrl_c_is_for_the_parent(tmp_path: Path) -> None:
    then = """pid = seat.stage.pid
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.3)
        print(pid == seat.stage.pid, repr(seat.stats.last_error))
        seat.leave()"""
    parent, pid = alone(tmp_path, then)
    os.killpg(parent.pid, signal.SIGINT)
    out, said = parent.communicate(timeout=20)
    assert out.split() == ["True", "''"]
    assert said == ""
    assert not psutil.pid_exists(pid)
    assert (tmp_path / "a").read_text().splitlines()[-1].startswith("close")


@pytest.mark.slow
def test_ctrl_c_while_it_starts_is_for_the_parent_too(take: Take, tmp_path: Path) -> None:
    seat = take("a")
    assert within(5, lambda: seat.stage.pid is not None)
    pid = seat.stage.pid
    assert pid is not None
    for _ in range(10):
        os.kill(pid, signal.SIGINT)
        time.sleep(0.02)
    assert within(20, lambda: bool(shown(tmp_path / "a")))
    assert seat.stage.pid == pid


FIRST = """
import os, signal, sys, time
sys.path[:0] = {path!r}
from stage_parts import PARTS, ProbeTable
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage.handle import take_seat
from vtdrive.sink_stats import SinkStats
if __name__ == "__main__":
    look = AvatarConfig(width=64, height=64, fps=30)
    seat = take_seat(ProbeTable(path={notes!r}), look, SinkStats(), makers=PARTS)
    while (pid := seat.stage.pid) is None:
        time.sleep(0.001)
    for _ in range(10):
        os.kill(pid, signal.SIGINT)
        time.sleep(0.02)
    while not (seat.stats.packets or seat.stats.last_error):
        time.sleep(0.01)
    print(pid == seat.stage.pid, repr(seat.stats.last_error))
    seat.leave()
"""


@pytest.mark.slow
def test_ctrl_c_while_the_first_process_of_all_starts_too(tmp_path: Path) -> None:
    # Python's resource tracker begins beside it, and lets signals in again as it does.
    script = tmp_path / "first.py"
    script.write_text(FIRST.format(path=[p for p in sys.path if p], notes=str(tmp_path / "a")))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["True", "''"], "")


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
