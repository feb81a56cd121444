"""What sending a frame costs with every kind of sink at once, each with a receiver that listens.

    python -m benchmarks.all_sinks [--seconds 30] [--json OUT]

A made face, driven as in a run, goes out at 60 fps right after each step to VMC, OSC, iFacialMocap,
OpenSeeFace, Live Link, opentrack, VRChat (all 88 shapes), VTube Studio, its phone, OBS, a WebSocket
client, JSON lines, and MQTT where mosquitto is installed. Receivers live in another process.
`inline` is what the thread that moves the avatar pays, `send_us` what each sink takes (JSON lines
in a thread of its own); `cpu_ms_per_frame` is what the whole process uses, steps and the threads of
connections included; beside it that with VMC alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks._report import write_report
from benchmarks.driver_step import act
from vtdrive.config.load import load_config
from vtdrive.config.urls import parse_sink_url
from vtdrive.core.driver import Driver
from vtdrive.runtime.outlets import Outlet, Outlets
from vtdrive.sinks.base import Sink
from vtdrive.sinks.make import make_sink
from vtdrive.testing import make_emotion, make_track
from vtdrive.types import AvatarFrame
from vtdrive.wire.unified import BASE_SHAPES

SUPPORT = Path(__file__).parents[1] / "tests" / "support"
FPS = 60
GOAL_P99_MS = 1.0


def receivers(ports: Connection, phone: int) -> None:
    """Everything that listens; tells its ports, ends when told to."""
    sys.path.insert(0, str(SUPPORT))
    from fake_obs import FakeObs
    from fake_vrchat import FakeVrchat
    from fake_vts import FakeVts

    from vtdrive.wire.vtsphone import encode_request

    with FakeVts() as vts, FakeObs() as obs, ExitStack() as stack:
        vrchat = FakeVrchat()
        stack.callback(vrchat.close)
        vrchat.wear("avtr_bench", {f"FT/v2/{name}": "f" for name in BASE_SHAPES})
        told: dict[str, int] = {"vts": vts.port, "obs": obs.port, "vrchat_page": vrchat.http_port}
        told["vrchat"] = vrchat.osc_port
        for kind in ("vmc", "osc", "ifacialmocap", "openseeface", "livelink", "opentrack"):
            link = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            link.bind(("127.0.0.1", 0))
            told[kind] = link.getsockname()[1]
        asker = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        asker.bind(("127.0.0.1", 0))
        ask = encode_request(seconds=10, port=asker.getsockname()[1], sent_by="benchmark")
        ports.send(told)
        while not ports.poll(2.0):
            asker.sendto(ask, ("127.0.0.1", phone))


def watch(ports: Connection, port: int) -> None:
    """A WebSocket client that reads what comes."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    while not ports.poll(0.2):
        try:
            with connect(f"ws://127.0.0.1:{port}/") as link:
                while not ports.poll(0):
                    link.recv(timeout=1)
        except (OSError, TimeoutError, WebSocketException):
            continue


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def child(work: Callable[..., None], *args: Any) -> Iterator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(theirs, *args))
    process.start()
    try:
        yield ours
    finally:
        ours.send("end")
        process.join(10)
        process.kill()


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Mosquitto on a port of its own; 0 where it is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        yield 0
        return
    port = free_port(socket.SOCK_STREAM)
    conf = folder / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with subprocess.Popen([program, "-c", str(conf)], stderr=subprocess.DEVNULL) as process:
        yield port
        process.terminate()


def measure(sinks: list[Sink], seconds: float) -> dict[str, Any]:
    driver = Driver(load_config([]), [sink.profile for sink in sinks])
    took = {sink.name.split()[0]: timed(sink) for sink in sinks}
    outlets = [Outlet(sink, driver.schema, lambda _: None) for sink in sinks]
    process = psutil.Process()
    together: list[float] = []
    sizes: list[float] = []
    ticks = round(seconds * FPS)
    # As the session has it.
    sys.setswitchinterval(0.0005)
    with Outlets(outlets, driver.schema, print) as out:
        until = time.monotonic() + 15
        while time.monotonic() < until and not all(map(_reached, sinks)):
            out.send(stepped(driver, time.monotonic_ns()), time.monotonic_ns())
            time.sleep(0.05)
        for values in took.values():
            values.clear()
        start, cpu = time.monotonic(), time.process_time()
        for tick in range(ticks):
            time.sleep(max(0.0, start + tick / FPS - time.monotonic()))
            frame = stepped(driver, time.monotonic_ns())
            before = time.perf_counter()
            out.send(frame, time.monotonic_ns())
            together.append((time.perf_counter() - before) * 1e3)
            if tick % FPS == 0:
                sizes.append(process.memory_info().rss / 1e6)
        cpu = time.process_time() - cpu
        late = {s.name: s.stats.last_error for s in sinks if s.stats.last_error or not _reached(s)}
    warm = ticks // 5
    third = len(sizes) // 3
    return {
        "send_us": {
            name: _percentiles(values[len(values) // 5 :], 1e3) for name, values in took.items()
        },
        "inline_together_ms": _percentiles(together[warm:], 1.0),
        "cpu_ms_per_frame": cpu / ticks * 1e3,
        "memory_grew_mb": float(np.median(sizes[-third:]) - np.median(sizes[third : 2 * third])),
        "not_reached": late,
    }


def stepped(driver: Driver, t_ns: int) -> AvatarFrame:
    """The next frame of a lively face."""
    return driver.step(make_track(act(t_ns * 1e-9), t_ns), make_emotion(t_ns, happiness=0.6), t_ns)


def timed(sink: Sink) -> list[float]:
    """Milliseconds of each `send` to come."""
    found: list[float] = []
    send = sink.send

    def send_timed(frame: AvatarFrame) -> None:
        before = time.perf_counter()
        send(frame)
        found.append((time.perf_counter() - before) * 1e3)

    sink.send = send_timed  # type: ignore[method-assign]
    return found


def _reached(sink: Sink) -> bool:
    return sink.stats.connected is not False


def _percentiles(values: list[float], scale: float) -> dict[str, float]:
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": float(p50) * scale, "p99": float(p99) * scale}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    phone, web = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        there = stack.enter_context(child(receivers, phone))
        ports = there.recv()
        stack.enter_context(child(watch, web))
        mqtt = stack.enter_context(broker(folder))
        here = "127.0.0.1"
        urls = [f"{kind}://{here}:{ports[kind]}" for kind in (
            "vmc", "osc", "ifacialmocap", "openseeface", "livelink", "opentrack", "vts", "obs",
        )]  # fmt: skip
        page = f"{here}:{ports['vrchat_page']}"
        urls += [f"vrchat://{here}:{ports['vrchat']}?oscquery={page}", f"vtsphone://{here}:{phone}"]
        urls += [f"ws://{here}:{web}", f"jsonl:{folder / 'out.jsonl'}"]
        urls += [f"mqtt://{here}:{mqtt}"] if mqtt else []
        bare = measure([make_sink(parse_sink_url(f"vmc://{here}:{ports['vmc']}"))], 10.0)
        figures = measure([make_sink(parse_sink_url(url)) for url in urls], args.seconds)
    figures["cpu_ms_per_frame_of_vmc_alone"] = bare["cpu_ms_per_frame"]
    write_report("all_sinks", figures, args.json)
    return 0 if figures["inline_together_ms"]["p99"] <= GOAL_P99_MS else 1


if __name__ == "__main__":
    sys.exit(main())
