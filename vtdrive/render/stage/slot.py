"""Between two processes: a slot in shared memory where the newest wins and nobody ever waits."""

from __future__ import annotations

import ctypes
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from vtdrive.types import U8

__all__ = ["Slot"]

_ROWS: Final = 4
"""Kept in turn, so that a reader is only disturbed by a writer that laps it."""
_TRIES: Final = 4
_NEWEST, _ASLEEP = 0, 1
"""The slot's own words: number of the newest row, and whether the reader waits for it."""
_SEQ, _CHECK, _LENGTH = 0, 1, 2
"""The words before each row."""
_HEAD, _STAMPS = 2, 3


class Slot:
    """One process writes, one reads; made by the first and handed to the second as it starts.

    Each row carries its number and a checksum over number and bytes: processors may show writes to
    each other in another order than they were made, and a row that was caught half written is none.
    The memory has no name in the system, so that nothing is left behind, whoever is killed.
    """

    def __init__(self, size: int, context: BaseContext) -> None:
        """`size` is the most bytes that are ever written at once."""
        self._size = size + -size % 8
        self._raw: Any = context.RawArray(
            ctypes.c_uint64, _HEAD + _ROWS * (_STAMPS + self._size // 8)
        )
        self._attach()

    def __getstate__(self) -> tuple[int, Any]:
        return self._size, self._raw

    def __setstate__(self, state: tuple[int, Any]) -> None:
        self._size, self._raw = state
        self._attach()

    def _attach(self) -> None:
        words: npt.NDArray[np.uint64] = np.frombuffer(self._raw, np.uint64)
        self._head = words[:_HEAD]
        rows = words[_HEAD:].reshape(_ROWS, _STAMPS + self._size // 8)
        self._stamps = [row[:_STAMPS] for row in rows]
        self._bytes: list[U8] = [row[_STAMPS:].view(np.uint8) for row in rows]
        self._seen = 0

    def write(self, data: U8) -> None:
        """Replace what is there by `data` (N,), N up to the slot's size. About 5 µs a kB."""
        number = int(self._head[_NEWEST]) + 1
        stamps, held = self._stamps[number % _ROWS], self._bytes[number % _ROWS]
        stamps[_SEQ] = 0
        held[: len(data)] = data
        stamps[_LENGTH] = len(data)
        stamps[_CHECK] = _check(data, number)
        stamps[_SEQ] = number
        self._head[_NEWEST] = number

    def read(self) -> U8 | None:
        """The newest bytes, copied; None where they were read before."""
        for _ in range(_TRIES):
            number = int(self._head[_NEWEST])
            if number == self._seen:
                return None
            stamps = self._stamps[number % _ROWS]
            length = min(int(stamps[_LENGTH]), self._size)
            data = self._bytes[number % _ROWS][:length].copy()
            if int(stamps[_SEQ]) == number and int(stamps[_CHECK]) == _check(data, number):
                self._seen = number
                return data
        return None

    @property
    def news(self) -> bool:
        """For the reader: whether there is something that it has not read."""
        return int(self._head[_NEWEST]) != self._seen

    def ring(self, bell: Connection) -> None:
        """For the writer: wake the reader where it waits. Raises OSError where it is gone.

        Never blocks: a reader asks for every single ring, so that no more than two are ever
        under way, and a pipe holds thousands.
        """
        if self._head[_ASLEEP]:
            self._head[_ASLEEP] = 0
            bell.send_bytes(b"!")

    def wait(self, bell: Connection, timeout_s: float) -> None:
        """For the reader: until there is news, at most `timeout_s`.

        A ring may in theory be missed between the two lines below; then news waits for the timeout.
        Raises EOFError or OSError where the writer is gone.
        """
        self._head[_ASLEEP] = 1
        if not self.news:
            bell.poll(timeout_s)
        self._head[_ASLEEP] = 0
        while bell.poll(0):
            bell.recv_bytes()


def _check(data: U8, number: int) -> int:
    return crc32(data.data, number & 0xFFFFFFFF)
