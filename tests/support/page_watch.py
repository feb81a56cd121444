"""A puppet painted by hand, the page's output, and clients that watch it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from avatar_frames import SMALL, frame_of
from waiting import free_port
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks import PageSink
from vtdrive.render.drawer import Drawer
from vtdrive.render.stage.output import Picture
from vtdrive.render.stage.page import Page, page_token_path
from vtdrive.render.stage.page_picture import HEAD
from vtdrive.types import U8

__all__ = [
    "Start", "asked", "avatar", "body", "drained", "header", "joined", "message", "over", "picture",
    "port_of", "puppet", "start_page", "status", "token", "unpacked", "watched", "watching",
]  # fmt: skip

Start = Callable[..., Page]


@cache
def puppet(width: int = 320, height: int = 180, step: int = 0) -> U8:
    """(height, width, 4) premultiplied RGBA, read-only: a head with outlines, thin hair and eyes,
    clear all around, which stands on the lower edge and leans with `step`."""
    big = 3
    unit = height * big / 720
    image = np.zeros((height * big, width * big, 4), np.uint8)
    middle = width * big / 2 + 6 * unit * step

    def blob(x: float, y: float, rx: float, ry: float, *colour: int) -> None:
        at, axes = (middle + x * unit * big, y * unit * big), (rx * unit * big, ry * unit * big)
        cv2.ellipse(image, _whole(*at), _whole(*axes), 0, 0, 360, (*colour, 255), -1)

    blob(0, 720, 230, 260, 60, 40, 80)
    blob(0, 720, 222, 252, 90, 120, 200)
    blob(0, 302, 230, 250, 90, 30, 50)
    blob(0, 302, 223, 243, 220, 90, 130)
    for lock in range(14):
        x, y = -210 + 30 * lock, 180 + 30 * np.sin(lock)
        corners = [(x, y), (x + 34, y), (x + 10, y + 170)]
        at = np.array([_whole(middle + a * unit * big, b * unit * big) for a, b in corners])
        cv2.fillPoly(image, [at], (235, 110, 150, 255))
        cv2.polylines(image, [at], True, (90, 30, 50, 255), max(1, round(3 * unit * big)))
    blob(0, 360, 150, 170, 255, 225, 205)
    for side in (-60, 60):
        blob(side, 346, 36, 44, 60, 30, 40)
        blob(side, 346, 34, 42, 255, 255, 255)
        blob(side, 350, 22, 32, 70, 60, 190)
        blob(side + 6, 338, 7, 9, 255, 255, 255)
    blob(0, 446, 26, 14, 180, 40, 60)
    # Colours were only painted where all is solid, so they are premultiplied already.
    small: U8 = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    small.setflags(write=False)
    return small


@cache
def avatar(name: str, width: int, height: int) -> U8:
    """A bundled avatar at rest, by its own drawer: (height, width, 4) premultiplied, read-only."""
    drawer = Drawer(AvatarConfig(name=name), size=(width, height))
    drawer.open()
    drawn = drawer.still(frame_of(SMALL).state).copy()
    drawer.close()
    drawn.setflags(write=False)
    return drawn


def _whole(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)


def picture(rgba: U8, seq: int = 0) -> Picture:
    now = SYSTEM_CLOCK.now_ns()
    return Picture(rgba, seq, now, now)


def over(rgba: U8, background: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    """Float RGB of a premultiplied picture on a plain background."""
    rest = 1.0 - rgba[..., 3:] / 255.0
    return np.asarray(rgba[..., :3] + rest * np.array(background, np.float64))


def unpacked(message: bytes) -> tuple[dict[str, int], np.ndarray[Any, Any] | None]:
    """The head of a message, and the RGB of its JPEG."""
    names = ("version", "kind", "width", "height", "x", "y", "w", "h", "seq")
    head = dict(zip(names, HEAD.unpack(message[: HEAD.size]), strict=True))
    jpeg = np.frombuffer(message[HEAD.size :], np.uint8)
    return head, cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1] if len(jpeg) else None


@pytest.fixture
def start_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """`start_page(quality=95)`: an open page, 320x180, every picture shown; its token is new."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made: list[Page] = []

    def opened(*, size: tuple[int, int] = (320, 180), fps: float = 0.0, **options: Any) -> Page:
        options = {"port": free_port(), "fps": 0.0, **options}
        made.append(Page(PageSink(**options)))
        made[-1].open(*size, fps)
        return made[-1]

    yield opened
    for page in made:
        page.close()


def token() -> str:
    return page_token_path().read_text("utf-8").strip()


def port_of(page: Page) -> int:
    return int(page.name.rpartition(":")[2])


def asked(page: Page, target: str, *headers: str, host: str = "", method: str = "GET") -> bytes:
    """The whole answer; `TOKEN` in `target` is the token."""
    lines = [f"{method} {target.replace('TOKEN', token())} HTTP/1.1"]
    lines += [f"Host: {host or f'127.0.0.1:{port_of(page)}'}", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port_of(page)), timeout=5) as link:
        link.sendall("\r\n".join(lines).encode())
        answer = b""
        while piece := link.recv(65536):
            answer += piece
    return answer


def watching(page: Page, target: str = "/mjpeg?token=TOKEN") -> socket.socket:
    """A connection to the feed, its head not read yet."""
    link = socket.create_connection(("127.0.0.1", port_of(page)), timeout=5)
    path = target.replace("TOKEN", token())
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(page)}\r\n\r\n".encode())
    return link


def joined(page: Page, target: str = "/stream?token=TOKEN", **options: Any) -> ClientConnection:
    address = f"ws://127.0.0.1:{port_of(page)}{target.replace('TOKEN', token())}"
    link: ClientConnection = connect(address, proxy=None, **options)
    return link


def status(answer: bytes) -> int:
    return int(answer.split(None, 2)[1])


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def header(answer: bytes, name: str) -> str:
    found = [
        line.partition(":")[2].strip()
        for line in answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        if line.lower().startswith(f"{name.lower()}:")
    ]
    assert len(found) == 1, name
    return found[0]


def watched(page: Page, count: int = 1) -> Callable[[], bool]:
    """Whether so many forms of pictures are wanted."""
    return lambda: page._server is not None and len(page._server.wanted) == count


def message(link: ClientConnection) -> tuple[dict[str, int], np.ndarray[Any, Any] | None]:
    """The next one, unpacked."""
    data = link.recv(timeout=5)
    assert isinstance(data, bytes)
    return unpacked(data)


def drained(link: ClientConnection) -> int:
    """Reads until the server ends the connection; by which code it did, 0 without a word."""
    try:
        while True:
            link.recv(timeout=5)
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd is not None else 0
