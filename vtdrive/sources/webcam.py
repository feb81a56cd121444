"""A camera of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceLost, SourceNotFound, UsageError
from vtdrive.sources.base import Obtained
from vtdrive.sources.diagnose import camera_fault, listed, unknown_camera
from vtdrive.sources.enumerate import (
    BACKENDS,
    CameraInfo,
    backends_of,
    find_camera,
    list_cameras,
)
from vtdrive.sources.opencv import fourcc_name, opencv
from vtdrive.types import VideoFrame

__all__ = ["WebcamDevice"]

_BEST_FPS = 60.0
"""Asked for where the config says 0: drivers go to the nearest rate they have."""
_FAILS_MAX = 5
"""Grabs in a row that may fail: one bad USB packet is no loss."""


class WebcamDevice:
    """A camera by number, device path or (part of a) name. Runs inside `Pumped`.

    All calls must come from one thread. `read` blocks for as long as the driver does. The format is
    negotiated at `open`; `Obtained` tells what the driver says it delivers, and its notes what was
    refused.
    """

    def __init__(
        self,
        config: SourceConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        platform: str = sys.platform,
        capture: Callable[[int, int], Any] | None = None,
        cameras: Callable[[str], list[CameraInfo]] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._platform = platform
        self._capture = capture
        self._cameras = cameras or (lambda backend: list_cameras(backend, platform=platform))
        self._cv2: Any = None
        self._cap: Any = None
        self._bgr: Any = None
        self._first: VideoFrame | None = None
        self._seq = 0
        self._stamp_after_retrieve = False

    def open(self) -> Obtained:
        """Opens the first backend that gives a picture; SourceNotFound says why none did."""
        self._cv2 = opencv()
        capture = self._capture or self._cv2.VideoCapture
        index = 0
        for backend, camera in self._candidates():
            index = camera.index
            # DirectShow's grab returns at once and its retrieve waits for the frame; everywhere
            # else it is the grab that waits.
            self._stamp_after_retrieve = backend == "dshow"
            self._cap = capture(index, BACKENDS[backend])
            if self._cap.isOpened():
                self._negotiate(backend)
                self._first = self._attempt()
                if self._first is not None:
                    return self._obtained(camera, backend, self._first)
            self._cap.release()
            self._cap = None
        raise camera_fault(index, self._cameras("auto"), platform=self._platform)

    def read(self) -> VideoFrame:
        """The next frame; SourceLost after several failed grabs."""
        frame, self._first = self._first, None
        for _ in range(_FAILS_MAX):
            frame = frame or self._attempt()
            if frame is not None:
                return frame
            self._clock.sleep_until(self._clock.now_ns() + 20_000_000)
        raise SourceLost(
            "the camera went away", "plug it in again; it is used again as soon as it answers"
        )

    def close(self) -> None:
        """Releases the device."""
        if self._cap is not None:
            self._cap.release()
            self._cap = None

    def _backends(self) -> tuple[str, ...]:
        usable = backends_of(self._platform)
        if self._config.backend == "auto":
            return usable
        if self._config.backend not in usable:
            raise UsageError(
                f"source.backend '{self._config.backend}' does not exist on this system",
                f"use one of: auto, {', '.join(usable)}",
            )
        return (self._config.backend,)

    def _candidates(self) -> Iterator[tuple[str, CameraInfo]]:
        """Each backend with the camera as that backend numbers it."""
        wanted = self._config.uri
        if wanted.startswith("/dev/"):
            wanted = str(Path(wanted).resolve()).removeprefix("/dev/video")
        backends = self._backends()
        if wanted.isdecimal():
            for backend in backends:
                names = {camera.index: camera for camera in self._cameras(backend)}
                nameless = CameraInfo(int(wanted), "", backend)
                yield backend, names.get(int(wanted), nameless)
            return
        hits = [(backend, find_camera(self._cameras(backend), wanted)) for backend in backends]
        if not any(fits for _, fits in hits):
            raise unknown_camera(wanted, self._cameras(self._config.backend))
        for backend, fits in hits:
            if len(fits) > 1:
                raise SourceNotFound(
                    f"'{wanted}' may mean several cameras",
                    f"say more of the name, or a number: {listed(fits)}",
                )
            yield from ((backend, camera) for camera in fits)

    def _negotiate(self, backend: str) -> None:
        """Asks for rate, format and size.

        The rate comes first: DirectShow sets the camera up afresh for it and forgets the format,
        which it takes over only together with the size that follows.
        """
        cv2, config, cap = self._cv2, self._config, self._cap
        cap.set(cv2.CAP_PROP_FPS, config.fps or _BEST_FPS)
        # The other one too: what a camera falls back to by itself may be none that OpenCV reads.
        for fourcc in ("YUYV", "MJPG") if config.pixel_format == "YUYV" else ("MJPG", "YUYV"):
            # DirectShow calls the same layout YUY2.
            name = "YUY2" if backend == "dshow" and fourcc == "YUYV" else fourcc
            cap.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter_fourcc(*name)))
            cap.set(cv2.CAP_PROP_FRAME_WIDTH, config.width)
            cap.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height)
            if fourcc_name(cap.get(cv2.CAP_PROP_FOURCC)) == name:
                break
        # One buffer for the driver to fill while the other is decoded. With a single one many
        # cameras drop every second frame; the reader thread never lets more than that pile up.
        cap.set(cv2.CAP_PROP_BUFFERSIZE, 2)

    def _attempt(self) -> VideoFrame | None:
        """One grab: the frame, or None where the driver had none."""
        if not self._cap.grab():
            return None
        t_ns = self._clock.now_ns()
        ok, self._bgr = self._cap.retrieve(self._bgr)
        if self._stamp_after_retrieve:
            t_ns = self._clock.now_ns()
        bgr = self._picture() if ok and self._bgr is not None else None
        if bgr is None:
            return None
        image = self._cv2.cvtColor(bgr, self._cv2.COLOR_BGR2RGB)
        image.setflags(write=False)
        frame = VideoFrame(self._seq, t_ns, image)
        self._seq += 1
        return frame

    def _picture(self) -> Any:
        """The retrieved picture as (H, W, 3), or None where it came in a form that nobody reads.

        From V4L2 devices that have only BGR3, as some virtual cameras do, OpenCV gives one long row
        of bytes.
        """
        bgr, cv2 = self._bgr, self._cv2
        if bgr.ndim == 3 and bgr.shape[2] == 3 and bgr.size:
            return bgr
        width, height = (
            int(self._cap.get(side))
            for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        packed = fourcc_name(self._cap.get(cv2.CAP_PROP_FOURCC)) == "BGR3"
        fits = bgr.size == 3 * width * height > 0
        return bgr.reshape(height, width, 3) if packed and fits else None

    def _obtained(self, camera: CameraInfo, backend: str, first: VideoFrame) -> Obtained:
        height, width = first.image.shape[:2]
        fps = max(0.0, float(self._cap.get(self._cv2.CAP_PROP_FPS)))
        fourcc = fourcc_name(self._cap.get(self._cv2.CAP_PROP_FOURCC))
        return Obtained(
            name=f"camera {camera.index}" + (f" ({camera.name})" if camera.name else ""),
            width=width,
            height=height,
            fps=fps,
            pixel_format=fourcc,
            backend=backend,
            live=True,
            notes=tuple(_unmet(self._config, width=width, height=height, fps=fps, fourcc=fourcc)),
        )


def _unmet(
    config: SourceConfig, *, width: int, height: int, fps: float, fourcc: str
) -> Iterator[str]:
    """A sentence for each wish that the camera did not grant."""
    if (width, height) != (config.width, config.height):
        yield f"asked for {config.width}x{config.height}, the camera gives {width}x{height}"
    if 0 < fps < 0.9 * config.fps:
        yield f"asked for {config.fps:g} fps, the camera gives {fps:g}"
    uncompressed = fourcc in ("YUYV", "YUY2")
    if config.pixel_format == "MJPG" and fourcc not in ("MJPG", ""):
        yield f"asked for MJPG, the camera gives {fourcc}"
    if config.pixel_format == "YUYV" and fourcc and not uncompressed:
        yield f"asked for YUYV, the camera gives {fourcc}"
    if uncompressed and width * height > 640 * 480:
        yield (
            f"{width}x{height} comes uncompressed (no MJPG), which is slow over USB:"
            " ask for a smaller picture if the rate is low"
        )
