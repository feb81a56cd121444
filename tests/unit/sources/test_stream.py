"""Network streams, from a server on this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from fake_sources import FakeCapture, read_on
from mjpeg_camera import MjpegCamera, serving

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceError, SourceLost, SourceNotFound
from vtdrive.sources.base import Source
from vtdrive.sources.resolve import open_source
from vtdrive.sources.stream import StreamDevice


def refused(uri: str) -> SourceError:
    source = open_source(SourceConfig(uri=uri, stall_s=0.5))
    with pytest.raises(SourceNotFound) as caught:
        source.open()
    source.close()
    return caught.value


def lost(source: Source) -> float:
    """Reads until the loss; the seconds it took."""
    start = time.monotonic()
    with pytest.raises(SourceLost) as caught:
        read_on(source)
    assert caught.value.remedy
    return time.monotonic() - start


@pytest.fixture
def running() -> Iterator[tuple[MjpegCamera, Source]]:
    with serving() as camera:
        source = open_source(SourceConfig(uri=camera.url, stall_s=0.5))
        yield camera, source
        source.close()


def test_frames_arrive_in_colour_and_in_order(running: tuple[MjpegCamera, Source]) -> None:
    _, source = running
    obtained = source.open()
    assert (obtained.width, obtained.height, obtained.live) == (64, 48, True)
    assert obtained.fps == 0  # MJPEG does not tell
    frames = [source.read() for _ in range(10)]
    assert all(a.seq < b.seq and a.t_ns < b.t_ns for a, b in pairwise(frames))
    red, green, blue = frames[-1].image[20, 30]
    assert red > 240
    assert max(green, blue) < 15


def test_a_stopped_server_is_a_loss_at_once(running: tuple[MjpegCamera, Source]) -> None:
    camera, source = running
    source.open()
    source.read()
    camera.stop()
    assert lost(source) < 0.4  # well before the stall


def test_a_silent_server_is_a_loss_after_stall_s(running: tuple[MjpegCamera, Source]) -> None:
    camera, source = running
    source.open()
    source.read()
    camera.stalled.set()
    assert 0.3 < lost(source) < 3


def test_a_server_that_never_sends_a_picture_is_not_found(
    running: tuple[MjpegCamera, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera, _ = running
    camera.stalled.set()
    monkeypatch.setattr("vtdrive.sources.stream.OPEN_S", 0.5)
    start = time.monotonic()
    assert "answers, but not with a video" in refused(camera.url).what
    assert time.monotonic() - start < 6


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("page", "answers, but not with a video"),
        ("private", "wants a user and a password (HTTP 401)"),
        ("none", "no such page (HTTP 404)"),
    ],
)
def test_why_there_is_no_stream(running: tuple[MjpegCamera, Source], path: str, what: str) -> None:
    camera, _ = running
    fault = refused(f"http://127.0.0.1:{camera.port}/{path}")
    assert what in fault.what
    assert fault.remedy


def test_nobody_listens() -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    assert f"nothing serves port {port}" in refused(f"http://127.0.0.1:{port}/video").what


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (socket.gaierror(-2, "unknown"), "no host is called camera.invalid"),
        (TimeoutError(), "camera.invalid cannot be reached"),
    ],
)
def test_no_way_to_the_host(monkeypatch: pytest.MonkeyPatch, fault: OSError, what: str) -> None:
    def fail(*args: object, **named: object) -> None:
        raise fault

    monkeypatch.setattr(socket, "create_connection", fail)
    device = StreamDevice(
        SourceConfig(uri="rtsp://anna:s3cret@camera.invalid/1"),
        capture=lambda *args: FakeCapture(opens=False),
    )
    with pytest.raises(SourceNotFound, match=what):
        device.open()
    device.close()


def test_a_port_that_is_no_number() -> None:
    assert "port is not a number" in refused("http://127.0.0.1:8o80/video").what


def test_passwords_are_never_told(running: tuple[MjpegCamera, Source]) -> None:
    camera, _ = running
    secret = f"http://anna:s3cret@127.0.0.1:{camera.port}"
    source = open_source(SourceConfig(uri=f"{secret}/video?key=hidden", stall_s=0.5))
    told = [repr(source.open())]
    camera.stalled.set()
    with pytest.raises(SourceLost) as caught:
        read_on(source)
    source.close()
    told += [str(caught.value), str(refused(f"{secret}/none?key=hidden"))]
    assert not any(word in text for text in told for word in ("anna", "s3cret", "hidden"))
    assert "/video?key=hidden" in camera.seen  # but it was sent


def test_a_file_on_a_server_is_not_played_as_live() -> None:
    class File(FakeCapture):
        def get(self, prop: int) -> float:
            return 250.0

    device = StreamDevice(
        SourceConfig(uri="http://127.0.0.1/clip.mp4"), capture=lambda *args: File()
    )
    with pytest.raises(SourceNotFound, match="is a file, not a live stream"):
        device.open()
    device.close()
