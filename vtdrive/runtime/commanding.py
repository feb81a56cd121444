"""Does what the user asks of a run, from whichever listener, key or pad it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from vtdrive.core.commands import (
    Express,
    Preset,
    Recentre,
    Record,
    Replay,
    Switch,
    parse_command,
)
from vtdrive.errors import UsageError, VtdriveError
from vtdrive.runtime.midrun import MidRun
from vtdrive.runtime.presets import Presets
from vtdrive.runtime.session import Session
from vtdrive.sinks.base import Commandable
from vtdrive.sinks.make import inner_sink
from vtdrive.vocab import EMOTIONS

__all__ = ["Commander"]


class Commander:
    """One run's commands. `do` may be called from any thread and at any time of the run.

    What changes the avatar is handed to the driver and takes effect with the next frame; presets
    and recordings are done here, one at a time, before the answer.
    """

    def __init__(
        self, session: Session, presets: Presets, *, recordings: Path, tell: Callable[[str], None]
    ) -> None:
        self._session = session
        self._presets = presets
        self._tell = tell
        self._midrun = MidRun(session, recordings, tell=tell)
        self._lock = threading.Lock()
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._over = True
            self._midrun.close()

    def do(self, text: str) -> str:
        """Do one command; a sentence of what was done. Raises VtdriveError where it cannot be."""
        command = parse_command(text)
        if isinstance(command, Recentre | Switch | Express):
            self._session.command(command.text)
            if isinstance(command, Recentre):
                return "taking your neutral: relax your face, look at the camera and hold still"
            return command.text
        with self._lock:
            if self._over:
                # Who asked while it ended: a recording that begins now would never be ended.
                raise UsageError("the run is over", "start another one")
            said = self._elsewhere(command)
        # Who sits at the screen sees what somebody else's hand did.
        self._tell(said)
        return said

    def state(self) -> dict[str, str | bool]:
        """What stands now, for whoever draws buttons."""
        overrides, path = self._session.driver.overrides, self._midrun.path
        forced = overrides.forcing.shown
        return {
            "freeze": overrides.frozen,
            "panic": overrides.panic,
            "emotion": not overrides.forcing.off,
            "expression": "" if forced is None else EMOTIONS[forced],
            "preset": self._presets.name,
            "recording": "" if path is None else path.name,
        }

    def _elsewhere(self, command: Preset | Replay | Record) -> str:
        if isinstance(command, Preset):
            return f"{self._presets.choose(command.which)} is in force"
        if isinstance(command, Replay):
            return self._save_replay()
        recording = self._midrun.path is not None
        on = not recording if command.to == "toggle" else command.to == "on"
        return self._midrun.start(command.file) if on else self._midrun.stop()

    def _save_replay(self) -> str:
        sinks = [inner_sink(outlet.sink) for outlet in self._session.outlets.all]
        said, fault = list[str](), None
        for sink in sinks:
            if not isinstance(sink, Commandable):
                continue
            try:
                answer = sink.command("replay save")
            except VtdriveError as refused:
                fault = refused
            else:
                said += [answer] if answer else []
        if said:
            return "; ".join(said)
        raise fault or UsageError(
            "no output of this run can save a replay", "add OBS: --sink obs://127.0.0.1:4455"
        )
