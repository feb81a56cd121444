"""How long `Driver.step` takes, with one profile, with three, and with two live inputs.

    python -m benchmarks.driver_step --json OUT.json

A made face turns, looks, talks and blinks at 60 fps under the default config, with a new emotion
sample every sixth frame. The inputs are a phone that measures everything and an app for mouth and
brows, both anew at each tick. The drivers take turns frame by frame, so that a busy machine is busy
for all of them. Ticks come back to back: caches are as warm as they get, so a live tick costs
somewhat more.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from benchmarks._report import write_report
from vtdrive.config.inputs import VmcInput
from vtdrive.config.load import load_config
from vtdrive.core.driver import Driver
from vtdrive.spaces import quat_from_euler
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import Face, Incoming, Profile, frozen

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


def phone(t_ns: int) -> Incoming:
    """One measurement with everything in it."""
    t = t_ns * 1e-9
    look = (0.1 * math.sin(t), 0.05)
    return Incoming(
        t_ns=t_ns,
        found=True,
        shapes=frozen(np.full(52, 0.5 + 0.4 * math.sin(9 * t))),
        known=np.ones(52, bool),
        head_xyzw=frozen(quat_from_euler(yaw=0.2 * math.sin(t), pitch=0.0, roll=0.1)),
        head_m=frozen([0.02 * math.sin(t), 0.0, -0.4]),
        gaze_rad=frozen([look, look]),
    )


def measured(seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each step, by what there was to do."""
    config = load_config([])
    others = [VmcInput(port=40001), VmcInput(port=40002, channels=("mouth", "brows"))]
    mixing = config.model_copy(update={"inputs": others})
    drivers = {
        "1_profile": Driver(config, PROFILES[:1]),
        "3_profiles": Driver(config, PROFILES),
        "1_profile_2_inputs": Driver(mixing, PROFILES[:1]),
    }
    taken: dict[str, list[float]] = {name: [] for name in drivers}
    emotion = make_emotion(0)
    for i, t in enumerate(ticks(seconds, fps=FPS)):
        track = make_track(act(t * 1e-9), t, seq=i)
        if i % 6 == 0:
            emotion = make_emotion(t, happiness=0.5 + 0.4 * math.sin(t * 1e-9))
        heard = (phone(t), phone(t))
        for name, driver in drivers.items():
            inputs = heard if name.endswith("inputs") else ()
            start = time.perf_counter_ns()
            driver.step(track, emotion, t, inputs=inputs)
            taken[name].append((time.perf_counter_ns() - start) * 1e-6)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0, help="of performance, not of time")
    parser.add_argument("--json", type=Path, help="write the figures here")
    wanted = parser.parse_args()
    taken = measured(wanted.seconds)
    warm = {name: times[FPS:] for name, times in taken.items()}
    figures = {
        f"step_ms_{name}": {f"p{q}": float(np.percentile(times, q)) for q in (50, 95, 99)}
        for name, times in warm.items()
    }
    write_report("driver_step", figures | {"ticks": len(warm["1_profile"])}, wanted.json)


if __name__ == "__main__":
    main()
