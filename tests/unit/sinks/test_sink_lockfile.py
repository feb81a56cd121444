from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from vtdrive.errors import SinkError, TargetInUse
from vtdrive.sinks.lockfile import Holder, acquire, holder_of, lock_folders

TARGET = "udp:127.0.0.1:39539"


def lock_of(folder: Path) -> Path:
    (path,) = folder.glob("*.lock")
    return path


def write_holder(folder: Path, *, pid: int, started_s: float) -> None:
    """Leave a lock behind as another process would have."""
    with acquire(TARGET, folders=lambda: [folder]):
        pass
    row = Holder(TARGET, pid, started_s, time.time(), "vtdrive run --source 1")
    fields = {name: getattr(row, name) for name in Holder.__slots__}
    lock_of(folder).write_text(json.dumps([fields]), encoding="utf-8")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process that lives until its stdin closes."""
    code = "import sys; sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, text=True)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(10)


def test_a_living_holder_is_named(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    write_holder(tmp_path, pid=other.pid, started_s=psutil.Process(other.pid).create_time())
    with (
        pytest.raises(TargetInUse) as caught,
        acquire(TARGET, folders=lambda: [tmp_path]),
    ):
        pass
    assert f"process {other.pid}, since " in caught.value.what
    assert "127.0.0.1:39539: vtdrive run --source 1" in caught.value.what
    assert "--force" in caught.value.remedy
    assert caught.value.exit_code == 2


def test_force_takes_it_and_gives_it_back(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    write_holder(tmp_path, pid=other.pid, started_s=psutil.Process(other.pid).create_time())
    with acquire(TARGET, force=True, folders=lambda: [tmp_path]):
        assert json.loads(lock_of(tmp_path).read_text())[-1]["pid"] == os.getpid()
    # The first one still sends, so a third must be kept out as before.
    with (
        pytest.raises(TargetInUse, match=f"process {other.pid},"),
        acquire(TARGET, folders=lambda: [tmp_path]),
    ):
        pass


def test_after_several_forced_their_way_in_the_last_to_live_holds_it(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    write_holder(tmp_path, pid=other.pid, started_s=psutil.Process(other.pid).create_time())
    second = acquire(TARGET, force=True, folders=lambda: [tmp_path])
    third = acquire(TARGET, force=True, folders=lambda: [tmp_path])
    second.__enter__()
    third.__enter__()
    second.__exit__(None, None, None)
    assert len(json.loads(lock_of(tmp_path).read_text())) == 2
    third.__exit__(None, None, None)
    found = holder_of(TARGET, folders=lambda: [tmp_path])
    assert found is not None
    assert found.pid == other.pid


def test_force_leaves_it_free_when_nobody_else_lives(tmp_path: Path) -> None:
    write_holder(tmp_path, pid=2**22 + 1, started_s=0)
    with acquire(TARGET, force=True, folders=lambda: [tmp_path]):
        pass
    assert lock_of(tmp_path).read_text() == ""


def test_who_holds_it_can_be_asked(tmp_path: Path) -> None:
    folders = [tmp_path / "none", tmp_path]
    assert holder_of(TARGET, folders=lambda: folders) is None
    assert not list(tmp_path.iterdir())
    with acquire(TARGET, folders=lambda: [tmp_path]):
        found = holder_of(TARGET, folders=lambda: folders)
        assert found is not None
        assert (found.pid, found.target) == (os.getpid(), TARGET)
    assert holder_of(TARGET, folders=lambda: folders) is None


def test_who_was_forced_out_does_not_free_the_other(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    with acquire(TARGET, folders=lambda: [tmp_path]):
        started = psutil.Process(other.pid).create_time()
        row = Holder(TARGET, other.pid, started, time.time(), "x")
        fields = {name: getattr(row, name) for name in Holder.__slots__}
        lock_of(tmp_path).write_text(json.dumps([fields]), encoding="utf-8")
    assert json.loads(lock_of(tmp_path).read_text())[-1]["pid"] == other.pid


def test_a_dead_holder_does_not_count(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(20)
    write_holder(tmp_path, pid=process.pid, started_s=time.time())
    with acquire(TARGET, folders=lambda: [tmp_path]):
        assert json.loads(lock_of(tmp_path).read_text())[-1]["pid"] == os.getpid()


def test_a_pid_that_was_used_again_does_not_count(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    started = psutil.Process(other.pid).create_time()
    write_holder(tmp_path, pid=other.pid, started_s=started - 3600)
    with acquire(TARGET, folders=lambda: [tmp_path]):
        assert json.loads(lock_of(tmp_path).read_text())[-1]["pid"] == os.getpid()


@pytest.mark.parametrize("text", ["garbage", "{}", "[1]", "3", '[{"pid": 1}]', "\x00\x01"])
def test_a_file_that_is_no_lock_does_not_count(tmp_path: Path, text: str) -> None:
    with acquire(TARGET, folders=lambda: [tmp_path]):
        pass
    lock_of(tmp_path).write_text(text)
    with acquire(TARGET, folders=lambda: [tmp_path]):
        assert json.loads(lock_of(tmp_path).read_text())[-1]["target"] == TARGET


def test_two_sinks_of_one_run_are_refused_too(tmp_path: Path) -> None:
    with (
        acquire(TARGET, folders=lambda: [tmp_path]),
        pytest.raises(TargetInUse, match="two sinks of this run"),
        acquire(TARGET, folders=lambda: [tmp_path]),
    ):
        pass


def test_other_targets_and_shared_ones_are_free(tmp_path: Path) -> None:
    with (
        acquire(TARGET, folders=lambda: [tmp_path]),
        acquire("udp:127.0.0.1:1", folders=lambda: [tmp_path]),
        acquire("", folders=lambda: [tmp_path]),
        acquire("", folders=lambda: [tmp_path]),
    ):
        assert len(list(tmp_path.glob("*.lock"))) == 2


def test_freed_also_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), acquire(TARGET, folders=lambda: [tmp_path]):
        raise ZeroDivisionError
    with acquire(TARGET, folders=lambda: [tmp_path]):
        pass


def test_the_first_folder_that_can_be_written_to_is_used(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with acquire(TARGET, folders=lambda: [blocked / "x", tmp_path / "good"]):
        assert lock_of(tmp_path / "good")
    with (
        pytest.raises(SinkError, match="no folder may be written to"),
        acquire(TARGET, folders=lambda: [blocked / "x"]),
    ):
        pass
    with acquire(TARGET, force=True, folders=lambda: [blocked / "x"]):
        pass


def test_folders_are_the_users_own() -> None:
    assert all(folder.is_absolute() for folder in lock_folders())
    assert len(lock_folders()) == 2


RACE = """
import sys, time
from pathlib import Path
from vtdrive.errors import TargetInUse
from vtdrive.sinks.lockfile import acquire
sys.stdin.readline()
try:
    with acquire("udp:127.0.0.1:39539", folders=lambda: [Path(sys.argv[1])]):
        print("got", flush=True)
        sys.stdin.readline()
except TargetInUse:
    print("refused", flush=True)
"""


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    write_holder(tmp_path, pid=2**22 + 1, started_s=0)  # stale: all may take it over
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = []
    for process in crowd:
        assert process.stdout is not None
        said.append(process.stdout.readline().strip())
    for process in crowd:
        process.communicate("\n", timeout=20)
    assert sorted(said) == ["got", "refused", "refused", "refused"]
