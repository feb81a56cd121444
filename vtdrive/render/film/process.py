"""The parent's side of a film's process."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.render.film.child import FilmJob, Report
from vtdrive.render.film.encoding import place_of
from vtdrive.render.film.reel import Moment

__all__ = ["FilmProcess"]

_START_S: Final = 60.0
_STUCK_S: Final = 30.0
"""At the end: how long nothing may come out before the process is left behind."""


class FilmProcess:
    """A film in the making. `add` waits where painting is behind, by as much as a pipe holds.

    It survives this process: where that dies, the film is finished all the same.
    """

    def __init__(self, job: FilmJob) -> None:
        self._job = job
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        self._pipe = threading.Lock()
        self._ready = self._over = False
        self._heard_s = 0.0
        self.pictures = 0
        self.bytes_written = 0
        self.note = ""
        """Once it is finished: what lies where."""
        self.path = ""
        """Once it is finished: where."""
        self.warning = ""
        """Something that the film goes on without."""
        self.fault: SinkError | None = None

    def start(self) -> None:
        """Start it, and wait until it can paint; raises SinkUnusable."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        with _deaf():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "vtdrive.render.film.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self._reader = threading.Thread(target=self._read, name="vtdrive-film", daemon=True)
        self._reader.start()
        self._put(self._job)
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._over, timeout=_START_S)
        if not self._ready:
            fault = self.fault or self._ended()
            self.kill()
            raise SinkUnusable(fault.what, fault.remedy)

    def add(self, moment: Moment) -> None:
        """The next frame; raises SinkError once the film has come to a bad end."""
        self._put(moment)

    def use(self, look: AvatarConfig) -> None:
        """Another look from the next frame on; from any thread."""
        self._put(look)

    def finish(self) -> None:
        """Let it paint what is left and write the end; `note` or `fault` then say how it went."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        self._heard_s = time.monotonic()
        while not self._over and time.monotonic() - self._heard_s < _STUCK_S:
            with self._changed:
                self._changed.wait(0.5)
        if not self._over:
            self.fault = self.fault or SinkUnusable(
                "the film's process does not answer and was left behind", "please report this"
            )
            return
        self._reap(process)
        if not self.note and self.fault is None and self.pictures:
            self.fault = self._ended()

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._reap(process)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if self._reader is not None:
            self._reader.join(5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _put(self, message: FilmJob | Moment | AvatarConfig) -> None:
        if self.fault is not None:
            raise self.fault
        process = self._process
        if process is None:
            raise SinkError("the film is over", "start a new one")
        assert process.stdin is not None
        try:
            with self._pipe:
                process.stdin.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
                process.stdin.flush()
        except OSError as broken:
            with self._changed:
                # What went wrong was said just before.
                self._changed.wait_for(lambda: self._over, timeout=2.0)
            self.fault = self.fault or self._ended()
            raise self.fault from broken

    def _ended(self) -> SinkError:
        # What it was writing keeps its name, see `Aside`; pictures in a folder are whole.
        return SinkUnusable(
            "the film's process was ended, and nothing is filmed any more;"
            f" what it had written lies in {place_of(self._job.spec.path).parent.absolute()}",
            "film again; if it happens again and memory is not short, please report this",
        )

    def _read(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(ValueError):
                self._take(json.loads(line))
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _take(self, report: Report) -> None:
        with self._changed:
            self._heard_s = time.monotonic()
            self._ready = self._ready or "ready" in report
            if "what" in report:
                # A film that has come to a bad end is not taken up again.
                self.fault = SinkUnusable(str(report["what"]), str(report.get("remedy", "")))
            if "pictures" in report:
                self.pictures = int(str(report["pictures"]))
                self.bytes_written = int(str(report["bytes"]))
            self.warning = str(report.get("warning", self.warning))
            if "note" in report:
                self.note, self.path = str(report["note"]), str(report["path"])
            self._changed.notify_all()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Who is started here is deaf to what ends its parent, already while it loads. What comes
    meanwhile reaches the parent afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
