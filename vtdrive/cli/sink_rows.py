"""Each sink as a row of the dashboard: reached or not, how much, what is wrong and what helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from vtdrive.runtime.outlets import Outlet

__all__ = ["SinkRows"]

_OVER_S: Final = 1.0
"""Rates are of the last one to two seconds: steady to read, and soon at zero after a loss."""


class SinkRows:
    """Rows for `sinks`, with rates counted between one drawing and the next."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._before: dict[int, tuple[float, int, int]] = {}
        self._rates: dict[int, tuple[float, float]] = {}

    def __call__(self, outlets: Sequence[Outlet]) -> Table:
        grid = Table.grid(padding=(0, 1))
        for key, outlet in enumerate(outlets):
            stats = outlet.sink.stats
            per_s, bytes_per_s = self._rate(key, stats.frames, stats.bytes_sent)
            rate = f"{per_s:3.0f}/s  {bytes_per_s / 1024:4.0f} kB/s"
            grid.add_row(*_state(outlet), outlet.sink.name, rate, _said(outlet))
        return grid

    def _rate(self, key: int, frames: int, sent: int) -> tuple[float, float]:
        now_s = self._clock_s()
        then_s, frames_then, sent_then = self._before.setdefault(key, (now_s, frames, sent))
        apart_s = now_s - then_s
        if apart_s >= _OVER_S:
            self._rates[key] = ((frames - frames_then) / apart_s, (sent - sent_then) / apart_s)
            self._before[key] = (now_s, frames, sent)
        return self._rates.get(key, (0.0, 0.0))


def _state(outlet: Outlet) -> tuple[Text, Text]:
    """A mark and a word; where a protocol cannot tell whether anybody listens, only `sending`."""
    connected = outlet.sink.stats.connected
    if not outlet.healthy:
        return Text("●", "red"), Text("failing", "red")
    if connected is None:
        wrong = bool(outlet.sink.stats.last_error)
        return Text("●", "yellow" if wrong else "green"), Text("sending", "dim")
    if connected:
        return Text("●", "green"), Text("connected", "green")
    return Text("○", "yellow"), Text("waiting", "yellow")


def _said(outlet: Outlet) -> Text:
    stats = outlet.sink.stats
    if stats.last_error:
        return Text(" → ".join(filter(None, (stats.last_error, stats.remedy))), "yellow")
    return Text(stats.note, "dim")
