"""An MJPEG camera on this machine, whose faults the tests choose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

__all__ = ["MjpegCamera", "serving"]


class MjpegCamera:
    """Serves red pictures of 64x48 at 50 Hz until told to stall or to stop."""

    def __init__(self, port: int = 0) -> None:
        self.stalled = threading.Event()
        self.stopping = threading.Event()
        self.seen: list[str] = []
        red = np.zeros((48, 64, 3), np.uint8)
        red[..., 2] = 255
        self.jpeg = cv2.imencode(".jpg", red)[1].tobytes()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.camera = self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="camera"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def stop(self) -> None:
        """Ends every stream and stops listening."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    camera: MjpegCamera


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.camera.seen.append(self.path)
        if self.path.startswith("/video"):
            self._video()
        elif self.path.startswith("/page"):
            self._page(200)
        else:
            self._page(401 if self.path.startswith("/private") else 404)

    def _page(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>not a video</html>")

    def _video(self) -> None:
        camera = self.server.camera
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=cut")
        self.end_headers()
        head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(camera.jpeg)}"
        # The reader may hang up at any time.
        with suppress(OSError):
            while not camera.stopping.wait(0.02):
                if not camera.stalled.is_set():
                    self.wfile.write(f"{head}\r\n\r\n".encode() + camera.jpeg + b"\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[MjpegCamera]:
    camera = MjpegCamera(port)
    try:
        yield camera
    finally:
        if not camera.stopping.is_set():
            camera.stop()
