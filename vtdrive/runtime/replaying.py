"""A recording through the driver again: the same ticks, to the same or other sinks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import Config
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.driver import REST, Driver
from vtdrive.errors import EndOfStream, SourceError, UsageError
from vtdrive.runtime.outlets import Outlet, Outlets
from vtdrive.sinks.base import Sink
from vtdrive.track_sources.base import Tick
from vtdrive.track_sources.recording import Recording
from vtdrive.types import F32
from vtdrive.wire.recording import read_inputs

__all__ = ["Replay", "recorded_config"]

_NAP_NS: Final = 200_000_000


def recorded_config(recording: Recording) -> Config:
    """The config of the recorded run; UsageError where this vtdrive cannot read it."""
    try:
        return Config.model_validate(json.loads(recording.info.config_json))
    except ValueError as fault:  # pydantic's is one, too
        why = " ".join(str(fault).split())[:200]
        raise UsageError(
            f"{recording.name}: the config that it was recorded with does not fit this vtdrive:"
            f" {why}",
            "replay it with a config of yours: --config my.toml",
        ) from fault


def _neutral(recording: Recording) -> NeutralPose | None:
    saved = recording.info.facts.get("neutral")
    try:
        return NeutralPose.from_dict(json.loads(saved)) if saved else None
    except ValueError as fault:
        raise SourceError(f"{recording.name}: {fault}", "it is damaged: record again") from fault


def _rests(recording: Recording) -> list[dict[str, Any]]:
    """The neutrals of live inputs with which the recording began."""
    try:
        rests = json.loads(recording.info.facts.get("input_neutrals", "[]"))
        if not (isinstance(rests, list) and all(isinstance(rest, dict) for rest in rests)):
            raise ValueError("the neutrals of its inputs make no sense")
    except ValueError as fault:
        raise SourceError(f"{recording.name}: {fault}", "it is damaged: record again") from fault
    return rests


class Replay:
    """Feeds each recorded tick, with the emotion sample it read then, to a new driver.

    A recording without the frame of rest at its end (a crash took it) ends with one all the same.
    """

    def __init__(
        self,
        config: Config,
        recording: Recording,
        sinks: Sequence[Sink],
        *,
        tell: Callable[[str], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._recording = recording
        self._clock = clock
        self.whole = False
        """After `run`: whether the recording ended as a run ends, with the frame of rest."""
        neutral = _neutral(recording)
        self.driver = Driver(config, [sink.profile for sink in sinks], neutral=neutral)
        try:
            self.driver.mixer.restore(_rests(recording))
            self.driver.mixer.recall(read_inputs(recording.info.facts.get("input_lasts", "[]")))
        except ValueError as fault:
            what = f"{recording.name}: {fault}"
            raise SourceError(what, "it is damaged: record again") from fault
        schema = self.driver.schema
        outlets = [Outlet(sink, schema, tell) for sink in sinks]
        self.outlets = Outlets(outlets, schema, tell, patient=True)

    def run(self, stop: threading.Event, *, speed: float = 1.0) -> int:
        """All ticks, paced as recorded times `speed` (0: as fast as possible); how many."""
        ticks, first_ns, start_ns = 0, 0, self._clock.now_ns()
        last_ns, rested = 0, False
        with self.outlets:
            while not stop.is_set():
                try:
                    tick = self._recording.read()
                except EndOfStream:
                    break
                first_ns = first_ns if ticks else tick.t_ns
                if speed > 0:
                    self._wait(start_ns + int((tick.t_ns - first_ns) / speed), stop)
                self._step(tick)
                ticks, last_ns, rested = ticks + 1, tick.t_ns, REST in tick.commands
            self.whole = rested
            if ticks and not rested:
                self.outlets.send(self.driver.rest(last_ns), last_ns)
        return ticks

    def _wait(self, until_ns: int, stop: threading.Event) -> None:
        """In short naps: a recording may hold a gap of minutes, and the user may want to leave."""
        while not stop.is_set() and (now_ns := self._clock.now_ns()) < until_ns:
            self._clock.sleep_until(min(until_ns, now_ns + _NAP_NS))

    def _step(self, tick: Tick) -> None:
        if REST in tick.commands:
            self.outlets.send(self.driver.rest(tick.t_ns), tick.t_ns)
            return
        frame = self.driver.step(
            tick.track,
            tick.emotion,
            tick.t_ns,
            tick.commands,
            raw=self._raw(tick),
            inputs=tick.inputs,
        )
        self.outlets.send(frame, frame.t_ns)

    def _raw(self, tick: Tick) -> F32 | None:
        """The recorded signals, where the landmarks they came from were not recorded."""
        face = None if tick.track is None else tick.track.face
        if face is None or np.isfinite(face.landmarks_px).any():
            return None
        return tick.raw
