"""Playing the pattern to sinks, without camera or models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import Config
from vtdrive.core.pattern import Passage, Pattern
from vtdrive.runtime.outlets import Outlet, Outlets
from vtdrive.sinks.base import Sink

__all__ = ["probe"]

_FPS: Final = 60.0
_CONNECT_S: Final = 5.0


def probe(
    config: Config,
    sinks: Sequence[Sink],
    stop: threading.Event,
    *,
    tell: Callable[[str], None],
    begin: Callable[[Passage], None],
    loop: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> list[Outlet]:
    """Play the whole pattern in real time, or until `stop`; the sinks' states at its end.

    With `loop` it is played again and again.

    A sink that has to connect first is waited for, up to 5 s. Raises SinkError for one whose
    options can never work.
    """
    pattern = Pattern(config, [sink.profile for sink in sinks])
    outlets = [Outlet(sink, pattern.schema, tell) for sink in sinks]
    with Outlets(outlets, pattern.schema, tell) as all_of_them:
        _wait_for(sinks, stop, clock)
        while True:
            start_ns = clock.now_ns()
            for frame in pattern.frames(fps=_FPS, begin=begin):
                clock.sleep_until(start_ns + frame.t_ns)
                if stop.is_set():
                    return outlets
                all_of_them.send(frame, start_ns + frame.t_ns)
            if not loop:
                return outlets


def _wait_for(sinks: Sequence[Sink], stop: threading.Event, clock: Clock) -> None:
    end_ns = clock.now_ns() + int(_CONNECT_S * 1e9)
    while clock.now_ns() < end_ns and not stop.is_set():
        if all(sink.stats.connected is not False or sink.stats.last_error for sink in sinks):
            return
        clock.sleep_until(clock.now_ns() + 50_000_000)
