"""The program as a user runs it: CPU, memory and start at 30 fps, losses at 60 fps.

    python -m benchmarks.run_at_rates CLIP [--json OUT]

Starts `vtdrive run --quiet` in a process of its own, with a receiver on loopback. CPU is that of
the whole process from its start to its end, memory the largest resident size seen.
"""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks._report import write_report

_SECONDS = 60.0


@dataclass
class Seen:
    """What was seen of one run from outside."""

    first_packet_s: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_mb: float = 0.0
    said: str = ""

    def count(self, what: str) -> int:
        """The number before a word of the closing line: `frames`, `skipped`."""
        found = re.search(rf"(\d+) {what}", self.said)
        return int(found[1]) if found else -1


def watched(clip: Path, fps: int, seconds: float) -> Seen:
    """One run of `clip` at `fps`."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(60)
    start, seen = time.monotonic(), Seen()

    def first_packet() -> None:
        receiver.recv(2048)
        seen.first_packet_s = time.monotonic() - start

    waiting = threading.Thread(target=first_packet)
    waiting.start()
    sink = f"vmc://127.0.0.1:{receiver.getsockname()[1]}"
    words = ["run", "--source", str(clip), "--sink", sink, "--fps", str(fps), "--quiet", "--loop"]
    process = psutil.Popen(
        [sys.executable, "-m", "vtdrive", *words, "--max-seconds", str(seconds)],
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None:
        try:
            times = process.cpu_times()
            seen.cpu_s = times.user + times.system
            seen.rss_mb = max(seen.rss_mb, process.memory_info().rss / 2**20)
        except psutil.Error:
            break
        time.sleep(0.2)
    seen.said = str(process.communicate()[1])
    seen.wall_s = time.monotonic() - start
    waiting.join(1)
    receiver.close()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    at30 = watched(args.clip, 30, args.seconds)
    at60 = watched(args.clip, 60, args.seconds / 2)
    figures = {
        "first_packet_s": at30.first_packet_s,
        "cpu_share": at30.cpu_s / at30.wall_s,
        "rss_mb": at30.rss_mb,
        "frames_at_30_fps": at30.count("frames"),
        "dropped_at_30_fps": at30.count("skipped"),
        "cpu_share_at_60_fps": at60.cpu_s / at60.wall_s,
        "frames_at_60_fps": at60.count("frames"),
        "dropped_at_60_fps": at60.count("skipped"),
    }
    write_report("run_at_rates", figures, args.json)


if __name__ == "__main__":
    main()
