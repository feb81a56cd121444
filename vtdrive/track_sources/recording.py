"""Recordings (`vtdrive record`): the ticks of a run, for a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap.records import Channel, Message, Metadata

from vtdrive.errors import EndOfStream, SourceError, SourceNotFound
from vtdrive.track_sources.base import Tick
from vtdrive.track_sources.records import Records
from vtdrive.types import Emotion, Incoming, Param, RigSchema
from vtdrive.wire import recording as wire

__all__ = ["Recording", "RecordingInfo"]


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What a recording says about its run."""

    version: str
    """Of the vtdrive that wrote it."""
    started: str
    """ISO 8601, UTC."""
    config_json: str
    """The whole config of that run."""
    config_sha256: str
    landmarks: bool
    """False: the points were not recorded (they read as NaN), only what was solved from them."""
    signals: tuple[str, ...]
    """Names of `Tick.raw`; empty where the run did not tell."""
    schema: RigSchema | None
    """The avatar's parameters and bones when the run began."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Everything written beside these, such as the neutral the run started with."""


class Recording:
    """Reads a recording from the front, also one whose end a crash took.

    `truncated` and `damaged_chunks` tell, after the last tick, what was missing.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"recording {path.name}"
        self._path = path
        self._records: Records | None = None
        self._ticks: Iterator[Tick] | None = None
        self._first: Tick | None = None
        self._facts: dict[str, str] = {}
        self._rig: dict[str, str] = {}
        self._info: RecordingInfo | None = None

    @property
    def info(self) -> RecordingInfo:
        """Known after `open`."""
        if self._info is None:
            raise SourceNotFound(f"{self.name}: not open", "open it first")
        return self._info

    @property
    def truncated(self) -> bool:
        return self._records is not None and self._records.truncated

    @property
    def damaged_chunks(self) -> int:
        return 0 if self._records is None else self._records.damaged_chunks

    def open(self) -> None:
        self._records = Records(self._path)
        self._ticks = self._read(self._records)
        # Facts precede the first tick, so that reading it finds them.
        self._first = next(self._ticks, None)
        if "format" not in self._facts:
            raise SourceNotFound(
                f"{self.name}: no recording of vtdrive",
                "give a file that `vtdrive record` wrote",
            )
        if not self._is_known():
            raise SourceNotFound(
                f"{self.name}: written by vtdrive {self._facts.get('version')},"
                " in a newer format than this one reads",
                "update vtdrive",
            )
        if self._first is None:
            raise SourceNotFound(f"{self.name}: it holds no frame", "record again")
        self._info = self._described()

    def read(self) -> Tick:
        first, self._first = self._first, None
        tick = first if first is not None else next(self._ticks or iter(()), None)
        if tick is None:
            raise EndOfStream(f"{self.name}: the end")
        return tick

    def close(self) -> None:
        if self._records is not None:
            self._records.close()

    def __iter__(self) -> Iterator[Tick]:
        """The remaining ticks, without EndOfStream."""
        if self._first is not None:
            yield self.read()
        yield from self._ticks or ()

    def _read(self, records: Records) -> Iterator[Tick]:
        try:
            yield from self._ticks_of(records)
        except (KeyError, TypeError, ValueError) as fault:
            raise SourceError(
                f"{self.name}: a message is not as vtdrive writes it ({fault!r})",
                "the file was altered by another program: use the original",
            ) from fault

    def _ticks_of(self, records: Records) -> Iterator[Tick]:
        topics: dict[int, str] = {}
        parts: dict[str, dict[str, Any]] = {}
        emotion: Emotion | None = None
        inputs: dict[int, tuple[int, Incoming]] = {}
        for record in records:
            if isinstance(record, Metadata):
                self._note(record)
            elif isinstance(record, Channel):
                topics[record.id] = record.topic
            elif not self._is_known():
                return
            elif isinstance(record, Message):
                topic = topics.get(record.channel_id, "")
                if topic == "/emotion":
                    emotion = wire.read_emotion(json.loads(record.data))
                elif topic == "/input":
                    said = json.loads(record.data)
                    inputs[said["input"]] = (said["n"], wire.read_input(said))
                elif topic in ("/track", "/raw"):
                    parts[topic] = json.loads(record.data)
                elif topic == "/tick":
                    yield _tick(json.loads(record.data), parts, emotion, inputs)
                    parts = {}

    def _is_known(self) -> bool:
        return int(self._facts.get("format", wire.FORMAT_VERSION + 1)) <= wire.FORMAT_VERSION

    def _note(self, record: Metadata) -> None:
        if record.name == "vtdrive":
            self._facts = dict(record.metadata)
        elif record.name == "vtdrive.rig" and not self._rig:
            self._rig = dict(record.metadata)

    def _described(self) -> RecordingInfo:
        facts = dict(self._facts)
        facts.pop("format")
        schema = None
        if self._rig:
            params = [Param(*row) for row in json.loads(self._rig["params"])]
            schema = RigSchema(tuple(params), tuple(json.loads(self._rig["bones"])))
        return RecordingInfo(
            version=facts.pop("version", ""),
            started=facts.pop("started", ""),
            config_json=facts.pop("config", "{}"),
            config_sha256=facts.pop("config_sha256", ""),
            landmarks=json.loads(facts.pop("landmarks", "true")),
            signals=tuple(json.loads(facts.pop("signals", "[]"))),
            schema=schema,
            facts=facts,
        )


def _tick(
    tick: dict[str, Any],
    parts: Mapping[str, dict[str, Any]],
    emotion: Emotion | None,
    inputs: Mapping[int, tuple[int, Incoming]],
) -> Tick:
    track = parts.get("/track")
    raw = parts.get("/raw")
    wanted = tick["emotion_t_ns"]
    return Tick(
        seq=tick["seq"],
        t_ns=tick["t_ns"],
        # A part whose chunk was damaged must not be taken from another tick.
        track=(
            wire.read_track(track)
            if track is not None and track["seq"] == tick["track_seq"]
            else None
        ),
        emotion=emotion if emotion is not None and emotion.t_ns == wanted else None,
        commands=tuple(tick["commands"]),
        raw=wire.read_raw(raw) if raw is not None and raw["seq"] == tick["seq"] else None,
        # Recordings from before there were inputs do not name them.
        inputs=tuple(_heard(inputs, i, n) for i, n in enumerate(tick.get("inputs", ()))),
    )


def _heard(
    inputs: Mapping[int, tuple[int, Incoming]], at: int, wanted: int | None
) -> Incoming | None:
    n, incoming = inputs.get(at, (None, None))
    return incoming if n == wanted else None
