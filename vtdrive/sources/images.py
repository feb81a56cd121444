"""One image, or a folder of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceError, SourceNotFound
from vtdrive.sources.base import Obtained
from vtdrive.sources.opencv import opencv
from vtdrive.sources.pace import Pace
from vtdrive.sources.uri import is_image_name, local_path
from vtdrive.types import F32, U8, VideoFrame

__all__ = ["Images"]

_DEFAULT_FPS = 30.0
_MAY_BE_CLEAR = (".png", ".webp", ".tif", ".tiff", ".avif", ".gif", ".jp2")
_BACKDROP = 128.0
"""What transparent parts show: mid-grey, which hides neither dark nor fair hair."""


class Images:
    """A folder's images in natural order at `fps` (30), or one image for ever.

    With `fast` each image comes once and `t_ns` is media time from 0. Grey, 16-bit and transparent
    images become 8-bit RGB; the rotation that a camera noted is applied.
    """

    def __init__(self, config: SourceConfig, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._config = config
        self._path = local_path(config.uri)
        self._rate = config.fps or _DEFAULT_FPS
        self._pace = Pace(clock, period_ns=round(1e9 / self._rate))
        self._cv2: Any = None
        self._files: list[Path] = []
        self._endless = False
        self._shown: tuple[Path, U8] | None = None
        self._seq = -1

    def open(self) -> Obtained:
        """Lists the images and decodes the first."""
        self._cv2 = opencv()
        if self._path.is_dir():
            self._files = sorted(filter(is_image_name, self._path.iterdir()), key=_natural)
            if not self._files:
                raise SourceNotFound(
                    f"{self._path} holds no images", "name a video file, or a folder of images"
                )
        elif self._path.is_file():
            self._files = [self._path]
        else:
            raise SourceNotFound(f"{self._path}: no such file", "check the name")
        alone = len(self._files) == 1 and not self._path.is_dir()
        self._endless = self._config.loop or (alone and not self._config.fast)
        height, width = self._image(self._files[0]).shape[:2]
        return Obtained(
            name=self._path.name or str(self._path),
            width=width,
            height=height,
            fps=self._rate,
            backend="opencv",
            lockstep=self._config.fast,
        )

    def read(self) -> VideoFrame:
        """The next image, when it is due; SourceError names one that cannot be read."""
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

    def _image(self, path: Path) -> U8:
        """The picture of `path`; the one read last is kept, since one image is shown again."""
        if self._shown is None or self._shown[0] != path:
            self._shown = (path, self._decoded(path))
        return self._shown[1]

    def _decoded(self, path: Path) -> U8:
        cv2 = self._cv2
        try:
            # Not imread, which cannot open names beyond ASCII on Windows.
            data = np.fromfile(path, np.uint8)
        except OSError as fault:
            raise SourceError(f"cannot read {path}: {fault.strerror}", "check the file") from fault
        if data.size == 0:
            raise SourceError(f"{path} is empty", "copy it again, or remove it")
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if bgr is None:
            raise SourceError(
                f"{path} is no image that can be decoded", "save it as JPEG or PNG, or remove it"
            )
        image: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        if path.suffix.lower() in _MAY_BE_CLEAR:
            alpha = _alpha(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
            # That reading leaves out the rotation, so it fits only where none was noted.
            if alpha is not None and alpha.shape == image.shape[:2]:
                image = _over_backdrop(image, alpha)
        image.setflags(write=False)
        return image


def _alpha(whole: Any) -> F32 | None:
    """(H, W) opacity in [0, 1] of a picture as decoded, or None where it has none."""
    if whole is None or whole.ndim != 3 or whole.shape[2] != 4:
        return None
    full = np.iinfo(whole.dtype).max if whole.dtype.kind == "u" else 1.0
    return np.asarray(whole[..., 3] / full, np.float32)


def _over_backdrop(image: U8, alpha: F32) -> U8:
    """`image` (H, W, 3) laid over grey by `alpha` (H, W)."""
    share = alpha[..., None]
    laid: U8 = np.rint(image * share + _BACKDROP * (1.0 - share)).astype(np.uint8)
    return laid


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts `2.png` before `10.png`."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path.name
