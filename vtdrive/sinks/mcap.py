"""The recorder: every tap of every tick into an MCAP file, readable after a crash."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from vtdrive import __version__
from vtdrive.config.sinks import McapSink
from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.base import SinkStats
from vtdrive.sinks.record_file import RecordFile
from vtdrive.types import AvatarFrame, Emotion, Incoming, RigSchema
from vtdrive.wire import recording as wire

if TYPE_CHECKING:
    from mcap.writer import Writer

__all__ = ["McapRecorder", "RunFacts"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_WAITING = 4096
"""Commands and datagrams that may wait for their frame; far above any FIFO before the recorder."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a recording says about the run it was made in."""

    config_json: str = "{}"
    """The whole config, for a replay without the file."""
    signals: tuple[str, ...] = RAW_SIGNALS
    """Names of `AvatarFrame.raw`."""
    inputs: bool = False
    """Whether the run mixes live inputs."""
    extra: dict[str, str] = field(default_factory=dict)
    """More facts, such as the saved neutral that the run started with."""


class McapRecorder:
    """Writes the taps in pieces of `1 / flush_hz` seconds, so that a crash costs one piece.

    It never overwrites a file; `{time}` in the path becomes the local time of `open`. When the disk
    is full, what fits is kept as a valid file, and each later `send` raises SinkError.
    `note_command` and `note_sent` may be called from any thread.
    """

    slow = True
    every_frame = True

    def __init__(self, config: McapSink, facts: RunFacts | None = None) -> None:
        now = datetime.now(UTC)
        stamp = now.astimezone().strftime("%Y%m%d-%H%M%S")
        self._path = Path(config.path.replace("{time}", stamp))
        self._started = now.isoformat(timespec="seconds")
        self.name = f"mcap {self._path}"
        self.target = f"file:{self._path.absolute()}"
        self.profile = config.profile
        self.stats = SinkStats()
        self._landmarks = config.landmarks
        self._flush_ns = round(1e9 / config.flush_hz)
        self._facts = facts or RunFacts()
        self._file: RecordFile | None = None
        self._writer: Writer | None = None
        self._channels: dict[str, int] = {}
        self._raw = wire.RawTemplate(self._facts.signals)
        self._mapped: wire.MappedTemplate | None = None
        self._schema: RigSchema | None = None
        self._flushed_ns: int | None = None
        self._emotion: Emotion | None = None
        self._inputs: dict[int, tuple[int, Incoming]] = {}
        """Place in the config -> how many of its measurements are written, and the last one."""
        self._commands: deque[tuple[int, str]] = deque(maxlen=_WAITING)
        self._sent: deque[tuple[int, str, tuple[bytes, ...]]] = deque(maxlen=_WAITING)

    def open(self, schema: RigSchema) -> None:
        if self._file is not None and self._file.ended:
            raise self._over()
        self._schema, self._mapped = schema, None
        try:
            if self._writer is None:
                self._start()
            self._note_rig(schema)
        except OSError as fault:
            raise self._failed(fault) from fault

    def send(self, frame: AvatarFrame) -> None:
        if self._file is not None and self._file.ended:
            raise self._over()
        writer = self._writer
        if writer is None or self._schema is None or self._file is None:
            raise SinkError(f"{self.name}: not open", "wait for it to be opened again")
        before = self._file.size
        try:
            self._write(writer, frame)
            if self._flushed_ns is None or frame.t_ns - self._flushed_ns >= self._flush_ns:
                self._flushed_ns = frame.t_ns
                writer.flush()
                self._file.mark()
        except OSError as fault:
            raise self._failed(fault) from fault
        self.stats.frames += 1
        self.stats.bytes_sent += self._file.size - before

    def close(self) -> None:
        file, writer = self._file, self._writer
        self._writer = None
        if file is None or file.ended:
            return
        try:
            if writer is not None:
                writer.finish()
            file.close()
        except OSError as fault:
            self._failed(fault)

    def note_command(self, command: str, *, seq: int) -> None:
        """Something the user did, applied just before the frame `seq`; a replay repeats it."""
        self._commands.append((seq, command))

    def note_sent(self, sink: str, seq: int, datagrams: tuple[bytes, ...]) -> None:
        """What a sink sent for the frame `seq`. Call it before that frame's `send`."""
        self._sent.append((seq, sink, datagrams))

    def _start(self) -> None:
        from mcap.writer import Writer

        try:
            self._file = RecordFile(self._path)
        except FileExistsError as fault:
            error = SinkUnusable(
                f"{self.name}: the file exists already, and a recording is never overwritten",
                "remove it, choose another name, or put {time} into the name",
            )
            self.stats.last_error = error.what
            raise error from fault
        except OSError as fault:
            failed = self._failed(fault)
            raise SinkUnusable(failed.what, failed.remedy) from fault
        writer = Writer(cast("IO[bytes]", self._file))
        writer.start(profile="vtdrive", library=f"vtdrive {__version__}")
        for topic, schema in wire.SCHEMAS.items():
            name = f"vtdrive.{topic[1:]}"
            schema_id = writer.register_schema(name, "jsonschema", json.dumps(schema).encode())
            self._channels[topic] = writer.register_channel(topic, "json", schema_id)
        config = self._facts.config_json
        writer.add_metadata(
            "vtdrive",
            {
                **self._facts.extra,
                "version": __version__,
                "format": str(wire.format_of(inputs=self._facts.inputs)),
                "started": self._started,
                "config": config,
                "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
                "landmarks": json.dumps(self._landmarks),
                "signals": json.dumps(self._facts.signals),
            },
        )
        self._writer = writer

    def _note_rig(self, schema: RigSchema) -> None:
        assert self._writer is not None
        params = [[p.name, p.lo, p.hi, p.neutral, p.kind] for p in schema.params]
        facts = {"params": json.dumps(params), "bones": json.dumps(schema.bones)}
        self._writer.add_metadata("vtdrive.rig", facts)

    def _write(self, writer: Writer, frame: AvatarFrame) -> None:
        if frame.emotion is not None and frame.emotion is not self._emotion:
            self._emotion = frame.emotion
            self._put(writer, frame, "/emotion", wire.emotion_text(frame.emotion))
        if frame.track is not None:
            text = wire.track_text(frame.track, landmarks=self._landmarks)
            self._put(writer, frame, "/track", text)
        if frame.raw.size == len(self._facts.signals):
            self._put(writer, frame, "/raw", self._raw.text(frame))
        self._put(writer, frame, "/state", wire.state_text(frame.seq, frame.state))
        mapped = self._mapped_of(frame).text(frame.seq, frame.poses)
        self._put(writer, frame, "/mapped", mapped)
        while self._sent and self._sent[0][0] <= frame.seq:
            self._put(writer, frame, "/sent", wire.sent_text(*self._sent.popleft()))
        commands = []
        while self._commands and self._commands[0][0] <= frame.seq:
            seq, command = self._commands.popleft()
            commands.append(command)
            self._put(writer, frame, "/command", wire.command_text(seq, command))
        numbers = [self._heard(writer, frame, i) for i in range(len(frame.inputs))]
        self._put(writer, frame, "/tick", wire.tick_text(frame, commands, numbers))

    def _heard(self, writer: Writer, frame: AvatarFrame, at: int) -> int | None:
        """The number of the measurement that this tick read of an input; written where new."""
        incoming = frame.inputs[at]
        if incoming is None:
            return None
        n, last = self._inputs.get(at, (0, None))
        if incoming is not last:
            n += 1
            self._inputs[at] = (n, incoming)
            self._put(writer, frame, "/input", wire.input_text(at, n, incoming))
        return n

    def _put(self, writer: Writer, frame: AvatarFrame, topic: str, text: str) -> None:
        # MCAP counts in 32 bits.
        writer.add_message(
            self._channels[topic], frame.t_ns, text.encode(), frame.t_ns, frame.seq & 0xFFFFFFFF
        )
        self.stats.packets += 1

    def _mapped_of(self, frame: AvatarFrame) -> wire.MappedTemplate:
        assert self._schema is not None
        if self._mapped is None or self._mapped.profiles != tuple(frame.poses):
            self._mapped = wire.MappedTemplate(self._schema, frame.poses)
        return self._mapped

    def _over(self) -> SinkError:
        return SinkError(self.stats.last_error, "free space, and start a new recording")

    def _failed(self, fault: OSError) -> SinkError:
        """End the recording as well as can be; the error also stands in `stats`."""
        saved = self._file.abandon() if self._file is not None else False
        self._writer = None
        if fault.errno in _FULL:
            kept = "what was recorded so far is kept" if saved else "nothing could be kept"
            what = f"{self.name}: the disk is full; recording has ended, {kept}"
            remedy = "free space, and start a new recording"
        else:
            reason = (fault.strerror or os.strerror(fault.errno or 0)).lower()
            what = f"{self.name}: {reason}"
            remedy = "check that the folder exists and may be written to"
        self.stats.last_error = what
        return SinkError(what, remedy)
