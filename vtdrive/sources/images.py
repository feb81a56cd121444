"""One image, or a folder of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceError, SourceNotFound
from vtdrive.sources.base import Obtained
from vtdrive.sources.pace import Pace
from vtdrive.sources.picture import read_picture
from vtdrive.sources.uri import is_image_name, local_path
from vtdrive.types import U8, VideoFrame

__all__ = ["Images", "images_in"]

_DEFAULT_FPS = 30.0


def images_in(folder: Path) -> list[Path]:
    """The images of a folder, not of those in it, in natural order.

    Raises SourceNotFound where it holds none, or may not be looked into.
    """
    try:
        files = sorted(filter(is_image_name, folder.iterdir()), key=_natural)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise SourceNotFound(f"cannot look into {folder}: {reason}", "check the folder") from fault
    if not files:
        raise SourceNotFound(
            f"{folder} holds no images", "name a video file, or a folder of images"
        )
    return files


class Images:
    """A folder's images in natural order at `fps` (30), or one image for ever.

    With `fast` each image comes once and `t_ns` is media time from 0. Images become 8-bit RGB as
    `read_picture` does it. One of a folder that cannot be read is told of, once, and left out; its
    turn passes without a frame.
    """

    def __init__(
        self,
        config: SourceConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`tell` hears, in the reader's thread, a sentence about each image left out."""
        self._config = config
        self._path = local_path(config.uri)
        self._rate = config.fps or _DEFAULT_FPS
        self._pace = Pace(clock, period_ns=round(1e9 / self._rate))
        self._tell = tell
        self._files: list[Path] = []
        self._broken: set[Path] = set()
        self._endless = False
        self._shown: tuple[Path, U8] | None = None
        self._seq = -1

    def open(self) -> Obtained:
        """Lists the images and decodes the first that can be."""
        if self._path.is_dir():
            self._files = images_in(self._path)
        elif self._path.is_file():
            self._files = [self._path]
        else:
            raise SourceNotFound(f"{self._path}: no such file", "check the name")
        alone = len(self._files) == 1 and not self._path.is_dir()
        self._endless = self._config.loop or (alone and not self._config.fast)
        first = next(seen for path in self._files if (seen := self._image(path)) is not None)
        height, width = first.shape[:2]
        return Obtained(
            name=self._path.name or str(self._path),
            width=width,
            height=height,
            fps=self._rate,
            backend="opencv",
            lockstep=self._config.fast,
        )

    def read(self) -> VideoFrame:
        """The next image, when it is due; SourceError where none of them can be read any more."""
        image = None
        while image is None:
            self._seq += 1
            while not self._config.fast and self._pace.skip(self._due_ns()):
                self._seq += 1
            if self._seq >= len(self._files) and not self._endless:
                raise EndOfStream(f"{self._path.name} is over after {len(self._files)} images")
            image = self._image(self._files[self._seq % len(self._files)])
        t_ns = self._due_ns() if self._config.fast else self._pace.wait(self._due_ns())
        return VideoFrame(self._seq, t_ns, image)

    def close(self) -> None:
        """Forgets the images."""
        self._shown = None

    def _due_ns(self) -> int:
        return round(self._seq * 1e9 / self._rate)

    def _image(self, path: Path) -> U8 | None:
        """The picture of `path`, or None for one of a folder that cannot be read.

        Raises SourceError where no other is left. The one read last is kept, since one image is
        shown again and again.
        """
        if path in self._broken:
            return None
        if self._shown is None or self._shown[0] != path:
            try:
                self._shown = (path, read_picture(path))
            except SourceError as fault:
                self._broken.add(path)
                if len(self._broken) == len(self._files):
                    raise
                self._tell(f"{fault.what}; it is left out")
                return None
        return self._shown[1]


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts `2.png` before `10.png`."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path.name
