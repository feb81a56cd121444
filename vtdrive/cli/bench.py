"""`vtdrive bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

__all__ = ["bench"]


def bench(
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="A video \\[default: the demo clip]")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
    peer: Annotated[
        Literal["landmarker"] | None,
        typer.Option(help="Measure the Tasks Face Landmarker on the same frames."),
    ] = None,
    landmarker_model: Annotated[
        Path | None, typer.Option(help="Its face_landmarker.task bundle.")
    ] = None,
    config: Annotated[
        list[Path] | None, typer.Option("--config", "-c", help="Config file; may repeat.")
    ] = None,
    fps: Annotated[float | None, typer.Option(min=1, max=240, help="Re-pace the video.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(min=2, max=1e9, help="Seconds of each live pass.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Send even if another vtdrive sends there.")
    ] = False,
) -> None:
    """Measure latency, losses, CPU and memory of the live loop on this machine."""
    import sys
    from contextlib import ExitStack

    from vtdrive.cli.figures import check_writable, write_figures
    from vtdrive.cli.run import overrides
    from vtdrive.config.load import load_config
    from vtdrive.config.sinks import VmcSink
    from vtdrive.core.signals import SIGNALS
    from vtdrive.demo import demo_clip
    from vtdrive.errors import UsageError
    from vtdrive.eval.bench import bench as measure
    from vtdrive.sinks.lockfile import acquire
    from vtdrive.sinks.make import make_sink

    check_writable(json_file)
    if peer is not None and landmarker_model is None:
        raise UsageError(
            "--peer landmarker needs its model", "add --landmarker-model face_landmarker.task"
        )
    if source is not None and not source.strip():
        raise UsageError("the source is empty", "name a video, or leave --source out")
    chosen = overrides(source or str(demo_clip()), fps=fps)
    loaded = load_config(config or [], overrides=chosen, known_signals=SIGNALS)
    if not loaded.sinks:
        loaded = loaded.model_copy(update={"sinks": [VmcSink()]})
    with ExitStack() as stack:
        for target in dict.fromkeys(make_sink(sink).target for sink in loaded.sinks):
            stack.enter_context(acquire(target, force=force))
        result = measure(
            loaded,
            peer_model=landmarker_model if peer else None,
            seconds=max_seconds,
            say=lambda text: print(f"vtdrive: {text}", file=sys.stderr, flush=True),
        )
    _table(result)
    write_figures(json_file, result)


def _table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    machine = result["machine"]
    console.print(f"{machine['cpu']}, {machine['cores']} cores, vtdrive {machine['git']}")
    table = Table("ms", "p50", "p95", "p99", box=None, pad_edge=False)
    rows = dict(result["stages"])
    if "peer" in result:
        rows |= {
            "Face Landmarker, after our send": result["peer"]["ms"],
            "tracker + shapes + solve, in turns": result["peer"]["ours_ms"],
            "Face Landmarker, in turns": result["peer"]["turns_ms"],
        }
    for name, row in rows.items():
        title = name.removesuffix("_ms").replace("_", " ")
        table.add_row(title, *(f"{row[p]:.2f}" for p in ("p50", "p95", "p99")))
    console.print(table)
    console.print(
        f"{result['frames']} frames, {result['dropped']} skipped, {result['fps']:.1f} fps,"
        f" emotion {result['emotion_hz']:.1f} Hz, {result['cpu_ms_per_frame']:.1f} ms CPU a frame"
        f" ({100 * result['cpu_share_of_core']:.0f} % of a core), {result['rss_mb']:.0f} MB"
    )
    if "peer" in result:
        p = result["peer"]
        console.print(
            f"camera → wire / Face Landmarker: p50 {p['wire_p50_of_peer_p50']:.2f},"
            f" p99 {p['wire_p99_of_peer_p99']:.2f}; Face Landmarker / ours:"
            f" {p['ratio_per_frame']:.2f} a frame, {p['ratio_cpu']:.2f} in CPU time"
        )
