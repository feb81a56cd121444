"""A folder of PNG pictures with straight alpha, as editing programs read them."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from vtdrive.render.film.encoding import FilmSpec, place_of
from vtdrive.render.pictures import straight
from vtdrive.types import U8

__all__ = ["PngFolder"]

_OURS = re.compile(r"\d{6}\.png")


class PngFolder:
    """`NAME/000001.png` and so on. Each is whole as soon as it has its name."""

    def __init__(self, spec: FilmSpec) -> None:
        import cv2

        self._cv2: Any = cv2
        self._folder = place_of(spec.path)
        self._pictures = 0
        self.bytes_written = 0
        # From 0, fast and large, to 9.
        self._how = [cv2.IMWRITE_PNG_COMPRESSION, 3]
        if self._folder.exists() and not self._folder.is_dir():
            # `check_film` let it pass, so it may be replaced.
            self._folder.unlink()
        self._folder.mkdir(exist_ok=True)
        for old in self._folder.iterdir():
            if _OURS.fullmatch(old.name):
                old.unlink()

    def write(self, rgba: U8) -> None:
        """One more picture."""
        bgra = self._cv2.cvtColor(straight(rgba), self._cv2.COLOR_RGBA2BGRA)
        _, data = self._cv2.imencode(".png", bgra, self._how)
        part = self._folder / "unfinished.part"
        try:
            part.write_bytes(data.tobytes())
            part.replace(self._folder / f"{self._pictures + 1:06}.png")
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self._pictures += 1
        self.bytes_written += len(data)

    def finish(self) -> Path | None:
        """Nothing is held back."""
        if not self._pictures:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
            return None
        return self._folder

    def salvage(self) -> Path | None:
        """All pictures that were written are whole."""
        return self._folder if self._pictures else None
