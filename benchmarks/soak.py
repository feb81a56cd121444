"""Runs the live loop for minutes on a looped clip and watches memory, threads and open files.

    python -m benchmarks.soak --minutes 10 [--source clip.mp4] [--json OUT]

Exits 1 when memory grew by more than 10 MB after the first minute, or when a thread is left.
"""

from __future__ import annotations

import argparse
import gc
import threading
import time
from pathlib import Path

import psutil

from benchmarks._report import write_report
from vtdrive.config.load import load_config
from vtdrive.config.sinks import VmcSink
from vtdrive.demo import demo_clip
from vtdrive.errors import VtdriveError
from vtdrive.eval.bench import QuietListener
from vtdrive.runtime.build import make_session
from vtdrive.runtime.session import Session

_LIMIT_MB = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--source", default=str(demo_clip()))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    process = psutil.Process()
    config = load_config([], overrides={"source": {"uri": args.source, "loop": True}})
    config = config.model_copy(update={"sinks": [VmcSink()]})
    threads0, files0 = threading.active_count(), process.num_fds()
    session = make_session(config, listener=QuietListener())
    stop = threading.Event()
    broken: list[str] = []

    def drive(driven: Session) -> None:
        try:
            driven.run(stop, args.minutes * 60)
        except VtdriveError as fault:
            broken.append(str(fault))

    run = threading.Thread(target=drive, args=(session,))
    rss: list[tuple[float, float]] = []
    start = time.monotonic()
    run.start()
    while run.is_alive():
        run.join(5.0)
        rss.append((time.monotonic() - start, process.memory_info().rss / 2**20))
        print(
            f"{rss[-1][0]:5.0f} s  {rss[-1][1]:.1f} MB  {session.stats.fps():.0f} fps", flush=True
        )
    stats = session.stats
    outlets = [outlet.sink.stats.last_error for outlet in session.outlets.all]
    del session
    gc.collect()
    first = next((mb for t, mb in rss if t >= min(60.0, args.minutes * 30)), rss[0][1])
    grown = max(mb for t, mb in rss if t >= min(60.0, args.minutes * 30)) - first
    result = {
        "minutes": args.minutes,
        "frames": stats.frames,
        "faces": stats.faces,
        "dropped": stats.dropped,
        "grown_mb_after_first_minute": grown,
        "rss_mb": rss[-2][1] if len(rss) > 1 else rss[-1][1],
        "threads_left": threading.active_count() - threads0,
        "files_left": process.num_fds() - files0,
        "sink_errors": outlets,
        "broken": broken,
    }
    write_report("soak", result, args.json)
    left = threading.active_count() - threads0
    return int(bool(broken) or grown > _LIMIT_MB or left > 0)


if __name__ == "__main__":
    raise SystemExit(main())
