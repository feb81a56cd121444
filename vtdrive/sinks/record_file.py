"""A new file that ends at a whole record, whatever happens to the disk."""

from __future__ import annotations

import contextlib
import os
from io import FileIO
from pathlib import Path

__all__ = ["RecordFile"]


class RecordFile:
    """The stream that an MCAP writer writes to: unbuffered, and aware of where it was last whole.

    Raises FileExistsError rather than overwrite. Readable by its owner only: a recording shows how
    a face moves.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._raw = FileIO(os.open(path, flags, 0o600), "wb")
        self._whole_at = 0
        self.size = 0
        """Bytes written."""
        self.ended = False
        """True once `close` or `abandon` was called."""

    def write(self, data: bytes) -> int:
        """Write all of `data`; raises OSError."""
        rest = memoryview(data)
        while rest:
            # A raw write may take a part only, and does so just before a disk is full.
            written = self._raw.write(rest) or 0
            self.size += written
            rest = rest[written:]
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing is held back."""

    def mark(self) -> None:
        """All records up to here are whole."""
        self._whole_at = self.size

    def close(self) -> None:
        self.ended = True
        self._raw.close()

    def abandon(self) -> bool:
        """Cut off the broken end and close; returns whether something whole remains.

        What remains gets MCAP's shortest ending, so that it is a valid file without an index.
        """
        if self.ended:
            return self._whole_at > 0
        self.ended = True
        # A disk that refuses even this leaves a file without ending, which replays all the same.
        with contextlib.suppress(OSError):
            self._raw.truncate(self._whole_at)
            if self._whole_at:
                self._raw.seek(self._whole_at)
                self._raw.write(_ending())
        with contextlib.suppress(OSError):
            self._raw.close()
        return self._whole_at > 0


def _ending() -> bytes:
    from mcap.data_stream import RecordBuilder
    from mcap.records import DataEnd, Footer
    from mcap.writer import MCAP0_MAGIC

    builder = RecordBuilder()
    DataEnd(0).write(builder)
    Footer(summary_start=0, summary_offset_start=0, summary_crc=0).write(builder)
    ending: bytes = builder.end() + MCAP0_MAGIC
    return ending
