"""How long a picture of each bundled avatar takes, at 1280 x 720 and 1920 x 1080, on one core.

    python -m benchmarks.avatar_paint [NAME …] [--json OUT.json]

A made face turns, looks, talks, blinks, leaves and feels one thing after another, so that every
parameter moves; its states are made by the driver before the clock starts. The avatars and sizes
take turns second by second, so that a busy machine is busy for all of them. `step` is the motion
alone (face to parameters), `picture` the whole of `Drawer.draw`. Exits 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks._report import write_report
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.load import load_config
from vtdrive.core.driver import Driver
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import BUNDLED, avatar_folder
from vtdrive.render.motion import Motion
from vtdrive.render.rig import load_rig
from vtdrive.testing import make_face, make_track, ticks
from vtdrive.types import EmotionState, Face, FaceState, frozen
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX, UNSUPPORTED_SHAPES

FPS: Final = 30
WARM_S: Final = 1
EACH_FEELING_S: Final = 3.0
LEAVES_EVERY_S: Final = 13.0
SIZES: Final = ((1280, 720), (1920, 1080))
LIMITS_MS: Final = {(1280, 720): 8.0, (1920, 1080): 20.0}
"""The most that the median picture may take."""
STEP_LIMIT_MS: Final = 0.4


def act(t: float) -> Face:
    """One moment of a face at which nothing keeps still."""
    shut = 1.0 if t % 2.3 < 0.15 else 0.0
    look = (14 * math.sin(1.3 * t), 8 * math.cos(1.7 * t))

    def wave(hz: float, most: float) -> float:
        return most * (0.5 + 0.5 * math.sin(math.tau * hz * t))

    return make_face(
        yaw_deg=20 * math.sin(1.1 * t),
        pitch_deg=10 * math.cos(0.8 * t),
        roll_deg=12 * math.sin(0.7 * t),
        at_m=(0.08 * math.sin(0.5 * t), 0.05 * math.cos(0.9 * t), -0.6 + 0.06 * math.sin(0.4 * t)),
        gaze_deg=(look, look),
        shut=(shut, shut if t % 4.6 < 2.3 else 0.0),
        shapes={
            "jawOpen": wave(3.1, 0.7),
            "mouthSmile": wave(0.23, 0.8),
            "mouthFrown": wave(0.19, 0.4),
            "mouthPucker": wave(0.9, 0.6),
            "mouthStretch": wave(0.7, 0.5),
            "mouthLeft": wave(0.31, 0.4),
            "mouthPress": wave(0.27, 0.4),
            "mouthUpperUp": wave(0.37, 0.5),
            "browInnerUp": wave(0.41, 0.8),
            "browOuterUp": wave(0.29, 0.8),
            "browDown": wave(0.17, 0.6),
            "eyeSquint": wave(0.33, 0.5),
            "eyeWide": wave(0.21, 0.5),
            "cheekSquint": wave(0.13, 0.5),
            "noseSneer": wave(0.11, 0.5),
        },
    )


def felt(t: float) -> EmotionState:
    """One strong expression after another, eased as the driver would. Set here, since no such face
    as above would be believed every feeling."""
    at, within = divmod(t / EACH_FEELING_S, 1.0)
    shown = 1 + int(at) % (len(EMOTIONS) - 1)
    weights = np.zeros(len(EMOTIONS), np.float32)
    weights[shown] = 0.8 * min(1.0, 6 * within, 6 * (1 - within))
    return EmotionState(frozen(weights), frozen(weights), shown, shown)


def performed(seconds: float) -> list[tuple[int, FaceState]]:
    """Times, and what the driver makes of the face there."""
    driver = Driver(load_config([]))
    states = []
    for i, t_ns in enumerate(ticks(seconds, fps=FPS)):
        t = t_ns * 1e-9
        seen = None if t % LEAVES_EVERY_S > LEAVES_EVERY_S - 2 else act(t)
        state = driver.step(make_track(seen, t_ns, seq=i), None, t_ns).state
        shapes = state.shapes.copy()
        for name in UNSUPPORTED_SHAPES:  # no camera shows them, other inputs do
            shapes[SHAPE_INDEX[name]] = 0.5 + 0.5 * math.sin(t)
        states.append((t_ns, replace(state, shapes=frozen(shapes), emotion=felt(t))))
    return states


class Subject:
    """One avatar at one size, and how long its pictures took."""

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        self.name, self.size = name, size
        self.motion = Motion(load_rig(avatar_folder(name)).avatar)
        self.drawer = Drawer(AvatarConfig(name=name), size=size)
        self.drawer.open()
        self.step_ms: list[float] = []
        self.picture_ms: list[float] = []
        self._moved = [math.inf] * len(self.motion.names), [-math.inf] * len(self.motion.names)

    def play(self, states: list[tuple[int, FaceState]]) -> None:
        lows, highs = self._moved
        for t_ns, state in states:
            start = time.perf_counter_ns()
            params = self.motion.step(state, t_ns)
            stepped = time.perf_counter_ns()
            self.drawer.draw(state, t_ns)
            self.picture_ms.append((time.perf_counter_ns() - stepped) * 1e-6)
            self.step_ms.append((stepped - start) * 1e-6)
            for i, value in enumerate(params.tolist()):
                lows[i], highs[i] = min(lows[i], value), max(highs[i], value)

    def still(self) -> list[str]:
        """Parameters that have not moved."""
        lows, highs = self._moved
        pairs = zip(self.motion.names, lows, highs, strict=True)
        return [name for name, low, high in pairs if high - low < 1e-3]


def one_core() -> None:
    """Keep this process, with all its threads, on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def measured(names: Sequence[str], seconds: float) -> list[Subject]:
    """Each avatar at each size, after `seconds` of performance."""
    states = performed(seconds)
    subjects = [Subject(name, size) for name in names for size in SIZES]
    for first in range(0, len(states), FPS):
        for subject in subjects:
            subject.play(states[first : first + FPS])
    for subject in subjects:
        subject.drawer.close()
    return subjects


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="avatars; all bundled ones where none is given")
    parser.add_argument("--seconds", type=float, default=42.0, help="of performance, not of time")
    parser.add_argument("--json", type=Path, help="write the figures here")
    wanted = parser.parse_args()
    one_core()
    names = wanted.names or BUNDLED
    subjects = measured(names, wanted.seconds)
    figures: dict[str, object] = {}
    broken: list[str] = []

    def note(key: str, times: list[float], limit: float) -> None:
        warm = times[WARM_S * FPS :]
        p50, p95 = (float(np.percentile(warm, q)) for q in (50, 95))
        figures[key] = {"p50": p50, "p95": p95, "limit": limit, "ratio": p50 / limit}
        if p50 > limit:
            broken.append(key)

    for subject in subjects:
        width, height = subject.size
        note(f"picture_ms_{subject.name}_{width}x{height}", subject.picture_ms,
             LIMITS_MS[subject.size])  # fmt: skip
    for name in names:
        mine = [s for s in subjects if s.name == name]
        note(f"step_ms_{name}", [t for s in mine for t in s.step_ms[WARM_S * FPS :]], STEP_LIMIT_MS)
        figures[f"unmoved_{name}"] = ", ".join(mine[0].still()) or "none"
    figures["pictures_each"] = len(subjects[0].picture_ms) - WARM_S * FPS
    write_report("avatar_paint", figures, wanted.json)
    if broken:
        print(f"over the limit: {', '.join(broken)}")
    return bool(broken)


if __name__ == "__main__":
    raise SystemExit(main())
