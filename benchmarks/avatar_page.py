"""What the avatar's page costs: encoding, bytes, and what arrives at one client here.

    python -m benchmarks.avatar_page [NAME …] [--json OUT.json]

Real pictures of each avatar, 1280 x 720, drawn before the clock starts. `stacked` is what the page
gets (colour above alpha, only the part that shows anything), `flat` a picture of the MJPEG feed.
Then the server shows them thirty times a second to one client in a process of its own, which
answers each at once, as the page does when it has drawn it: `arrived_ms` is from a picture that is
ready to its message having arrived there, so it holds the encoding too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks._report import write_report
from benchmarks.avatar_paint import EACH_FEELING_S, FPS, performed
from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks import PageSink
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import BUNDLED
from vtdrive.render.stage.output import Picture
from vtdrive.render.stage.page import Page, page_token_path
from vtdrive.render.stage.page_picture import HEAD, flat_jpeg, stacked
from vtdrive.types import U8

SIZE: Final = (1280, 720)
WARM: Final = 15
GREEN: Final = (0, 255, 0)


def pictures(name: str, count: int) -> list[U8]:
    """`count` pictures of one performance with several feelings, a third of a second apart."""
    drawer = Drawer(AvatarConfig(name=name), size=SIZE)
    drawer.open()
    kept: list[U8] = []
    for i, (t_ns, state) in enumerate(performed(max(count / 3, 2 * EACH_FEELING_S))):
        drawn = drawer.draw(state, t_ns)
        if i % (FPS // 3) == 0 and len(kept) < count:
            kept.append(drawn.copy())  # the drawer paints over it
    drawer.close()
    return kept


def encoded(shown: list[U8], work: Callable[[U8, int], bytes]) -> dict[str, float]:
    """Milliseconds and kB of one encoding."""
    took, sizes = [], []
    for seq, rgba in enumerate([*shown[:WARM], *shown]):
        start = time.perf_counter_ns()
        data = work(rgba, seq)
        took.append((time.perf_counter_ns() - start) * 1e-6)
        sizes.append(len(data) / 1e3)
    p50, p95 = np.percentile(took[WARM:], (50, 95))
    return {"p50_ms": float(p50), "p95_ms": float(p95), "kB": float(np.mean(sizes[WARM:]))}


def watch(address: str, told: Connection) -> None:
    """A client: answers every picture, and at the end tells which arrived when."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    arrived: list[tuple[int, int]] = []
    with connect(address, proxy=None, max_size=None) as link:
        told.send("there")
        try:
            while True:
                message = link.recv()
                now_ns = SYSTEM_CLOCK.now_ns()
                if len(message) > HEAD.size and isinstance(message, bytes):
                    arrived.append((int(HEAD.unpack(message[: HEAD.size])[-1]), now_ns))
                    link.send("k")
        except ConnectionClosed:
            told.send(arrived)


def delivered(shown: list[U8], port: int, seconds: float) -> dict[str, float]:
    """Pictures a second that arrive, and how late."""
    page = Page(PageSink(port=port, fps=0))
    page.open(*SIZE, float(FPS))
    address = f"ws://127.0.0.1:{port}/stream?token={page_token_path().read_text('utf-8').strip()}"
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    client = multiprocessing.get_context("spawn").Process(target=watch, args=(address, theirs))
    client.start()
    ours.recv()
    ready: list[int] = []
    start = SYSTEM_CLOCK.now_ns()
    cpu = time.process_time()
    for seq in range(round(seconds * FPS)):
        SYSTEM_CLOCK.sleep_until(start + seq * 1_000_000_000 // FPS)
        ready.append(SYSTEM_CLOCK.now_ns())
        page.show(Picture(shown[seq % len(shown)], seq, ready[-1], ready[-1]))
    lasted_s = (SYSTEM_CLOCK.now_ns() - start) * 1e-9
    cpu = time.process_time() - cpu
    time.sleep(0.2)
    page.close()
    arrived: list[tuple[int, int]] = ours.recv()
    client.join()
    late = [(at - ready[seq]) * 1e-6 for seq, at in arrived[WARM:]]
    p50, p95 = np.percentile(late, (50, 95))
    return {
        "fps": len(arrived) / lasted_s,
        "arrived_ms_p50": float(p50),
        "arrived_ms_p95": float(p95),
        "cpu_share": cpu / lasted_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="avatars; all bundled ones where none is given")
    parser.add_argument("--pictures", type=int, default=60, help="of each avatar")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each delivery")
    parser.add_argument("--quality", type=int, default=PageSink().quality)
    parser.add_argument("--port", type=int, default=8779)
    parser.add_argument("--json", type=Path, help="write the figures here")
    wanted = parser.parse_args()
    quality = wanted.quality
    figures: dict[str, Any] = {"size": f"{SIZE[0]}x{SIZE[1]}", "quality": quality}
    for name in wanted.names or BUNDLED:
        shown = pictures(name, wanted.pictures)
        figures[f"{name}_stacked"] = encoded(shown, lambda p, seq: stacked(p, seq, quality=quality))
        figures[f"{name}_flat"] = encoded(shown, lambda p, _: flat_jpeg(p, GREEN, quality=quality))
        figures[f"{name}_delivered"] = delivered(shown, wanted.port, wanted.seconds)
    write_report("avatar_page", figures, wanted.json)


if __name__ == "__main__":
    main()
