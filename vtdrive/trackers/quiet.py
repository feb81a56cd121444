"""Keeps native libraries from writing into the terminal while they start."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["quiet_stderr"]

_lock = threading.Lock()
_depth = 0
_saved = -1


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Sends file descriptor 2 to nowhere, for the whole process, until the last user leaves.

    Python's own `sys.stderr` goes the same way meanwhile, so keep the block short. Blocks may nest
    and overlap between threads. Without a descriptor 2 (a windowed program) nothing happens.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _depth, _saved
    with _lock:
        if _depth == 0:
            _flush()
            try:
                _saved = os.dup(2)
            except OSError:
                _saved = -1
            else:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
        _depth += 1


def _leave() -> None:
    global _depth, _saved
    with _lock:
        _depth -= 1
        if _depth == 0 and _saved >= 0:
            _flush()
            os.dup2(_saved, 2)
            os.close(_saved)
            _saved = -1


def _flush() -> None:
    # A closed or missing stream (pythonw) has nothing to lose.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
