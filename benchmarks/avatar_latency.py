"""From a face on video to the picture of the avatar: latency, pace, CPU and memory.

    python -m benchmarks.avatar_latency CLIP [--avatar NAME] [--seconds S] [--json OUT.json]

The real session: the clip at its own pace (30 fps) as a camera gives it, tracking, emotion, and
the process that paints. `painted_ms` is from the moment a frame was there to the moment when the
first picture that shows its face was ready (both by the machine's one monotonic clock); faces that
were never painted, because a newer one came, are counted. Memory is read once a second; a run's
statistics fill a window of 36,000 frames by 6 MB in its first twenty minutes, and then no more.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from array import array
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from benchmarks._report import write_report
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.schema import Config, SourceConfig
from vtdrive.config.sinks import WindowSink
from vtdrive.core.calibrate import NeutralPose
from vtdrive.render.stage.make import REAL
from vtdrive.render.stage.messages import Makers
from vtdrive.render.stage.output import Picture
from vtdrive.runtime.build import make_session
from vtdrive.sink_stats import SinkStats
from vtdrive.sinks.picture import PictureOutput
from vtdrive.types import AvatarFrame

WARM_S: Final = 5.0


class Notes:
    """An output that shows nothing and notes when each picture was ready."""

    name = "notes"

    def __init__(self, table: WindowSink) -> None:
        self.stats = SinkStats()
        self.stats.connected = True
        self._path = Path(table.title)
        # Numbers in a row, since lists of them would grow by more than what is measured.
        self._rows = array("q")

    def open(self, width: int, height: int, fps: float) -> None:
        self._rows = array("q")

    def show(self, picture: Picture) -> None:
        self._rows.extend((picture.t_ns, picture.painted_ns))

    def close(self) -> None:
        np.save(self._path, np.array(self._rows, np.int64).reshape(-1, 2))


class Silent:
    """A listener that says nothing."""

    def on_open(self, obtained: object) -> None: ...

    def on_frame(self, frame: AvatarFrame) -> None: ...

    def on_neutral(self, neutral: NeutralPose) -> None: ...

    def on_event(self, sentence: str) -> None: ...


class Memory(threading.Thread):
    """Resident megabytes of this process and its children, once a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.rows: list[tuple[float, float, float]] = []
        self.over = threading.Event()
        self._me = psutil.Process()

    def run(self) -> None:
        begun = time.monotonic()
        while not self.over.wait(1.0):
            children = 0.0
            for child in self._me.children(recursive=True):
                try:
                    children += child.memory_info().rss
                except psutil.Error:
                    continue
            mine = self._me.memory_info().rss
            self.rows.append((time.monotonic() - begun, mine / 2**20, children / 2**20))

    def growth_mb(self) -> float:
        """From the median of the second minute (or the second quarter) to that of the last."""
        total = np.array([a + b for _, a, b in self.rows])
        piece = min(60, len(total) // 4)
        if not piece:
            return 0.0
        return float(np.median(total[-piece:]) - np.median(total[piece : 2 * piece]))


def measured(clip: Path, avatar: str, seconds: float) -> dict[str, Any]:
    """One run."""
    look = AvatarConfig(name=avatar)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.npy"
        makers = Makers(REAL.drawer, Notes, REAL.check)  # type: ignore[arg-type]
        sink = PictureOutput(WindowSink(title=str(path)), look, makers=makers)
        config = Config(source=SourceConfig(uri=str(clip), loop=True), avatar=look)
        session = make_session(config, listener=Silent(), sinks=[sink])
        memory = Memory()
        memory.start()
        times = psutil.Process().cpu_times()
        session.run(threading.Event(), max_seconds=seconds)
        after = psutil.Process().cpu_times()
        memory.over.set()
        memory.join()
        rows = np.load(path)
    spent = sum(
        getattr(after, kind) - getattr(times, kind)
        for kind in ("user", "system", "children_user", "children_system")
    )
    rows = rows[rows[:, 1] > rows[0, 1] + WARM_S * 1e9]
    _, first = np.unique(rows[:, 0], return_index=True)
    late_ms = (rows[first, 1] - rows[first, 0]) * 1e-6
    apart_ms = np.diff(rows[:, 1]) * 1e-6
    span_s = (rows[-1, 1] - rows[0, 1]) * 1e-9
    return {
        "avatar": avatar,
        "painted_ms": {f"p{q}": float(np.percentile(late_ms, q)) for q in (50, 95, 99)},
        "pictures_per_s": len(apart_ms) / span_s,
        "faces_painted_per_s": len(first) / span_s,
        "apart_ms": {f"p{q}": float(np.percentile(apart_ms, q)) for q in (1, 50, 99)},
        "frames": session.stats.frames,
        "skipped": session.stats.dropped,
        "cpu_share_of_a_core": spent / seconds,
        "memory_mb": {"run": memory.rows[-1][1], "painting": max(r[2] for r in memory.rows)},
        "memory_growth_mb": memory.growth_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--avatar", default="mimi")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    write_report("avatar_latency", measured(args.clip, args.avatar, args.seconds), args.json)


if __name__ == "__main__":
    main()
