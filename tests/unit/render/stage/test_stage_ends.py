"""Ctrl-C and the end of the parent: what becomes of the process that paints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from stage_parts import shown
from stage_seats import Take, within

ALONE = """
import signal, sys, time
sys.path[:0] = {path!r}
from stage_parts import PARTS, ProbeTable
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage.handle import take_seat
from vtdrive.sink_stats import SinkStats
if __name__ == "__main__":
    # Tests that a shell runs in the background begin with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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


def ended(parent: subprocess.Popen[str]) -> tuple[str, str]:
    """What it has said once it has ended; one that does not end disturbs no other test."""
    try:
        return parent.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()
        raise


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
    _, said = ended(parent)
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
        print("waits", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.3)
        print(pid == seat.stage.pid, repr(seat.stats.last_error))
        seat.leave()"""
    parent, pid = alone(tmp_path, then)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "waits\n"
    os.killpg(parent.pid, signal.SIGINT)
    out, said = ended(parent)
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
