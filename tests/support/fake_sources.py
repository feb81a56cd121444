"""Clocks, sources and cameras whose behaviour a test chooses."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np

from vtdrive.errors import SourceLost
from vtdrive.sources.base import Obtained, Source
from vtdrive.types import VideoFrame

__all__ = ["FakeCapture", "FakeClock", "ScriptedSource", "read_on", "write_video"]


class FakeClock:
    """Stands still until somebody sleeps or a test moves it."""

    def __init__(self, now_ns: int = 5_000_000_000) -> None:
        self.t_ns = now_ns
        self.slept_ns: list[int] = []

    def now_ns(self) -> int:
        return self.t_ns

    def sleep_until(self, t_ns: int) -> None:
        self.slept_ns.append(max(0, t_ns - self.t_ns))
        self.t_ns = max(self.t_ns, t_ns)


class ScriptedSource:
    """Delivers `frames` frames, then raises `fault`, or blocks where that is None."""

    def __init__(
        self,
        frames: int,
        fault: Exception | None = None,
        *,
        refuse: Exception | None = None,
        hang_at_open: bool = False,
        live: bool = True,
        fps: float = 30.0,
    ) -> None:
        self.obtained = Obtained("scripted", 4, 2, fps, live=live)
        self.frames = frames
        self.fault = fault
        self.refuse = refuse
        self.hang_at_open = hang_at_open
        self.release = threading.Event()
        """Lets a blocked call go."""
        self.calls: list[str] = []
        self.threads: set[int] = set()
        self._seq = 0

    def open(self) -> Obtained:
        self._note("open")
        if self.hang_at_open:
            self.release.wait(10)
        if self.refuse is not None:
            raise self.refuse
        return self.obtained

    def read(self) -> VideoFrame:
        self._note("read")
        if self._seq < self.frames:
            self._seq += 1
            image = np.full((2, 4, 3), self._seq, np.uint8)
            return VideoFrame(self._seq - 1, self._seq, image)
        if self.fault is not None:
            raise self.fault
        self.release.wait(10)
        raise SourceLost("released")

    def close(self) -> None:
        self._note("close")

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.threads.add(threading.get_ident())


class FakeCapture:
    """A `cv2.VideoCapture` of a camera that has `formats`, and `size` or any size asked for."""

    def __init__(
        self,
        *,
        formats: Sequence[str] = ("MJPG", "YUYV"),
        size: tuple[int, int] | None = None,
        fps: float = 30.0,
        opens: bool = True,
        grabs: Sequence[bool] | None = None,
    ) -> None:
        self.formats = formats
        self.opens = opens
        self.grabs = list(grabs) if grabs is not None else None
        self.released = 0
        self.asked: list[tuple[str, float]] = []
        self.log: list[str] = []
        self._size = size
        self._fps = fps
        self._fourcc = formats[-1]
        self._width, self._height = size or (640, 480)

    def isOpened(self) -> bool:
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        if prop == cv2.CAP_PROP_FOURCC:
            name = int(value).to_bytes(4, "little").decode()
            self.asked.append(("fourcc", value))
            if name in self.formats:
                self._fourcc = name
        elif prop == cv2.CAP_PROP_FRAME_WIDTH:
            self.asked.append(("width", value))
            self._width = self._size[0] if self._size else int(value)
        elif prop == cv2.CAP_PROP_FRAME_HEIGHT:
            self.asked.append(("height", value))
            self._height = self._size[1] if self._size else int(value)
        elif prop == cv2.CAP_PROP_FPS:
            self.asked.append(("fps", value))
        return True

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_FOURCC:
            return float(cv2.VideoWriter.fourcc(*self._fourcc))
        sides = {cv2.CAP_PROP_FRAME_WIDTH: self._width, cv2.CAP_PROP_FRAME_HEIGHT: self._height}
        return self._fps if prop == cv2.CAP_PROP_FPS else float(sides.get(prop, 0))

    def grab(self) -> bool:
        self.log.append("grab")
        if self.grabs is None:
            return True
        return self.grabs.pop(0) if self.grabs else False

    def retrieve(self, image: Any = None) -> tuple[bool, Any]:
        self.log.append("retrieve")
        bgr = np.zeros((self._height, self._width, 3), np.uint8)
        bgr[..., 0] = 200
        return True, bgr

    def release(self) -> None:
        self.released += 1


def read_on(source: Source, into: list[VideoFrame] | None = None) -> NoReturn:
    """Reads, and collects, until `read` raises."""
    while True:
        frame = source.read()
        if into is not None:
            into.append(frame)


def write_video(path: Path, *, frames: int = 20, fps: float = 25.0) -> Path:
    """A 64x48 video whose frame i has red = 10 * i, green = 0 and blue = 200, lossily."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (64, 48))
    assert writer.isOpened()
    for i in range(frames):
        writer.write(np.full((48, 64, 3), (200, 0, 10 * i), np.uint8))
    writer.release()
    return path
