"""How long a VMC frame takes: filling our template, against building it with python-osc each time.

    python -m benchmarks.vmc_encode --json OUT.json

Every timing is of one frame of all presets, the 52 shapes and four bones. `fill` is our encoder,
`fill_send` adds the datagrams' way into a loopback socket, `build` is python-osc making the same
bytes from scratch. The three take turns, so that a busy machine is busy for all. After a pause the
caches are cold, which on a shared machine costs more than the work itself. `after_a_step` is what a
run pays: the driver computes the frame, then it is filled and sent. `forms` are the other ways to
send, and `read` is the way back: a frame's datagrams to a measurement. The exit code is that of the
goal: p50 of `fill_send`, back to back and after a step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.driver_step import act
from vtdrive.config.inputs import VmcInput
from vtdrive.config.load import load_config
from vtdrive.config.sinks import OscSink, VmcSink
from vtdrive.core.driver import Driver
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.testing import make_emotion, make_track
from vtdrive.track_sources.vmc_in import VmcIn
from vtdrive.types import AvatarFrame, Param, Pose, Profile, RigSchema, Status, frozen
from vtdrive.vocab import SHAPES
from vtdrive.wire import osc
from vtdrive.wire.names import VRM0
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.vmc import VmcTemplate

GOAL_US = 80.0
SCHEMA = RigSchema(
    (
        *(Param(name, kind="preset") for name in VRM0),
        *(Param(name, kind="shape") for name in SHAPES),
    ),
    ("Neck", "Head", "LeftEye", "RightEye"),
)


def poses(count: int) -> list[Pose]:
    rng = np.random.default_rng(0)
    turns = rng.normal(size=(count, 4, 4))
    turns /= np.linalg.norm(turns, axis=-1, keepdims=True)
    return [
        Pose(frozen(rng.random(len(SCHEMA.params))), frozen(turn), frozen(rng.normal(size=3)))
        for turn in turns
    ]


def frame_with(pose: Pose, seq: int) -> AvatarFrame:
    rest = neutral_frame(SCHEMA, [Profile()], seq=seq, t_ns=seq * 16_666_667)
    return AvatarFrame(
        seq=seq,
        t_ns=rest.t_ns,
        status=Status.LIVE,
        poses={Profile(): pose},
        track=None,
        emotion=None,
        raw=rest.raw,
        state=rest.state,
    )


def rebuild(layout: list[list[osc.Message]], *, into: list[bytes]) -> None:
    """The same datagrams from the values, as a driver without templates would make them."""
    for group in layout:
        messages = [osc.encode(m.address, *m.args) for m in group]  # type: ignore[arg-type]
        into.append(osc.encode_bundle(messages))


def timed(work: Callable[[], object]) -> float:
    """Microseconds that `work` took."""
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1000


def measure(frames: int, *, pause_s: float) -> dict[str, list[float]]:
    """Microseconds per stage, one stage for each awakening, in turns."""
    template = VmcTemplate(SCHEMA)
    took: dict[str, list[float]] = {"fill": [], "fill_send": [], "build": []}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        sink = VmcOutput(VmcSink(port=receiver.getsockname()[1]))
        sink.open(SCHEMA)
        for seq, pose in enumerate(poses(frames)):
            fill = partial(template.fill, pose, t_s=seq / 60, status=Status.LIVE)
            stage = ("fill", "fill_send", "build")[seq % 3]
            if stage == "fill":
                took[stage].append(timed(fill))
            elif stage == "fill_send":
                took[stage].append(timed(partial(sink.send, frame_with(pose, seq))))
                # Read outside the timing: a reader thread would fight for the interpreter lock.
                for _ in range(sink.stats.packets // sink.stats.frames):
                    receiver.recv(2048)
            else:
                datagrams = [bytes(d) for d in fill()]
                layout = [list(osc.decode(d)) for d in datagrams]
                built: list[bytes] = []
                took[stage].append(timed(partial(rebuild, layout, into=built)))
                assert built == datagrams
            if pause_s:
                time.sleep(pause_s)
        sink.close()
    assert sink.stats.dropped == 0
    return took


FORMS: dict[str, VmcSink | OscSink] = {
    "performer": VmcSink(),
    "both_spellings": VmcSink(names="both"),
    "one_message_per_datagram": VmcSink(bundle="off"),
    "assistant": VmcSink(role="assistant"),
    "osc": OscSink(),
    "osc_ints": OscSink(type="i", scale=255),
    "osc_text": OscSink(type="s"),
    "osc_changes": OscSink(type="i", scale=255, send="changes"),
    "osc_head_and_emotion": OscSink(only=("head", "gaze", "emotion", "status")),
}


def measure_forms(frames: int) -> dict[str, list[float]]:
    """Microseconds of `send` for each form, back to back, frame by frame in turns."""
    took: dict[str, list[float]] = {name: [] for name in FORMS}
    with ExitStack() as stack:
        receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        sinks = {}
        for name, config in FORMS.items():
            port = receiver.getsockname()[1]
            sinks[name] = make_sink(config.model_copy(update={"port": port}))
            stack.callback(sinks[name].close)
            sinks[name].open(SCHEMA)
        for seq, pose in enumerate(poses(frames)):
            frame = frame_with(pose, seq)
            for name, sink in sinks.items():
                took[name].append(timed(partial(sink.send, frame)))
                emptied(receiver)
    return took


def emptied(receiver: socket.socket) -> None:
    with suppress(BlockingIOError):
        while True:
            receiver.recv(2048)


def measure_after_step(frames: int) -> dict[str, list[float]]:
    """Microseconds of `send` right after the driver's step that made the frame."""
    took: list[float] = []
    profile = Profile()
    driver = Driver(load_config([]), [profile])
    emotion = make_emotion(0, happiness=0.6)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        sink = VmcOutput(VmcSink(port=receiver.getsockname()[1]))
        sink.open(driver.schema)
        for seq in range(frames):
            t_ns = seq * 16_666_667
            track = make_track(act(t_ns * 1e-9), t_ns, seq=seq)
            frame = driver.step(track, emotion, t_ns)
            took.append(timed(partial(sink.send, frame)))
            emptied(receiver)
        sink.close()
    return {"fill_send": took}


