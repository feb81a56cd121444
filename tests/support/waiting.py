"""Waiting for what another thread or process brings about, and a port that is free for it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing


def until(said: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.005)


def free_port() -> int:
    """A TCP port of 127.0.0.1 at which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
