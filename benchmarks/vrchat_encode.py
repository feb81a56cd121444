"""How long it takes to encode a face for a VRChat avatar, in microseconds.

    python -m benchmarks.vrchat_encode [--frames 3000] [--json OUT]

From a face to its datagrams, for avatars that declare the usual set as floats, the same as four
bits and a sign each, and every parameter that there is. `moving` changes all 52 shapes in each
frame, which no face does; `still` changes none. The exit code is that of the goal: p50 of the usual
set, moving.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks._report import write_report
from vtdrive.types import RigSchema, frozen
from vtdrive.vocab import SHAPES
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.unified import V2
from vtdrive.wire.unified_signals import signals
from vtdrive.wire.vrchat_avatar import DEFAULT_V2, Avatar, Declared, default_avatar
from vtdrive.wire.vrchat_params import ParamEncoder

GOAL_US: Final = 150.0
BITS: Final = ("1", "2", "4", "8", "Negative")


def avatars() -> dict[str, Avatar]:
    bits = [f"v2/{name}{bit}" for name in DEFAULT_V2 for bit in BITS]
    return {
        "usual": default_avatar(),
        "bits": Avatar("", tuple(Declared(n, f"/avatar/parameters/{n}", "bool") for n in bits)),
        "all": Avatar(
            "", tuple(Declared(f"v2/{n}", f"/avatar/parameters/v2/{n}", "float") for n in V2)
        ),
    }


def measure(avatar: Avatar, frames: int, *, moving: bool) -> dict[str, float]:
    rng = np.random.default_rng(0)
    state = neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state
    encoder = ParamEncoder(avatar)
    took: list[float] = []
    size = 0
    for _ in range(frames):
        shapes = frozen(rng.random(len(SHAPES)) if moving else np.zeros(len(SHAPES)))
        start = time.perf_counter_ns()
        datagrams = encoder.fill(signals(shapes, state, found=True), found=True)
        took.append((time.perf_counter_ns() - start) / 1000)
        size += sum(map(len, datagrams))
    # The first tenth warms up.
    p50, p99 = np.percentile(took[frames // 10 :], (50, 99)).tolist()
    return {"p50_us": round(p50, 1), "p99_us": round(p99, 1), "bytes": round(size / frames)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {
        f"{name}_{'moving' if moving else 'still'}": measure(avatar, options.frames, moving=moving)
        for name, avatar in avatars().items()
        for moving in (True, False)
    }
    write_report("vrchat_encode", figures | {"goal_p50_us": GOAL_US}, options.json)
    return 0 if figures["usual_moving"]["p50_us"] <= GOAL_US else 1


if __name__ == "__main__":
    sys.exit(main())
