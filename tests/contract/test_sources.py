"""What every source promises, whatever it reads from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_sources import FakeCapture, read_on, write_video
from mjpeg_camera import serving

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceNotFound
from vtdrive.sources.base import Obtained, Source
from vtdrive.sources.pumped import Pumped
from vtdrive.sources.resolve import open_source
from vtdrive.sources.webcam import WebcamDevice
from vtdrive.types import VideoFrame

Make = Callable[[], Source]


def _camera(capture: Callable[[], FakeCapture]) -> Source:
    config = SourceConfig()
    device = WebcamDevice(
        config,
        platform="linux",
        capture=lambda index, backend: capture(),
        cameras=lambda backend: [],
    )
    return Pumped(device, name="camera 0", stall_s=config.stall_s)


def _folder(folder: Path) -> Path:
    folder.mkdir()
    for i in range(12):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((48, 64, 3), i, np.uint8))
    return folder


@pytest.fixture(
    params=[
        "video",
        "video fast",
        "video loop",
        "folder",
        "folder fast",
        "image",
        "mjpeg",
        "webcam",
    ]
)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a source that works, again and again."""
    kind, _, how = str(request.param).partition(" ")
    if kind == "mjpeg":
        with serving() as camera:
            yield lambda: open_source(SourceConfig(uri=camera.url))
        return
    if kind == "webcam":
        yield lambda: _camera(FakeCapture)
        return
    if kind == "video":
        path = write_video(tmp_path / "clip.mp4", frames=12, fps=100)
    else:
        path = _folder(tmp_path / "images")
        path = path / "3.png" if kind == "image" else path
    fps = 0.0 if kind == "video" else 100.0
    config = SourceConfig(uri=str(path), fps=fps, fast=how == "fast", loop=how == "loop")
    yield lambda: open_source(config)


@pytest.fixture(
    params=["no file", "empty file", "junk", "empty folder", "no server", "webcam", "silent webcam"]
)
def make_broken(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes a source that cannot be opened."""
    kind = str(request.param)
    if kind == "webcam":
        return lambda: _camera(lambda: FakeCapture(opens=False))
    if kind == "silent webcam":
        return lambda: _camera(lambda: FakeCapture(grabs=[]))
    if kind == "no server":
        return lambda: open_source(SourceConfig(uri="http://127.0.0.1:9/video"))
    path = tmp_path / "clip.mp4"
    if kind == "empty folder":
        path.mkdir()
    elif kind != "no file":
        path.write_bytes(b"" if kind == "empty file" else b"junk" * 100)
    return lambda: open_source(SourceConfig(uri=str(path)))


def test_is_a_source(make: Make) -> None:
    source = make()
    assert isinstance(source, Source)
    source.open()
    source.close()


def test_frames_are_what_was_obtained(make: Make) -> None:
    source = make()
    obtained = source.open()
    frame = source.read()
    source.close()
    assert isinstance(obtained, Obtained)
    assert obtained.name
    assert obtained.fps >= 0
    assert frame.image.dtype == np.uint8
    assert frame.image.shape == (obtained.height, obtained.width, 3)
    assert frame.image.flags.c_contiguous
    assert not frame.image.flags.writeable


def test_seq_and_time_rise_strictly(make: Make) -> None:
    source = make()
    source.open()
    frames = [source.read()]
    try:
        while len(frames) < 12:
            frames.append(source.read())
    except EndOfStream:
        pass
    source.close()
    assert len(frames) > 2 or frames[-1].seq > 0
    for before, after in pairwise(frames):
        assert after.seq > before.seq
        assert after.t_ns > before.t_ns


def test_a_frame_is_never_written_again(make: Make) -> None:
    source = make()
    source.open()
    first = source.read()
    kept = first.image.copy()
    try:
        for _ in range(5):
            source.read()
    except EndOfStream:
        pass
    source.close()
    np.testing.assert_array_equal(first.image, kept)


def test_lockstep_loses_nothing_and_starts_at_zero(make: Make) -> None:
    source = make()
    if not source.open().lockstep:
        source.close()
        return
    frames: list[VideoFrame] = []
    with pytest.raises(EndOfStream):
        read_on(source, frames)
    source.close()
    assert frames[0].t_ns == 0
    assert [frame.seq for frame in frames] == list(range(12))


def test_it_can_be_opened_again_and_leaves_no_thread(make: Make) -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "vtdrive-source"}
    for _ in range(3):
        source = make()
        source.open()
        source.read()
        source.close()
    after = {thread for thread in threading.enumerate() if thread.name == "vtdrive-source"}
    assert after <= before


def test_close_without_a_frame_ever_read(make: Make) -> None:
    source = make()
    source.open()
    source.close()


def test_what_cannot_be_opened_says_what_to_do(make_broken: Make) -> None:
    def attempt() -> None:
        source = make_broken()
        try:
            source.open()
        finally:
            source.close()

    with pytest.raises(SourceNotFound) as caught:
        attempt()
    assert caught.value.what
    assert caught.value.remedy
