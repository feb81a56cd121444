"""What films in one file share: a stream of pictures in a container, written aside."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vtdrive.render.film.aside import Aside
from vtdrive.render.film.encoding import FilmSpec
from vtdrive.types import U8

__all__ = ["ContainerFilm"]

_THREADS: Final = 2
"""Always: the bytes of a film depend on it. More would starve what runs beside."""
_BT709: Final = 1
_VIDEO_RANGE: Final = 1


class ContainerFilm(ABC):
    """A film in one file, through PyAV.

    `codec` and its `pixels` receive pictures that `_picture` made of ours.
    """

    container = ""
    codec = ""
    pixels = ""
    coloured = True
    """Whether the pixels are YUV, whose kind has to be told."""
    plays_torn = True
    """Whether what fitted on a full disk can be played."""

    def __init__(self, spec: FilmSpec) -> None:
        import av

        self._av: Any = av
        self._spec = spec
        self._pictures = 0
        self._file = Aside(spec.path)
        self._open: Any = None
        try:
            self._begin()
        except BaseException:
            self._file.drop()
            raise

    @property
    def bytes_written(self) -> int:
        """So far."""
        return self._file.size

    def write(self, rgba: U8) -> None:
        """Encode one more picture."""
        frame = self._picture(rgba)
        if self.coloured:
            frame = frame.reformat(
                format=self.pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
            )
        frame.pts = self._pictures
        frame.time_base = 1 / self._spec.rate
        self._mux(frame)
        self._pictures += 1

    def finish(self) -> Path | None:
        """Write what the encoder holds back, and the end."""
        if not self._pictures:
            with contextlib.suppress(self._av.error.FFmpegError, OSError):
                self._close()
            self._file.drop()
            return None
        self._mux(None)
        self._close()
        return self._placed()

    def salvage(self) -> Path | None:
        """Leave what can be played; nothing where that is nothing."""
        if self._file.fault is None:
            # It was not the disk: all that was written can be brought to its end.
            with contextlib.suppress(self._av.error.FFmpegError, OSError):
                return self.finish()
        with contextlib.suppress(self._av.error.FFmpegError, OSError):
            self._close()
        self._file.close()
        if not (self._file.size and self.plays_torn):
            self._file.drop()
            return None
        try:
            return self._file.place(overwrite=self._spec.overwrite)
        except OSError:
            return self._file.path

    @abstractmethod
    def _picture(self, rgba: U8) -> Any:
        """An `av.VideoFrame` of a premultiplied picture."""

    @abstractmethod
    def _options(self) -> Mapping[str, str]:
        """Of the codec."""

    def _container_options(self) -> Mapping[str, str]:
        """Of the container; without random numbers and times in it, so that films repeat."""
        return {"fflags": "+bitexact"}

    def _placed(self) -> Path:
        """Move the file that is complete to its place."""
        return self._file.place(overwrite=self._spec.overwrite)

    def _begin(self) -> None:
        spec = self._spec
        self._open = self._av.open(
            self._file, "w", format=self.container, options=dict(self._container_options())
        )
        if spec.title:
            self._open.metadata["title"] = spec.title
        stream = self._open.add_stream(self.codec, rate=spec.rate)
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, self.pixels
        codec = stream.codec_context
        codec.thread_count = _THREADS
        codec.thread_type = "FRAME"
        codec.gop_size = max(1, round(2 * spec.fps))
        codec.options = dict(self._options())
        if self.coloured:
            codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
            codec.color_range = _VIDEO_RANGE
        self._stream = stream

    def _mux(self, frame: Any) -> None:
        try:
            self._open.mux(self._stream.encode(frame))
        except self._av.error.FFmpegError as fault:
            raise self._os_error(fault) from fault
        if self._file.fault is not None:
            raise self._file.fault

    def _close(self) -> None:
        container, self._open = self._open, None
        if container is None:
            return
        try:
            container.close()
        except self._av.error.FFmpegError as fault:
            raise self._os_error(fault) from fault
        if self._file.fault is not None:
            raise self._file.fault

    def _os_error(self, fault: Exception) -> OSError:
        """What the system said where it was the file; else what the encoder did."""
        return self._file.fault or OSError(f"the encoder failed: {fault}")
