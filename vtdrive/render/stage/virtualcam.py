"""The avatar as a webcam, by pyvirtualcam."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.errors import SinkError
from vtdrive.render.stage.camera_formats import converter
from vtdrive.render.stage.camera_open import opened
from vtdrive.render.stage.output import Picture
from vtdrive.render.stage.pace import Pace
from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8

__all__ = ["VirtualCam"]

_CLOSING_S: Final = 1.5


class VirtualCam:
    """Sends the newest picture at an even rate, whatever the rate of the pictures is.

    A thread of its own does; `show` only leaves the picture and raises what went wrong meanwhile.
    The camera is fed whether or not a program looks at it, which cannot be told.
    """

    def __init__(self, table: VirtualCamSink, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.name = f"virtualcam {table.device}".strip()
        self.stats = SinkStats()
        self._table = table
        self._clock = clock
        self._newest: Picture | None = None
        self._fault: SinkError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, width: int, height: int, fps: float) -> None:
        rate_hz = self._table.fps or fps
        wanted = self._table.pixel_format
        pixel_format = "RGB" if wanted == "auto" else wanted
        camera, held = opened(self._table, pixel_format, (width, height), rate_hz)
        self.name = f"virtualcam {camera.device}"
        self.stats.note = f"{camera.device}, {width}x{height} at {rate_hz:g} fps, {pixel_format}"
        self._newest, self._fault = None, None
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(camera, held, rate_hz, converter(pixel_format), self._stop),
            name="virtualcam",
            daemon=True,
        )
        self._thread.start()

    def show(self, picture: Picture) -> None:
        if self._fault is not None:
            raise self._fault
        self._newest = picture

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_CLOSING_S)
            self._thread = None

    def _run(
        self,
        camera: Any,
        held: int | None,
        rate_hz: float,
        convert: Callable[[U8], U8],
        stop: threading.Event,
    ) -> None:
        """Owns the camera, so that nobody closes it under a picture that is being sent."""
        try:
            self._send(camera, rate_hz, convert, stop)
        except Exception as fault:  # whatever a driver says: it is for the user
            self._fault = SinkError(
                f"{camera.device} takes no more pictures: {fault}",
                "it is opened again by itself; if that does not help, restart the program that"
                " provides the camera",
            )
        finally:
            camera.close()
            if held is not None:
                os.close(held)

    def _send(
        self, camera: Any, rate_hz: float, convert: Callable[[U8], U8], stop: threading.Event
    ) -> None:
        pace = Pace(start_ns=self._clock.now_ns(), rate_hz=rate_hz)
        shown: Picture | None = None
        frame: U8 | None = None
        while True:
            self._clock.sleep_until(pace.due_ns)
            if stop.is_set():
                return
            newest = self._newest
            if newest is not None and newest is not shown:
                shown, frame = newest, convert(newest.rgba)
            if frame is not None:
                camera.send(frame)
                self.stats.frames += 1
                self.stats.bytes_sent += frame.nbytes
            pace.step(self._clock.now_ns())
