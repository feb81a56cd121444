"""Each live input as a row of the dashboard: whether it delivers, how often, what it drives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from vtdrive.runtime.inputs import Inlet

__all__ = ["input_rows"]

_MARKS: Final = {
    "live": ("●", "green"),
    "no face": ("○", "yellow"),
    "silent": ("○", "yellow"),
    "waiting": ("○", "yellow"),
    "failing": ("●", "red"),
}


def input_rows(inlets: Sequence[Inlet], drives_of: Callable[[int], Sequence[str]]) -> Table:
    """Rows for the inputs of a run; none where it has none. `drives_of` tells the channels that the
    input at a place of the config has now."""
    grid = Table.grid(padding=(0, 1))
    for at, inlet in enumerate(inlets):
        state = inlet.state()
        mark, colour = _MARKS[state]
        rate = f"{inlet.rate_hz():3.0f}/s in"
        drives = ", ".join(drives_of(at))
        grid.add_row(
            Text(mark, colour), Text(state, colour), Text(inlet.name), rate, _said(inlet, drives)
        )
    return grid


def _said(inlet: Inlet, drives: str) -> Text:
    """What is wrong, or else what it drives and who can reach it."""
    stats = inlet.source.stats
    if stats.last_error:
        return Text(stats.last_error, "yellow")
    does = f"drives {drives}" if drives else "drives nothing now"
    return Text("; ".join(filter(None, (does, stats.note))), "dim")
