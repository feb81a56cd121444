"""Many picture files, one after another: which they are, reading each, and copies with boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vtdrive.errors import SourceError, SourceNotFound, UsageError
from vtdrive.sources.images import images_in
from vtdrive.sources.picture import read_picture
from vtdrive.stills.read import ReadFace, StillReader
from vtdrive.stills.report import ReadPicture
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import U8

__all__ = ["Copies", "listed", "read_pictures"]

_LONGEST_JPEG_PX = 65_500
"""What libjpeg stores; the format itself ends 35 later."""


def listed(paths: Iterable[Path]) -> list[Path | ReadPicture]:
    """Each picture, folders replaced by those in them; a folder without any is already a failure.

    The folders within a folder are not looked into.
    """
    found: list[Path | ReadPicture] = []
    for path in paths:
        if not _is_folder(path):
            found.append(path)
            continue
        try:
            found += images_in(path)
        except SourceNotFound as fault:
            found.append(ReadPicture(path, error=fault.what))
    return found


def read_pictures(
    reader: StillReader, pictures: Iterable[Path | ReadPicture], copies: Copies | None
) -> Iterator[ReadPicture]:
    """One by one, in order. A picture that cannot be read comes with its error.

    Raises what `StillReader.read` raises, and UsageError where a copy cannot be written.
    """
    for path in pictures:
        if isinstance(path, ReadPicture):
            yield path
            continue
        try:
            # libpng says by itself, past Python, what it thinks of a broken file.
            with quiet_stderr():
                image = read_picture(path)
        except SourceError as fault:
            yield ReadPicture(path, error=fault.what)
            continue
        faces = tuple(reader.read(image))
        if copies is not None:
            copies.write(path, image, faces)
        height, width = image.shape[:2]
        yield ReadPicture(path, width, height, faces)


class Copies:
    """Writes pictures with boxes into one folder: `NAME-faces`, PNG for PNG, else JPEG.

    PNG also for what is too long for JPEG. Two of the same name get numbers. What an earlier run
    left under a name is replaced; a picture that is itself among `sources` never is.
    """

    def __init__(self, folder: Path, *, sources: Sequence[Path]) -> None:
        """Makes the folder. `sources` are what the pictures come from.

        Raises UsageError where that fails, and for a folder that is itself read from: the next time
        its copies would be read as well.
        """
        self._folder = folder
        self._used = {path.name.casefold() for path in sources if _lies_in(path, folder)}
        if any(_is_folder(path) and path.resolve() == folder.resolve() for path in sources):
            raise UsageError(f"--out {folder}: the pictures come from there", "name another folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            raise UsageError(f"--out {folder}: {reason}", "name another folder") from fault

    def write(self, source: Path, image_rgb: U8, faces: Sequence[ReadFace]) -> Path:
        """The copy's path. Raises UsageError where it cannot be written."""
        import cv2

        from vtdrive.stills.draw import drawn

        path = self._free(source, long=max(image_rgb.shape[:2]) > _LONGEST_JPEG_PX)
        bgr = cv2.cvtColor(drawn(image_rgb, faces), cv2.COLOR_RGB2BGR)
        written, data = cv2.imencode(path.suffix, bgr)
        try:
            if not written:
                raise OSError(f"cannot be stored as {path.suffix}")
            # Not imwrite, which cannot write names beyond ASCII on Windows.
            path.write_bytes(data.tobytes())
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            raise UsageError(f"--out {path}: {reason}", "name another folder") from fault
        return path

    def _free(self, source: Path, *, long: bool) -> Path:
        suffix = ".png" if long or source.suffix.lower() == ".png" else ".jpg"
        stem, number = f"{source.stem}-faces", 1
        # Some systems take A.jpg and a.jpg for one file.
        while f"{stem}{suffix}".casefold() in self._used:
            number += 1
            stem = f"{source.stem}-faces-{number}"
        self._used.add(f"{stem}{suffix}".casefold())
        return self._folder / f"{stem}{suffix}"


def _is_folder(path: Path) -> bool:
    """As `Path.is_dir`, which raises where looking is forbidden: reading it then tells why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _lies_in(path: Path, folder: Path) -> bool:
    try:
        return path.parent.resolve() == folder.resolve()
    except OSError:
        return False
