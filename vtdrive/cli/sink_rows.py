"""Each sink as a row of the dashboard: reached or not, how much, what is wrong and what helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final
from weakref import WeakKeyDictionary

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
        # By outlet, not by place: a recording that ends leaves its place to the next one.
        self._before: WeakKeyDictionary[Outlet, tuple[float, int, int]] = WeakKeyDictionary()
        self._rates: WeakKeyDictionary[Outlet, tuple[float, float]] = WeakKeyDictionary()

    def __call__(self, outlets: Sequence[Outlet]) -> Table:
        grid = Table.grid(padding=(0, 1))
        for outlet in outlets:
            per_s, bytes_per_s = self._rate(outlet)
            rate = f"{per_s:3.0f}/s  {bytes_per_s / 1024:4.0f} kB/s"
            # As Text: in brackets, as of an IPv6 address, rich would look for a style.
            grid.add_row(*_state(outlet), Text(outlet.sink.name), rate, _said(outlet))
        return grid

    def _rate(self, outlet: Outlet) -> tuple[float, float]:
        """Frames and bytes a second."""
        stats, now_s = outlet.sink.stats, self._clock_s()
        counts = (now_s, stats.frames, stats.bytes_sent)
        then_s, frames, sent = self._before.setdefault(outlet, counts)
        apart_s = now_s - then_s
        if apart_s >= _OVER_S:
            self._rates[outlet] = ((counts[1] - frames) / apart_s, (counts[2] - sent) / apart_s)
            self._before[outlet] = counts
        return self._rates.get(outlet, (0.0, 0.0))


def _state(outlet: Outlet) -> tuple[Text, Text]:
    """A mark and a word; where a protocol cannot tell whether anybody listens, only `sending`."""
    connected = outlet.sink.stats.connected
    if not outlet.healthy:
        return Text("●", "red"), Text("failing", "red")
    if connected is None:
        return Text("●", "yellow" if outlet.trouble else "green"), Text("sending", "dim")
    if connected:
        return Text("●", "green"), Text("connected", "green")
    return Text("○", "yellow"), Text("waiting", "yellow")


def _said(outlet: Outlet) -> Text:
    stats = outlet.sink.stats
    if outlet.trouble:
        return Text(" → ".join(filter(None, (outlet.trouble, stats.remedy))), "yellow")
    return Text(stats.note, "dim")