def read_all(heard: VmcIn, datagrams: list[bytes], t_ns: int) -> None:
    for datagram in datagrams:
        heard.decode(datagram, "app", t_ns)


def measure_read(frames: int) -> dict[str, list[float]]:
    """Microseconds from a frame's datagrams to what they tell, as an input reads them."""
    template, heard = VmcTemplate(SCHEMA), VmcIn(VmcInput())
    took: list[float] = []
    for seq, pose in enumerate(poses(frames)):
        filled = template.fill(pose, t_s=seq / 60, status=Status.LIVE)
        datagrams = [bytes(d) for d in filled]
        took.append(timed(partial(read_all, heard, datagrams, seq * 16_666_667)))
    return {"read": took}


def percentiles(took: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            # The first tenth warms up.
            f"p{share}": round(float(np.percentile(us[len(us) // 10 :], share)), 1)
            for share in (50, 95, 99)
        }
        for name, us in took.items()
    }


def summary(frames: int) -> dict[str, Any]:
    busy = percentiles(measure(frames, pause_s=0.0))
    idle = percentiles(measure(frames, pause_s=0.002))
    stepped = percentiles(measure_after_step(frames))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    datagrams = VmcTemplate(SCHEMA).datagrams
    return {
        "unit": "us per frame",
        "back_to_back": busy,
        "after_a_pause_of_2_ms": idle,
        "after_a_step": stepped,
        "forms": percentiles(measure_forms(frames // 3)),
        "read": percentiles(measure_read(frames // 3))["read"],
        "build_over_fill": round(busy["build"]["p50"] / busy["fill"]["p50"], 1),
        "goal_fill_send_p50_us": GOAL_US,
        "datagram_bytes": [len(d) for d in datagrams],
        "messages": sum(len(osc.decode(d)) for d in datagrams),
        "machine": {
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "load_1_min": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "python": platform.python_version(),
        },
        "git": commit.stdout.strip(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = summary(options.frames)
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    slowest = max(result[way]["fill_send"]["p50"] for way in ("back_to_back", "after_a_step"))
    return 0 if slowest <= GOAL_US else 1


if __name__ == "__main__":
    sys.exit(main())
