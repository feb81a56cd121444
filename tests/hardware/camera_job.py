"""Inside the guest: our virtual camera on a real v4l2loopback, read by programs not ours.

    python camera_job.py RESULTS.json

Judges nothing: `test_v4l2loopback.py` does.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np
import pyvirtualcam

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.errors import SinkError
from vtdrive.render.stage.output import Picture
from vtdrive.render.stage.virtualcam import VirtualCam

SIZE: Final = (640, 360)
FPS: Final = 15.0
PAINTED_HZ: Final = 9.0
DEVICE: Final = "/dev/video10"
MODULES: Final = Path("/guest/modules")
LOOPBACK: Final = "devices=1 video_nr=10 card_label=vtdrive"


def picture(seq: int, size: tuple[int, int] = SIZE) -> Picture:
    """Quarters: nothing, red, blue half transparent, and a grey that tells `seq`."""
    width, height = size
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[: height // 2, width // 2 :] = (220, 30, 40, 255)
    rgba[height // 2 :, : width // 2] = (0, 0, 128, 128)
    rgba[height // 2 :, width // 2 :] = (*[20 + seq % 200] * 3, 255)
    rgba.setflags(write=False)
    now_ns = SYSTEM_CLOCK.now_ns()
    return Picture(rgba, seq, now_ns, now_ns)


@contextmanager
def fed(size: tuple[int, int] = SIZE, fps: float = FPS, **table: Any) -> Iterator[VirtualCam]:
    """A camera that is shown new pictures by a painter who keeps another beat."""
    cam, stop = VirtualCam(VirtualCamSink(**table)), threading.Event()

    def paint() -> None:
        seq = 0
        while not stop.wait(1.0 / PAINTED_HZ):
            cam.show(picture(seq, size))
            seq += 1

    painter = threading.Thread(target=paint)
    try:
        cam.open(size[0], size[1], fps)
        cam.show(picture(0, size))
        painter.start()
        yield cam
    finally:
        stop.set()
        if painter.is_alive():
            painter.join()
        cam.close()


def refused(size: tuple[int, int] = SIZE, **table: Any) -> dict[str, str]:
    """What opening says that should not work."""
    cam = VirtualCam(VirtualCamSink(**table))
    try:
        cam.open(size[0], size[1], FPS)
    except SinkError as fault:
        return {"type": type(fault).__name__, "what": fault.what, "remedy": fault.remedy}
    finally:
        cam.close()
    return {"type": "", "what": f"was opened: {cam.name}", "remedy": ""}


def by_v4l2_ctl(count: int) -> dict[str, Any]:
    """Format and rate, as v4l2-ctl sees them; the times are the kernel's, of each write."""
    form = shell(f"v4l2-ctl -d {DEVICE} --get-fmt-video")
    told = shell(f"v4l2-ctl -d {DEVICE} --stream-mmap --stream-count={count} --verbose")
    times = [float(t) for t in re.findall(r"\bts: (\d+\.\d+)", told)]
    sizes = {int(n) for n in re.findall(r"bytesused: (\d+)", told)}
    gaps_ms = np.diff(times) * 1000.0
    found: dict[str, Any] = {
        "width_height": re.findall(r"Width/Height\s*: (\S+)", form),
        "pixel_format": re.findall(r"Pixel Format\s*: '(\w+)'", form),
        "bytes": sorted(sizes),
        "pictures": len(times),
    }
    if len(gaps_ms):
        found["rate_hz"] = len(gaps_ms) / (times[-1] - times[0])
        shares = {"p5": 5, "p50": 50, "p95": 95, "max": 100}
        off_ms = [((t - times[0]) * FPS + 0.5) % 1 - 0.5 for t in times]
        found["off_the_beat_ms"] = round(float(np.std(off_ms)) * 1000 / FPS, 2)
        found["gap_ms"] = {k: round(float(np.percentile(gaps_ms, q)), 2) for k, q in shares.items()}
    else:
        print(form, told)
    return found


def by_opencv(count: int) -> dict[str, Any]:
    """Size, colours of the quarters and the pictures' numbers, as OpenCV reads them."""
    reader = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
    try:
        if not reader.isOpened():
            return {"opened": False}
        frames = [frame for ok, frame in (reader.read() for _ in range(count)) if ok]
    finally:
        reader.release()
    if not frames:
        return {"opened": True, "frames": 0}
    height, width = frames[-1].shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    quarters = {
        name: frames[-1][rows[y], columns[x], ::-1].tolist()
        for name, y, x in (("none", 0, 0), ("red", 0, 1), ("half", 1, 0))
    }
    seqs = [round(float(f[rows[1], columns[1]].mean())) - 20 for f in frames]
    return {"opened": True, "frames": len(frames), "size": [width, height], "rgb": quarters,
            "seqs": seqs}  # fmt: skip


