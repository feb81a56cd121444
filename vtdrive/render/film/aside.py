"""A file that is written beside its place, and moved there once it is whole."""

from __future__ import annotations

import contextlib
import os
from io import FileIO
from pathlib import Path

__all__ = ["Aside"]


class Aside:
    """The stream that a film is written to: `NAME.unfinished.mp4` until `place` makes it NAME.mp4.

    What a crash leaves behind keeps that name, and is never written over. An OSError is kept in
    `fault`, since not every writer passes it on. Raises OSError when it cannot be made.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path, self._raw = _created(final)
        self.size = 0
        """Bytes: the furthest that was written."""
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        rest = memoryview(data)
        try:
            while rest:
                written = self._raw.write(rest) or 0
                rest = rest[written:]
        except OSError as fault:
            self.fault = self.fault or fault
            raise
        self.size = max(self.size, self._raw.tell())
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files do."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """As files do."""
        return self._raw.tell()

    def close(self) -> None:
        """Close the file where it lies; once or more often."""
        with contextlib.suppress(OSError):
            self._raw.close()

    def place(self, *, overwrite: bool) -> Path:
        """Close and move it to its place, unless something came there meanwhile; where it is now.

        Raises OSError where it could not be moved; it then lies where it was written.
        """
        self.close()
        if self.final.exists() and not overwrite:
            return self.path
        self.path.replace(self.final)
        return self.final

    def drop(self) -> None:
        """Close and remove it."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def _created(final: Path) -> tuple[Path, FileIO]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    number = 1
    while True:
        mark = "unfinished" if number == 1 else f"unfinished-{number}"
        path = final.with_name(f"{final.stem}.{mark}{final.suffix}")
        try:
            return path, FileIO(os.open(path, flags, 0o666), "r+b")
        except FileExistsError:
            number += 1
