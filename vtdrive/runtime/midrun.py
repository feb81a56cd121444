"""A recording that begins and ends while a run goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vtdrive.config.sinks import McapSink
from vtdrive.errors import SinkError, UsageError, VtdriveError
from vtdrive.runtime.build import run_facts
from vtdrive.runtime.outlets import Extra, Outlet
from vtdrive.runtime.session import Session
from vtdrive.sinks.mcap import McapRecorder

__all__ = ["MidRun"]

_NAMED: Final = "vtdrive-{time}"
_PATIENCE_S: Final = 3.0
"""How long a stop waits for the frame that ends the recording."""


class MidRun:
    """At most one recording beside those of the config. From any thread, one at a time.

    It begins with the config, the neutrals, what inputs hold and the commands in force, so that a
    replay starts where they stood. Filters, the emotion's averages and a face that is just being
    eased in start fresh there: a replay is the run again from its first second on, not from its
    first frame. A face that was frozen before is not known: it is frozen as first seen.
    """

    def __init__(self, session: Session, folder: Path, *, tell: Callable[[str], None]) -> None:
        self._session = session
        self._folder = folder
        self._tell = tell
        self._extra: Extra | None = None
        self._path = Path()
        self._admitted = threading.Event()

    @property
    def path(self) -> Path | None:
        """The file that is being written."""
        return self._path if self._extra is not None else None

    def start(self, name: str) -> str:
        """Begin; says which file. `name` is a bare file name or empty. Raises VtdriveError."""
        if self._extra is not None:
            raise UsageError(f"{self._path} is being recorded already", "record stop ends it")
        if name in (".", "..") or name != Path(name.replace("\\", "/")).name:
            raise UsageError(f"{name!r} is no bare file name", "leave folders out")
        session = self._session
        name = (name or _NAMED).removesuffix(".mcap") + ".mcap"
        driver = session.driver
        # A neutral that was taken is in force from the start; none must be taken again.
        neutral = session.config.neutral.model_copy(update={"auto": driver.taking})
        config = session.config.model_copy(update={"neutral": neutral})
        recorder = McapRecorder(
            McapSink(path=str(self._folder / name)),
            run_facts(
                config, driver.neutral, rests=driver.mixer.rests(), lasts=driver.mixer.lasts()
            ),
        )
        # Its faults at the start are the answer; those after that are told.
        extra = session.outlets.begin(Outlet(recorder, session.outlets.schema, self._tell))
        if recorder.stats.last_error:
            extra.close()
            raise SinkError(recorder.stats.last_error, "check the folder [control] recordings")
        self._extra, self._path = extra, Path(recorder.target.removeprefix("file:"))
        self._admitted = admitted = threading.Event()

        def admit() -> None:
            session.admit(extra)
            admitted.set()

        session.between_frames(admit)
        return f"recording {self._path}"

    def stop(self) -> str:
        """End it; says what was written. Raises VtdriveError."""
        extra = self._extra
        if extra is None:
            raise UsageError("nothing is being recorded", "record start begins")
        ended = threading.Event()

        def dismiss() -> None:
            self._session.dismiss(extra)
            ended.set()

        self._session.between_frames(dismiss)
        ended.wait(_PATIENCE_S)
        return self._finish(extra)

    def close(self) -> None:
        """At the end of a run: what is still being written has got its last frame by then."""
        if self._extra is None:
            return
        try:
            self._tell(self._finish(self._extra))
        except VtdriveError as fault:
            self._tell(str(fault))

    def _finish(self, extra: Extra) -> str:
        extra.close()
        self._extra = None
        stats, path = extra.outlet.sink.stats, self._path
        if not stats.frames and not stats.last_error:
            path.unlink(missing_ok=True)
            raise SinkError("nothing was recorded: no frame came", "is the camera on?")
        if stats.last_error:
            raise SinkError(f"{path} is not complete: {stats.last_error}", "record again")
        return f"wrote {path} ({stats.frames} frames, {stats.bytes_sent / 1e6:.1f} MB)"