def shell(command: str) -> str:
    done = subprocess.run(
        command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return done.stdout


def load(options: str) -> None:
    """The loopback module, and all that it depends on, anew."""
    shell("rmmod v4l2loopback")
    for name in (MODULES / "job.order").read_text().split():
        if name == "vivid.ko":
            name += " n_devs=1 vid_cap_nr=20 node_types=0x1"
        elif name == "v4l2loopback.ko":
            name += f" {options}"
        print(name, shell(f"insmod {MODULES}/{name}"))


def in_another_process(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` returns there."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w") as out:
            json.dump(work(), out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        answer = told.read()
    os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(answer) if answer else {"what": "it died"}
    return found


@contextmanager
def another_feeds(**table: Any) -> Iterator[int]:
    """Another process that has the camera; its id."""
    child = os.fork()
    if child == 0:
        with fed(**table):
            time.sleep(60)
        os._exit(0)
    try:
        end = time.monotonic() + 20
        while not loopback_streams() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def loopback_streams() -> bool:
    return Path("/sys/class/video4linux/video10/format").read_text().strip() != ""


@contextmanager
def somebody_looks() -> Iterator[None]:
    """A program that keeps the camera streaming, as a video call does."""
    program = subprocess.Popen(
        ["v4l2-ctl", "-d", DEVICE, "--stream-mmap"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1.0)
        yield
    finally:
        program.terminate()
        program.wait()


def plain_use() -> dict[str, Any]:
    found: dict[str, Any] = {}
    with fed() as cam:
        found["name"], found["note"] = cam.name, cam.stats.note
        found["v4l2_ctl"] = by_v4l2_ctl(61)
        found["opencv"] = by_opencv(12)
        found["second_here"] = refused(device=DEVICE)
        found["second_there"] = in_another_process(refused)
        before = cam.stats.frames
        time.sleep(1.0)  # nobody looks
        found["frames_while_nobody_looks"] = cam.stats.frames - before
        found["opencv_again"] = by_opencv(5)
    return found


def sizes_and_formats() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pixel_format in ("BGR", "I420", "NV12", "YUYV", "UYVY"):
        with fed(pixel_format=pixel_format):
            found[pixel_format] = by_opencv(3)
    with fed((1280, 720), fps=5.0):
        found["720p"] = by_v4l2_ctl(6)
    found["RGBA"] = refused(pixel_format="RGBA")
    return found


def restarts() -> dict[str, Any]:
    """The camera is taken up again: after a clean end, after a kill, while somebody looks."""
    found: dict[str, Any] = {}
    with fed():
        found["first"] = by_opencv(2)
    with fed():
        found["second"] = by_opencv(2)
    with another_feeds() as child:
        found["while_it_lives"] = refused()
        os.kill(child, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
    with fed():
        found["after_a_kill"] = by_opencv(2)
        with somebody_looks():
            pass
    with fed() as cam, somebody_looks():
        cam.close()
        found["other_size_while_held"] = refused(size=(320, 240))
        cam.open(*SIZE, FPS)
        cam.show(picture(1))
        time.sleep(0.5)
        found["same_size_while_held"] = {"frames": cam.stats.frames, "name": cam.name}
    found["other_size_later"] = refused(size=(320, 240))
    return found


def by_the_library_alone() -> str:
    """What pyvirtualcam says when it opens the camera and sends one picture."""
    try:
        with pyvirtualcam.Camera(*SIZE, FPS, device=DEVICE) as camera:
            camera.send(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    except RuntimeError as fault:
        return str(fault)
    return "opened"


def main() -> None:
    cv2.setNumThreads(1)
    found: dict[str, Any] = {"no_module": refused()}
    load(f"{LOOPBACK} exclusive_caps=1")
    # The second time shows that the trap is real; that all else works, that we come out of it.
    found["library_alone"] = [by_the_library_alone() for _ in range(2)]
    found["driver"] = re.findall(r"Driver \w+\s*: (.+)", shell(f"v4l2-ctl -d {DEVICE} --info"))
    found["plain"] = plain_use()
    found["missing_device"] = refused(device="/dev/video33")
    found["webcam"] = refused(device="/dev/video20")
    found["formats"] = sizes_and_formats()
    found["restarts"] = restarts()
    load(f"{LOOPBACK} exclusive_caps=0")
    with another_feeds():
        found["shared"] = {"second_there": refused()}
    with fed():
        found["shared"]["opencv"] = by_opencv(3)
    found["shared"]["restarts"] = restarts()
    Path(sys.argv[1]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
