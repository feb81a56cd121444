"""A camera on the network: MJPEG over HTTP, RTSP and what else FFmpeg speaks."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceLost, SourceNotFound
from vtdrive.sources.base import Obtained
from vtdrive.sources.opencv import fourcc_name, opencv
from vtdrive.sources.uri import shown
from vtdrive.types import VideoFrame

__all__ = ["OPEN_S", "StreamDevice"]

OPEN_S = 8.0
"""How long an address may take to answer; FFmpeg also looks at the first pictures in this time."""
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935}
_PROBE_S = 2.0


class StreamDevice:
    """A network stream. Runs inside `Pumped`.

    `open` and `read` give up after `OPEN_S` and `stall_s`. Users, passwords and queries of the
    address are never printed.
    """

    def __init__(
        self,
        config: SourceConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        capture: Callable[[str, int, list[int]], Any] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._capture = capture
        self._name = shown(config.uri)
        self._cv2: Any = None
        self._cap: Any = None
        self._bgr: Any = None
        self._first: VideoFrame | None = None
        self._seq = 0

    def open(self) -> Obtained:
        """Connects and waits for the first picture; SourceNotFound says what was missing."""
        self._cv2 = cv2 = opencv()
        # One decoding thread, since each further one holds a frame back.
        wishes = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_S * 1e3)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._config.stall_s * 1e3)),
            *(cv2.CAP_PROP_N_THREADS, 1),
        ]
        capture = self._capture or cv2.VideoCapture
        self._cap = capture(self._config.uri, cv2.CAP_FFMPEG, wishes)
        if not self._cap.isOpened():
            raise _unreachable(self._config.uri)
        if self._cap.get(cv2.CAP_PROP_FRAME_COUNT) > 0:
            raise SourceNotFound(
                f"{self._name} is a file, not a live stream", "download it and name the file"
            )
        self._first = self._attempt()
        if self._first is None:
            raise SourceNotFound(
                f"{self._name} answers but sends no picture", "check the address in a browser"
            )
        height, width = self._first.image.shape[:2]
        fps = float(self._cap.get(cv2.CAP_PROP_FPS))
        fourcc = fourcc_name(self._cap.get(cv2.CAP_PROP_FOURCC))
        # MJPEG carries no times; FFmpeg calls every such stream 25 fps.
        told = 1 <= fps <= 240 and fourcc != "MJPG"
        return Obtained(
            name=self._name,
            width=width,
            height=height,
            fps=fps if told else 0.0,
            pixel_format=fourcc,
            backend="ffmpeg",
            live=True,
        )

    def read(self) -> VideoFrame:
        """The next frame; SourceLost when the stream ended or fell silent."""
        frame, self._first = self._first or self._attempt(), None
        if frame is None:
            raise SourceLost(
                f"{self._name} ended or fell silent",
                "check the device that sends it; it is used again as soon as it answers",
            )
        return frame

    def close(self) -> None:
        """Hangs up."""
        if self._cap is not None:
            self._cap.release()
            self._cap = None

    def _attempt(self) -> VideoFrame | None:
        if not self._cap.grab():
            return None
        t_ns = self._clock.now_ns()
        ok, self._bgr = self._cap.retrieve(self._bgr)
        if not ok or self._bgr is None:
            return None
        image = self._cv2.cvtColor(self._bgr, self._cv2.COLOR_BGR2RGB)
        image.setflags(write=False)
        frame = VideoFrame(self._seq, t_ns, image)
        self._seq += 1
        return frame


def _unreachable(uri: str) -> SourceNotFound:
    """Finds out, by one connection of its own, why FFmpeg could not open `uri`; it tells nobody."""
    name, parts = shown(uri), urlsplit(uri)
    try:
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return SourceNotFound(f"{name}: the port is not a number", "correct the address")
    if not host or port is None:
        return SourceNotFound(f"{name} does not answer", "check the address")
    try:
        socket.create_connection((host, port), timeout=_PROBE_S).close()
    except socket.gaierror:
        return SourceNotFound(f"{name}: no host is called {host}", "check the address")
    except ConnectionRefusedError:
        return SourceNotFound(
            f"{name}: {host} is there, but nothing serves port {port}",
            "start the stream there, or correct the port",
        )
    except OSError:
        return SourceNotFound(
            f"{name}: {host} cannot be reached",
            "check that it is on and in this network, and that no firewall is between",
        )
    status = _http_status(uri, host, port)
    if status in (401, 403):
        return SourceNotFound(
            f"{name} wants a user and a password (HTTP {status})",
            f"put them into the address: {parts.scheme}://USER:PASSWORD@{host}…",
        )
    if status is not None and status >= 400:
        return SourceNotFound(
            f"{name}: the server has no such page (HTTP {status})", "correct the path"
        )
    return SourceNotFound(
        f"{name} answers, but not with a video that can be decoded",
        "use the address of the stream itself, not of the page that shows it",
    )


def _http_status(uri: str, host: str, port: int) -> int | None:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return None
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(host, port, timeout=_PROBE_S)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
