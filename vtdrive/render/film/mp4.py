"""MP4: H.264, which plays everywhere, without transparency."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vtdrive.render.film.aside import Aside
from vtdrive.render.film.container import ContainerFilm
from vtdrive.render.pictures import flattened
from vtdrive.types import U8

__all__ = ["KEY_GREEN", "Mp4"]

KEY_GREEN: Final = (0, 255, 0)


class Mp4(ContainerFilm):
    """Written in fragments, which play as far as they go, then copied into the form that browsers
    show while it still loads. Transparent parts are green, for a chroma key."""

    container = "mp4"
    codec = "libx264"
    pixels = "yuv420p"

    def _picture(self, rgba: U8) -> Any:
        return self._av.VideoFrame.from_ndarray(flattened(rgba, KEY_GREEN), format="rgb24")

    def _options(self) -> Mapping[str, str]:
        return {
            "preset": "veryfast",
            # 0 is lossless, 51 the worst.
            "crf": f"{51 - 0.4 * self._spec.quality:.1f}",
            # With it the bytes of a process' first film differed from those of its second.
            "mbtree": "0",
        }

    def _container_options(self) -> Mapping[str, str]:
        flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        return {**super()._container_options(), **flags}

    def _placed(self) -> Path:
        self._file.close()
        try:
            whole = Aside(self._spec.path)
        except OSError:
            return super()._placed()
        try:
            self._copy_to(whole)
        except (OSError, self._av.error.FFmpegError):
            # No room for a second file: the fragments play as well, only slower to seek in.
            whole.drop()
            return super()._placed()
        self._file.drop()
        self._file = whole
        return super()._placed()

    def _copy_to(self, whole: Aside) -> None:
        options = {**super()._container_options(), "movflags": "faststart"}
        with contextlib.ExitStack() as stack:
            parts = stack.enter_context(self._av.open(str(self._file.path)))
            # By name: the front of the file is made room for by reading it again.
            out = stack.enter_context(
                self._av.open(str(whole.path), "w", format="mp4", options=options)
            )
            out.metadata.update(parts.metadata)
            stream = out.add_stream_from_template(parts.streams.video[0])
            for packet in parts.demux():
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        whole.size = whole.path.stat().st_size
