"""The real program in processes of its own, and a receiver that it sends to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose user files lie in the test's own folder."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "VTDRIVE_"))}
    folders = {
        "HOME": "home",
        "XDG_CONFIG_HOME": "config",
        "XDG_CACHE_HOME": "cache",
        "XDG_RUNTIME_DIR": "runtime",
    }
    for folder in folders.values():
        (tmp_path / folder).mkdir(mode=0o700, exist_ok=True)
    return keep | {name: str(tmp_path / folder) for name, folder in folders.items()}


@pytest.fixture
def run(home: dict[str, str]) -> Run:
    """`run("check")`: vtdrive with these words, to its end."""

    def call(*words: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vtdrive", *map(str, words)],
            capture_output=True,
            text=True,
            env=home,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return call


@pytest.fixture
def start(home: dict[str, str]) -> Iterator[Start]:
    """The same in the background; ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "vtdrive", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=home,
            stdin=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


class Receiver:
    """A UDP socket on loopback that keeps what it is sent, with the time."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self.packets: list[tuple[float, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            self.packets.append((time.monotonic(), data))

    def wait_for(self, count: int, timeout: float = 40) -> bool:
        """Whether so many packets came in time."""
        end = time.monotonic() + timeout
        while len(self.packets) < count and time.monotonic() < end:
            time.sleep(0.02)
        return len(self.packets) >= count

    @property
    def url(self) -> str:
        return f"vmc://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._socket.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
