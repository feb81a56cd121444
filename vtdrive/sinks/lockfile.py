"""One sender per target: two drivers that feed one avatar make it tremble between two faces."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import platformdirs
import psutil

from vtdrive.errors import SinkError, TargetInUse

__all__ = ["Holder", "acquire", "holder_of", "lock_folders"]

_SAME_START_S = 2.0
"""A clock that is set shifts the start time psutil computes; a reused pid differs by far more."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sends to a target."""

    target: str
    pid: int
    started_s: float
    """When that process started, Unix time: tells it from a later one with its pid."""
    since_s: float
    """When it took the target, Unix time."""
    command: str

    def lives(self) -> bool:
        """Whether that very process is still running."""
        try:
            started = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
        return bool(abs(started - self.started_s) < _SAME_START_S)


def lock_folders() -> list[Path]:
    """Where locks may lie, best first: the first one that can be written to is used.

    Not the runtime folder: a login shell, a desktop session and a service see different ones.
    """
    return [
        platformdirs.user_cache_path("vtdrive") / "targets",
        Path(tempfile.gettempdir()) / f"vtdrive-targets-{_user()}",
    ]


@contextlib.contextmanager
def acquire(
    target: str, *, force: bool = False, folders: Callable[[], list[Path]] = lock_folders
) -> Iterator[None]:
    """Hold `target` (a sink's `target`; empty = nothing to hold) while the block runs.

    Raises TargetInUse naming the process that holds it, unless `force`, which holds it as well:
    a third one is refused until all have ended. A holder that no longer runs does not count.
    Holding is by process: a second sink of this process with the same target is refused too.
    """
    if not target:
        yield
        return
    try:
        path = _lock_file(target, folders())
    except SinkError:
        if not force:
            raise
        yield
        return
    me = _this_process(target)
    with _exclusive(path) as lock:
        others = _living(lock)
        if others and not force:
            raise _in_use(others[-1])
        _write(lock, [*others, me])
    try:
        yield
    finally:
        with _exclusive(path) as lock:
            _write(lock, [holder for holder in _living(lock) if holder != me])


def holder_of(target: str, *, folders: Callable[[], list[Path]] = lock_folders) -> Holder | None:
    """Who holds `target` now, the last to come where several were forced in; makes no file."""
    for path in (folder / _lock_name(target) for folder in folders()):
        if not path.is_file():
            continue
        try:
            with _exclusive(path) as lock:
                living = _living(lock)
        except OSError:
            continue
        if living:
            return living[-1]
    return None


def _in_use(holder: Holder) -> TargetInUse:
    place = holder.target.partition(":")[2]
    if holder.pid == os.getpid():
        return TargetInUse(
            f"two sinks of this run send to {place}", "remove one of them, or change its port"
        )
    since = datetime.fromtimestamp(holder.since_s).strftime("%H:%M:%S")
    return TargetInUse(
        f"another vtdrive (process {holder.pid}, since {since}) already sends to {place}:"
        f" {holder.command}",
        "stop it, choose another target, or add --force to send there as well",
    )


def _this_process(target: str) -> Holder:
    # The verb alone: other words may hold a camera's password.
    verb = next((word for word in sys.argv[1:] if word.isalpha()), "")
    command = f"vtdrive {verb}".strip()
    return Holder(
        target=target,
        pid=os.getpid(),
        started_s=psutil.Process().create_time(),
        since_s=time.time(),
        command=command,
    )


def _lock_name(target: str) -> str:
    return f"{hashlib.sha256(target.encode()).hexdigest()[:24]}.lock"


def _lock_file(target: str, folders: list[Path]) -> Path:
    name = _lock_name(target)
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / name).open("ab").close()
        except OSError:
            continue
        return folder / name
    raise SinkError(
        f"cannot note who sends to {target.partition(':')[2]}: no folder may be written to",
        f"make {folders[-1]} writable, or add --force to do without",
    )


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[int]:
    """The open lock file, while no other process reads or writes it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        _seize(lock)
        yield lock
    finally:
        # Closing gives the system's lock back on every platform.
        os.close(lock)


if sys.platform == "win32":
    import msvcrt

    def _seize(lock: int) -> None:
        # A byte far behind the text: Windows would keep readers of locked bytes out.
        os.lseek(lock, 1 << 20, os.SEEK_SET)
        msvcrt.locking(lock, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _seize(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX)


def _living(lock: int) -> list[Holder]:
    """Those noted in the lock who still run, in the order they came."""
    os.lseek(lock, 0, os.SEEK_SET)
    try:
        noted = [Holder(**row) for row in json.loads(os.read(lock, 1 << 16))]
        return [holder for holder in noted if holder.lives()]
    except (ValueError, TypeError):
        # Empty: free. Anything else was not written by us, so nobody is known to hold it.
        return []


def _write(lock: int, holders: list[Holder]) -> None:
    os.ftruncate(lock, 0)
    os.lseek(lock, 0, os.SEEK_SET)
    if holders:
        os.write(lock, json.dumps([asdict(holder) for holder in holders]).encode())


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
