"""The parent's hold on one process that paints, from its start to its end."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Final

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage.messages import Makers, Message, Order, Report
from vtdrive.render.stage.process import paint
from vtdrive.render.stage.slot import Slot

__all__ = ["Child", "Gone"]

_TERMINATE_S: Final = 0.5


class Gone(Exception):
    """The process has ended; says how."""


class Child:
    """One process. `ring` and `tell` come from any thread, all else from one."""

    def __init__(
        self,
        context: SpawnContext,
        look: AvatarConfig,
        makers: Makers,
        *,
        faces: Slot,
        camera: Slot,
    ) -> None:
        self.look = look
        self._context = context
        self._makers = makers
        self._faces = faces
        self._camera = camera
        self._process: BaseProcess | None = None
        # Held while a pipe is used, so that none is closed then and its number used for another.
        self._bell_held = threading.Lock()
        self._line_held = threading.Lock()
        self._bell: Connection | None = None
        self._line: Connection | None = None

    def start(self) -> None:
        """Start it: 20 ms here, a second there. Raises OSError.

        The thread that calls this must never be the one that signals are for: they are held back
        in it, so that the new process is deaf to Ctrl-C from its first moment on.
        """
        ear, self._bell = self._context.Pipe(duplex=False)
        self._line, far = self._context.Pipe()
        order = Order(self.look, self._makers, self._faces, self._camera, ear, far)
        process = self._context.Process(
            target=paint, args=(order,), name="vtdrive-stage", daemon=True
        )
        if hasattr(signal, "pthread_sigmask"):
            # Python starts this beside the first process of all, and lets signals in again then.
            resource_tracker.ensure_running()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
            self._process = process
        finally:
            # Only the process may hold its ends: then each side notices that the other is gone.
            ear.close()
            far.close()

    @property
    def pid(self) -> int | None:
        """Of the process, once it has been started."""
        return None if self._process is None else self._process.pid

    def ring(self) -> None:
        """Say that a face lies there. Never waits: a bell that is just being changed is left."""
        if not self._bell_held.acquire(blocking=False):
            return
        try:
            if self._bell is not None:
                self._faces.ring(self._bell)
        except OSError:
            pass  # it is gone, which `hear` finds out
        finally:
            self._bell_held.release()

    def tell(self, message: Message) -> None:
        """Hand it a command; one that is gone hears nothing."""
        with self._line_held, suppress(OSError):
            if self._line is not None:
                self._line.send(message)

    def hear(self, timeout_s: float) -> Report | None:
        """Its next report, None after `timeout_s`; raises Gone."""
        line = self._line
        try:
            if line is None or not line.poll(timeout_s):
                return None
            report: Report = line.recv()
        except (EOFError, OSError):
            raise Gone(self._how()) from None
        return report

    def stop(self, patience_s: float) -> None:
        """Let it end by itself for `patience_s`, then end it; forget it."""
        process, self._process = self._process, None
        if process is not None:
            process.join(patience_s)
            for end in (process.terminate, process.kill):
                if process.is_alive():
                    end()
                    process.join(_TERMINATE_S)
            if not process.is_alive():
                process.close()
        with self._bell_held:
            bell, self._bell = self._bell, None
            if bell is not None:
                bell.close()
        with self._line_held:
            line, self._line = self._line, None
            if line is not None:
                line.close()

    def _how(self) -> str:
        if self._process is None:
            return "it was not started"
        self._process.join(_TERMINATE_S)
        code = self._process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"it was ended by {signal.Signals(-code).name}"
        return f"exit code {code}"
