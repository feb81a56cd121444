"""The records of an MCAP file, as far as they are whole."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk
from mcap.writer import MCAP0_MAGIC
from zstandard import ZstdError

from vtdrive.errors import SourceNotFound

__all__ = ["Records"]

_HEAD = struct.Struct("<BQ")


class Records:
    """Reads schemas, channels, messages and metadata in file order, from the front.

    The mcap package's own readers raise when the end is missing, which is how a recording looks
    after a crash. This one stops at the first record that is cut off, and steps over a chunk whose
    checksum is wrong; `damaged_chunks` and `truncated` tell afterwards. Raises SourceNotFound when
    the file cannot be opened or is no MCAP.
    """

    def __init__(self, path: Path) -> None:
        self.damaged_chunks = 0
        self.truncated = False
        """True when the file has no proper end."""
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as fault:
            raise SourceNotFound(
                f"recording {path}: {(fault.strerror or str(fault)).lower()}",
                "check the file's name and whether you may read it",
            ) from fault
        if self._file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
            self._file.close()
            raise SourceNotFound(
                f"recording {path}: this is no MCAP file",
                "give a file that `vtdrive record` wrote",
            )
        self._bytes = os.fstat(self._file.fileno()).st_size

    def __iter__(self) -> Iterator[McapRecord]:
        while True:
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                self.truncated = True
                return
            opcode, length = _HEAD.unpack(head)
            if self._file.tell() + length > self._bytes:
                self.truncated = True
                return
            if opcode in (Opcode.DATA_END, Opcode.FOOTER):
                return
            yield from self._record(opcode, self._file.read(length))

    def close(self) -> None:
        self._file.close()

    def _record(self, opcode: int, data: bytes) -> Iterator[McapRecord]:
        stream = ReadDataStream(BytesIO(data))
        try:
            match opcode:
                case Opcode.CHUNK:
                    yield from breakup_chunk(Chunk.read(stream), validate_crc=True)
                case Opcode.METADATA:
                    yield Metadata.read(stream)
                case Opcode.SCHEMA:
                    yield Schema.read(stream)
                case Opcode.CHANNEL:
                    yield Channel.read(stream)
                case Opcode.MESSAGE:
                    yield Message.read(stream, len(data))
        # ValueError includes a wrong checksum and text that is not UTF-8.
        except (McapError, ZstdError, struct.error, ValueError):
            self.damaged_chunks += 1
