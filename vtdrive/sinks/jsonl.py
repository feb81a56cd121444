"""One JSON object per frame, to a file or standard output."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable
from io import FileIO, RawIOBase
from pathlib import Path

from vtdrive.config.sinks import JsonlSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.base import SinkStats
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.jsonl import JsonlTemplate

__all__ = ["JsonlOutput"]

_STDOUT = 1


class JsonlOutput:
    """Writes one line per frame, unbuffered: what was written is there after a crash.

    A file is overwritten and gets every frame. Standard output may be a pipe whose reader is slow,
    so there the newest frame wins and `seq` shows the gap. Once the reader is gone or the disk is
    full, each `send` raises SinkError.
    """

    slow = True

    def __init__(self, config: JsonlSink, *, stream: Callable[[], RawIOBase] | None = None) -> None:
        self._is_stdout = config.path == "-"
        self._path = config.path
        self.name = "jsonl stdout" if self._is_stdout else f"jsonl {config.path}"
        self.target = "" if self._is_stdout else f"file:{Path(config.path).absolute()}"
        self.profile = config.profile
        self.every_frame = not self._is_stdout
        self.stats = SinkStats()
        self._stream_of = stream or self._opened
        self._stream: RawIOBase | None = None
        self._template: JsonlTemplate | None = None
        self._first_ns: int | None = None

    def open(self, schema: RigSchema) -> None:
        self._template = JsonlTemplate(schema, self.profile)
        if self._stream is None:
            try:
                self._stream = self._stream_of()
            except OSError as fault:
                error = self._failed(fault)
                raise SinkUnusable(error.what, error.remedy) from fault

    def send(self, frame: AvatarFrame) -> None:
        if self._stream is None or self._template is None:
            raise SinkError(f"{self.name}: not open", "wait for it to be opened again")
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        line = self._template.fill(frame, t_s=(frame.t_ns - self._first_ns) * 1e-9)
        rest = memoryview(line)
        try:
            while rest:
                written = self._stream.write(rest)
                if written is None:
                    # A pipe that somebody made non-blocking is full.
                    time.sleep(0.005)
                else:
                    rest = rest[written:]
        except OSError as fault:
            raise self._failed(fault) from fault
        self.stats.frames += 1
        self.stats.packets += 1
        self.stats.bytes_sent += len(line)
        self.stats.last_error = ""

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            # Unbuffered: nothing is lost when even this fails.
            with contextlib.suppress(OSError):
                stream.close()

    def _opened(self) -> RawIOBase:
        if self._is_stdout:
            # Not sys.stdout: its buffer would be flushed at exit, and fail there once more.
            return FileIO(_STDOUT, "wb", closefd=False)
        return FileIO(self._path, "wb")

    def _failed(self, fault: OSError) -> SinkError:
        if fault.errno in (errno.EPIPE, errno.EINVAL) and self._is_stdout:
            error = SinkError(
                f"{self.name}: the program that read it has ended",
                "start both again, or write to a file: jsonl:FILE",
            )
        elif fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            error = SinkError(
                f"{self.name}: the disk is full", "free space, or choose another folder"
            )
        else:
            error = SinkError(
                f"{self.name}: {(fault.strerror or str(fault)).lower()}",
                "check that the folder exists and may be written to",
            )
        self.stats.last_error = error.what
        return error
