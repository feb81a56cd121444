"""Which film a name means, and whether it can be made there."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, cast

from vtdrive.errors import MissingExtra, SinkError, SinkUnusable
from vtdrive.types import U8

__all__ = [
    "KINDS", "Encoder", "FilmSpec", "check_film", "film_path", "open_encoder", "write_error",
]  # fmt: skip

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {".mp4": "mp4:Mp4", ".webm": "webm:WebM", ".webp": "webp:WebP", ".png": "png:PngFolder"}
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """What a film shall be."""

    path: Path
    """As `film_path` gave it; its suffix says which kind."""
    width: int
    height: int
    fps: float
    quality: int = 80
    """1..100."""
    overwrite: bool = False
    title: str = ""

    @property
    def rate(self) -> Fraction:
        """`fps` as containers want it."""
        return Fraction(self.fps).limit_denominator(1001)


class Encoder(Protocol):
    """A film being made. Raises OSError (a full disk) from all but `salvage`."""

    bytes_written: int

    def write(self, rgba: U8) -> None:
        """One more picture: (height, width, 4), premultiplied. It is not kept."""

    def finish(self) -> Path | None:
        """The end; where the film lies. Without any picture there is none."""

    def salvage(self) -> Path | None:
        """The end after a fault: where a film lies that plays as far as it goes, if anywhere."""


def film_path(text: str, now: datetime) -> Path:
    """The path that `text` means: `{time}` is `now`. Raises SinkUnusable for unknown suffixes."""
    path = Path(text.replace("{time}", now.strftime("%Y%m%d-%H%M%S"))).expanduser()
    if path.suffix.lower() not in KINDS:
        raise SinkUnusable(
            f"file {text}: {path.suffix or 'a name without a suffix'} is no kind of film",
            "end the name in .mp4, .webm (transparent), .webp (animated, transparent) or .png"
            " (a folder of pictures)",
        )
    return path


def place_of(path: Path) -> Path:
    """What is there in the end: the file, or the folder of pictures."""
    return path.with_suffix("") if path.suffix.lower() == ".png" else path


def check_film(path: Path, *, overwrite: bool) -> None:
    """Raises SinkUnusable where no film can be made at `path`, MissingExtra without PyAV."""
    place, name = place_of(path), f"file {path}"
    if path.suffix.lower() != ".png" and find_spec("av") is None:
        raise MissingExtra(f"a film ({path.name})", 'pip install "vtdrive[export]"')
    if not place.parent.is_dir():
        raise SinkUnusable(f"{name}: there is no folder {place.parent}", "make it, or correct it")
    if place == path and path.is_dir():
        raise SinkUnusable(f"{name}: that is a folder", "choose another name")
    taken = place.exists() and (place == path or not place.is_dir() or any(place.iterdir()))
    if taken and not overwrite:
        raise SinkUnusable(
            f"{name}: {place.name} exists already",
            "choose another name, put {time} into it, or add ?overwrite=true",
        )
    if not os.access(place.parent, os.W_OK):
        raise SinkUnusable(f"{name}: {place.parent} may not be written to", "choose another folder")


def open_encoder(spec: FilmSpec) -> Encoder:
    """The encoder for the path's suffix, begun. Raises SinkUnusable, MissingExtra."""
    check_film(spec.path, overwrite=spec.overwrite)
    module, _, name = KINDS[spec.path.suffix.lower()].partition(":")
    made = getattr(import_module(f"vtdrive.render.film.{module}"), name)
    try:
        return cast("Encoder", made(spec))
    except OSError as fault:
        error = write_error(spec.path, fault, None)
        raise SinkUnusable(error.what, error.remedy) from fault


def write_error(path: Path, fault: OSError, left: Path | None) -> SinkError:
    """The sentence for a film that could not be written on; `left` is what there is of it."""
    kept = f"; what was filmed so far is in {left}" if left else "; nothing of it could be kept"
    if fault.errno in _FULL:
        return SinkError(f"file {path}: the disk is full{kept}", "free space, and film again")
    why = (fault.strerror or str(fault)).lower()
    return SinkError(f"file {path}: {why}{kept}", "check that the folder may be written to")
