"""A video file."""

from __future__ import annotations

import math
from typing import Any

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceNotFound
from vtdrive.sources.base import Obtained
from vtdrive.sources.opencv import fourcc_name, opencv
from vtdrive.sources.pace import Pace
from vtdrive.sources.uri import local_path
from vtdrive.types import VideoFrame

__all__ = ["Video"]

_DEFAULT_FPS = 30.0


class Video:
    """A file, played in real time, at another rate (`fps`), or as fast as it is read (`fast`).

    In real time `t_ns` is the clock's when the frame was due, and frames are skipped where the
    reader came late: `seq` counts frames of the file, so its gaps show them. With `fast` no frame
    is skipped and `t_ns` is media time from 0. A file that breaks off plays as far as it decodes;
    the EndOfStream then says so.
    """

    def __init__(self, config: SourceConfig, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._config = config
        self._clock = clock
        self._path = local_path(config.uri)
        self._cv2: Any = None
        self._cap: Any = None
        self._bgr: Any = None
        self._pace: Pace | None = None
        self._period_ns = 0
        self._expected = 0
        self._pending = False
        self._media_ns = -1
        self._base_ns = 0
        self._in_pass = 0
        self._seq = -1

    @property
    def skipped(self) -> int:
        """Frames passed over to stay on time."""
        return self._pace.skipped if self._pace else 0

    def open(self) -> Obtained:
        """Opens the file and decodes its first frame."""
        self._cv2 = cv2 = opencv()
        if not self._path.is_file():
            raise SourceNotFound(f"{self._path}: no such file", "check the name")
        if self._path.stat().st_size == 0:
            raise SourceNotFound(f"{self._path} is empty", "copy or record it again")
        self._start()
        fps = float(self._cap.get(cv2.CAP_PROP_FPS))
        notes = []
        if not 1 <= fps <= 1000:
            fps = _DEFAULT_FPS
            notes.append(f"the file does not tell its frame rate; {fps:g} fps is assumed")
        rate = self._config.fps or fps
        self._period_ns = round(1e9 / rate)
        self._pace = Pace(self._clock, period_ns=self._period_ns)
        count = self._cap.get(cv2.CAP_PROP_FRAME_COUNT)
        self._expected = int(count) if 0 < count < 1e9 else 0
        self._pending = self._grab()
        if not self._pending or not self._retrieve():
            raise SourceNotFound(
                f"{self._path} holds no video that can be decoded",
                "check that it plays elsewhere, or convert it: ffmpeg -i IN -c:v libx264 OUT.mp4",
            )
        height, width = self._bgr.shape[:2]
        return Obtained(
            name=self._path.name,
            width=width,
            height=height,
            fps=rate,
            pixel_format=fourcc_name(self._cap.get(cv2.CAP_PROP_FOURCC)),
            backend="ffmpeg",
            lockstep=self._config.fast,
            notes=tuple(notes),
        )

    def read(self) -> VideoFrame:
        """The next frame, when it is due."""
        pace = self._pace
        assert pace is not None, "read before open"
        while True:
            decoded, self._pending = self._pending, False
            if not decoded and not self._grab():
                self._rewind()
            if not self._config.fast and pace.skip(self._media_ns):
                continue
            # A frame that cannot be converted, like one that cannot be decoded, is passed over.
            if decoded or self._retrieve():
                break
        t_ns = self._media_ns if self._config.fast else pace.wait(self._media_ns)
        image = self._cv2.cvtColor(self._bgr, self._cv2.COLOR_BGR2RGB)
        image.setflags(write=False)
        return VideoFrame(self._seq, t_ns, image)

    def close(self) -> None:
        """Closes the file."""
        if self._cap is not None:
            self._cap.release()
            self._cap = None

    def _start(self) -> None:
        self.close()
        cv2 = self._cv2
        # One decoding thread: 30 % less CPU than two, and fast enough (0.7 ms for 640x360 H.264).
        self._cap = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self._in_pass = 0

    def _grab(self) -> bool:
        """Decodes the next frame and finds its media time; False at the end of the file."""
        if not self._cap.grab():
            return False
        self._media_ns = self._time_of_next()
        self._in_pass += 1
        self._seq += 1
        return True

    def _time_of_next(self) -> int:
        if self._config.fps:
            return round((self._seq + 1) * 1e9 / self._config.fps)
        told_ms = float(self._cap.get(self._cv2.CAP_PROP_POS_MSEC))
        told_ns = round(told_ms * 1e6) if math.isfinite(told_ms) else 0
        if self._in_pass == 0:
            # Zero, or right after the last frame of the pass before.
            next_ns = self._media_ns + self._period_ns if self._media_ns >= 0 else 0
            self._base_ns = next_ns - told_ns
            return next_ns
        next_ns = self._base_ns + told_ns
        if next_ns <= self._media_ns:
            return self._media_ns + self._period_ns
        gap_ns = next_ns - self._media_ns
        longest_ns = round(self._config.stall_s * 1e9)
        if not self._config.fast and gap_ns > max(longest_ns, self._period_ns):
            # Nothing to see for that long, so do not wait for it either: a reader must not block.
            self._base_ns -= gap_ns - self._period_ns
            return self._media_ns + self._period_ns
        return next_ns

    def _retrieve(self) -> bool:
        ok, self._bgr = self._cap.retrieve(self._bgr)
        return bool(ok) and self._bgr is not None

    def _rewind(self) -> None:
        """Starts the next pass of a loop; raises EndOfStream where there is none."""
        played = self._in_pass
        if self._config.loop and played:
            self._start()
            if self._grab():
                return
        # Containers round their frame count, so only a clear lack counts as damage.
        if self._expected - played > max(2, self._expected // 50):
            raise EndOfStream(
                f"{self._path.name} breaks off after {played} of {self._expected} frames",
                "the file is damaged or incomplete: copy or record it again",
            )
        raise EndOfStream(f"{self._path.name} is over after {self._seq + 1} frames")
