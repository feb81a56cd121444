"""How long `Driver.step` takes, with one profile and with three.

    python -m benchmarks.driver_step --json OUT.json

A made face turns, looks, talks and blinks at 60 fps under the default config, with a new emotion
sample every sixth frame. The drivers take turns frame by frame, so that a busy machine is busy for
both. Ticks come back to back: caches are as warm as they get, so a live tick costs somewhat more.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from benchmarks._report import write_report
from vtdrive.config.load import load_config
from vtdrive.core.driver import Driver
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import Face, Profile

FPS = 60
PROFILES = (Profile(), Profile("shapes", mirror=True), Profile("presets"))


def act(t: float) -> Face:
    """One moment of a lively face."""
    shut = 1.0 if t % 2.0 < 0.12 else 0.0
    look = (9 * math.sin(1.3 * t), 4 * math.cos(t))
    return make_face(
        yaw_deg=12 * math.sin(t),
        pitch_deg=5 * math.cos(0.8 * t),
        gaze_deg=(look, look),
        shut=(shut, shut),
        shapes={
            "jawOpen": 0.3 + 0.2 * math.sin(25 * t),
            "mouthSmile": 0.3,
            "browInnerUp": 0.3 + 0.2 * math.sin(2 * t),
        },
    )


def measured(seconds: float) -> dict[int, list[float]]:
    """Milliseconds of each step, by number of profiles."""
    config = load_config([])
    drivers = {n: Driver(config, PROFILES[:n]) for n in (1, 3)}
    taken: dict[int, list[float]] = {n: [] for n in drivers}
    emotion = make_emotion(0)
    for i, t in enumerate(ticks(seconds, fps=FPS)):
        track = make_track(act(t * 1e-9), t, seq=i)
        if i % 6 == 0:
            emotion = make_emotion(t, happiness=0.5 + 0.4 * math.sin(t * 1e-9))
        for n, driver in drivers.items():
            start = time.perf_counter_ns()
            driver.step(track, emotion, t)
            taken[n].append((time.perf_counter_ns() - start) * 1e-6)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0, help="of performance, not of time")
    parser.add_argument("--json", type=Path, help="write the figures here")
    wanted = parser.parse_args()
    taken = measured(wanted.seconds)
    warm = {n: times[FPS:] for n, times in taken.items()}
    figures = {
        f"step_ms_{n}_profiles" if n > 1 else "step_ms_1_profile": {
            f"p{q}": float(np.percentile(times, q)) for q in (50, 95, 99)
        }
        for n, times in warm.items()
    }
    write_report("driver_step", figures | {"ticks": len(warm[1])}, wanted.json)


if __name__ == "__main__":
    main()
