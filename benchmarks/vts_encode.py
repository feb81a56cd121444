"""What a frame for VTube Studio costs, and how long it takes to arrive at a stand-in for it.

    python -m benchmarks.vts_encode [--frames 3000] [--seconds 10] [--json OUT]

`encode_us` is from a frame of the engine to the text of its request: 79 values with weights.
`arrive_ms` is from `send`, 60 times a second, until the stand-in, a thread of this process, has
read and checked the request: so both ends count. The exit code is that of the goal: p50 of
`encode_us`.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from avatar_frames import FULL
from fake_vts import FakeVts
from vts_stage import face_frame

from benchmarks._report import write_report
from vtdrive.config.sinks import VtsSink
from vtdrive.sinks.face_out import FaceTap
from vtdrive.sinks.vts import VtsOutput
from vtdrive.sinks.vts_token import TokenStore
from vtdrive.types import AvatarFrame, Pose, frozen
from vtdrive.wire.vts_inject import InjectTemplate
from vtdrive.wire.vts_params import ARKIT, DEFAULT_INPUTS, EMOTION_INPUTS, FaceInputs

GOAL_US: Final = 150.0
PROFILE: Final = VtsSink().profile


def frames(count: int) -> list[AvatarFrame]:
    """Random faces whose JawOpen tells which one it is."""
    rng = np.random.default_rng(0)
    first = face_frame(PROFILE, emotion="happiness")
    jaw = FULL.names.index("jawOpen")
    made = []
    for seq in range(count):
        params = rng.random(len(FULL.params), np.float32)
        params[jaw] = (seq % 1000) / 1000
        rest = first.poses[PROFILE]
        pose = Pose(frozen(params), rest.bones_xyzw, rest.root_m)
        made.append(dataclasses.replace(first, seq=seq, poses={PROFILE: pose}))
    return made


def encode_us(count: int) -> list[float]:
    """Microseconds of each frame."""
    tap, inputs = FaceTap(PROFILE, FULL), FaceInputs()
    names = [*DEFAULT_INPUTS, *(n for n in ARKIT if n not in DEFAULT_INPUTS), *EMOTION_INPUTS]
    template = InjectTemplate(names, mode="set", rest=inputs.rest)
    took = []
    for frame in frames(count):
        start = time.perf_counter_ns()
        face = tap(frame)
        values = inputs.values(face.state, face.shapes)
        template.fill(values, weight=1.0, found=True, request_id=f"v{frame.seq}")
        took.append((time.perf_counter_ns() - start) / 1000)
    return took[count // 10 :]


def arrive_ms(seconds: float) -> tuple[list[float], float]:
    """Milliseconds of each frame that arrived, and the share of frames that did."""
    sent_s: dict[int, float] = {}
    with FakeVts() as vts, tempfile.TemporaryDirectory() as folder:
        sink = VtsOutput(VtsSink(port=vts.port), tokens=TokenStore(Path(folder)))
        sink.open(FULL)
        assert vts.wait(lambda: sink.stats.connected)
        for frame in frames(round(seconds * 60)):
            sent_s[frame.seq % 1000] = time.monotonic()
            if frame.seq % 1000 == 999:
                break  # the marks are used up
            sink.send(frame)
            time.sleep(1 / 60)
        sink.close()
    took: dict[int, float] = {}
    for one in vts.injections:
        mark = round(one.values["JawOpen"][0] * 1000)
        took.setdefault(mark, (one.t_s - sent_s[mark]) * 1000)
    return list(took.values()), len(took) / len(sent_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    encoding = encode_us(options.frames)
    arriving, share = arrive_ms(options.seconds)
    figures = {
        "encode_us": {f"p{p}": float(np.percentile(encoding, p)) for p in (50, 95, 99)},
        "arrive_ms": {f"p{p}": float(np.percentile(arriving, p)) for p in (50, 95, 99)},
        "arrived_share": share,
        "goal_encode_p50_us": GOAL_US,
    }
    write_report("vts_encode", figures, options.json)
    return 0 if float(np.percentile(encoding, 50)) <= GOAL_US else 1


if __name__ == "__main__":
    sys.exit(main())
