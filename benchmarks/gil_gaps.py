"""How long a ticking thread is kept waiting while everything runs: does anything hold the GIL?

    python -m benchmarks.gil_gaps --source clip.mp4 [--json OUT]

A thread sleeps 1 ms at a time beside the whole live loop (tracking, emotion, sending); what it
oversleeps beyond what it oversleeps alone is time in which some stage held the interpreter.
"""

from __future__ import annotations

import argparse
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks._report import write_report
from vtdrive.config.load import load_config
from vtdrive.config.sinks import VmcSink
from vtdrive.demo import demo_clip
from vtdrive.eval.bench import QuietListener
from vtdrive.runtime.build import make_session


def gaps_ms(stop: threading.Event) -> list[float]:
    """Time by which each 1 ms sleep was late."""
    late = []
    while not stop.is_set():
        start = time.perf_counter()
        time.sleep(0.001)
        late.append((time.perf_counter() - start) * 1e3 - 1.0)
    return late


def measured(seconds: float, source: str | None) -> dict[str, float]:
    """p50, p95, p99 and the largest, alone or beside a run of `source`."""
    stop, found = threading.Event(), list[float]()
    ticker = threading.Thread(target=lambda: found.extend(gaps_ms(stop)))
    if source is None:
        ticker.start()
        time.sleep(seconds)
    else:
        config = load_config([], overrides={"source": {"uri": source, "loop": True}})
        config = config.model_copy(update={"sinks": [VmcSink()]})
        # The ticker starts with the first frame: loading models is not driving.
        session = make_session(config, listener=QuietListener(on_first=ticker.start))
        session.run(threading.Event(), seconds)
    stop.set()
    ticker.join()
    p50, p95, p99 = np.percentile(found, (50, 95, 99))
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "max": max(found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--source", default=str(demo_clip()))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = {
        "alone_ms": measured(min(5.0, args.seconds), None),
        "beside_the_loop_ms": measured(args.seconds, args.source),
        "goal_p99_ms": 3.0,
    }
    write_report("gil_gaps", result, args.json)


if __name__ == "__main__":
    main()
