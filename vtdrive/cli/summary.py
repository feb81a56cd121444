"""What a finished run looked like, in a few lines."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from vtdrive.runtime.session import Session

__all__ = ["print_summary"]

_ROWS = (
    ("wait", "camera → taken"),
    ("track", "tracking + shapes"),
    ("step", "driver"),
    ("send", "sending"),
    ("capture_to_wire", "camera → wire"),
    ("emotion", "emotion, own thread"),
)


def print_summary(session: Session) -> None:
    """Frames, latencies, packets."""
    stats, console = session.stats, Console()
    share = 100 * stats.faces / stats.frames if stats.frames else 0.0
    console.print(
        f"{stats.frames} frames, a face in {share:.1f} %, {stats.dropped} skipped,"
        f" {stats.emotions} expressions classified, CPU {100 * stats.cpu_share():.0f} % of a core"
    )
    table = Table("ms", "p50", "p95", "p99", box=None, pad_edge=False)
    found = stats.percentiles()
    for stage, title in _ROWS:
        if stage in found:
            table.add_row(title, *(f"{found[stage][p]:.2f}" for p in ("p50", "p95", "p99")))
    console.print(table)
    for outlet in session.outlets.all:
        sink = outlet.sink
        console.print(
            f"{sink.name}: {sink.stats.frames} frames, {sink.stats.packets} packets,"
            f" {sink.stats.bytes_sent / 1024:.0f} kB",
            markup=False,
        )
