"""Video files: time, pace, loops and damage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_sources import FakeClock, write_video

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceNotFound
from vtdrive.sources.video import Video
from vtdrive.types import VideoFrame

MS = 1_000_000


def drain(video: Video, limit: int = 500) -> tuple[list[VideoFrame], EndOfStream | None]:
    frames = []
    for _ in range(limit):
        try:
            frames.append(video.read())
        except EndOfStream as end:
            return frames, end
    return frames, None


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4")


def test_fast_gives_every_frame_at_media_time(clip: Path) -> None:
    clock = FakeClock()
    video = Video(SourceConfig(uri=str(clip), fast=True), clock=clock)
    obtained = video.open()
    frames, end = drain(video)
    video.close()
    assert (obtained.width, obtained.height, obtained.fps) == (64, 48, 25.0)
    assert (obtained.lockstep, obtained.live, obtained.name) == (True, False, "clip.mp4")
    assert [frame.t_ns for frame in frames] == [i * 40 * MS for i in range(20)]
    assert [frame.seq for frame in frames] == list(range(20))
    assert clock.slept_ns == []
    assert end is not None
    assert "over after 20 frames" in end.what


def test_colours_are_rgb_and_frames_differ(clip: Path) -> None:
    video = Video(SourceConfig(uri=str(clip), fast=True))
    video.open()
    frames, _ = drain(video)
    video.close()
    red = [float(frame.image[..., 0].mean()) for frame in frames]
    np.testing.assert_allclose(red, np.arange(20) * 10, atol=6)
    assert all(abs(float(frame.image[..., 2].mean()) - 200) < 6 for frame in frames)
    with pytest.raises(ValueError, match="read-only"):
        frames[0].image[0, 0, 0] = 1


def test_real_time_follows_the_clock(clip: Path) -> None:
    clock = FakeClock(9_000 * MS)
    video = Video(SourceConfig(uri=str(clip)), clock=clock)
    assert not video.open().lockstep
    frames, _ = drain(video)
    video.close()
    assert [frame.t_ns - 9_000 * MS for frame in frames] == [i * 40 * MS for i in range(20)]


@pytest.mark.parametrize("fast", [True, False])
def test_fps_replaces_the_pace_of_the_file(clip: Path, fast: bool) -> None:
    clock = FakeClock(0)
    video = Video(SourceConfig(uri=str(clip), fps=60, fast=fast), clock=clock)
    assert video.open().fps == 60
    frames, _ = drain(video)
    video.close()
    assert [frame.t_ns for frame in frames] == [round(i * 1e9 / 60) for i in range(20)]


def test_a_slow_reader_loses_frames_and_sees_it_in_seq(clip: Path) -> None:
    clock = FakeClock(0)
    video = Video(SourceConfig(uri=str(clip)), clock=clock)
    video.open()
    first = video.read()
    clock.t_ns += 300 * MS
    frames, end = drain(video)
    video.close()
    seqs = [first.seq, *(frame.seq for frame in frames)]
    assert seqs == [0, *range(7, 20)]
    assert video.skipped == 6
    assert frames[-1].t_ns == 760 * MS  # it ends when it would have ended
    assert end is not None
    assert "breaks off" not in end.what


@pytest.mark.parametrize("fps", [0.0, 50.0])
def test_a_loop_goes_on_in_time_and_number(clip: Path, fps: float) -> None:
    video = Video(SourceConfig(uri=str(clip), fast=True, loop=True, fps=fps))
    video.open()
    frames, end = drain(video, limit=50)
    video.close()
    step = 20 if fps else 40
    assert end is None
    assert [frame.t_ns for frame in frames] == [i * step * MS for i in range(50)]
    assert [frame.seq for frame in frames] == list(range(50))
    np.testing.assert_array_equal(frames[3].image, frames[23].image)


def test_a_truncated_file_plays_what_it_has_and_says_so(tmp_path: Path) -> None:
    # AVI keeps its index at the end and its frames before: cut, it still opens.
    whole = write_video(tmp_path / "whole.avi", frames=100)
    data = whole.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    video = Video(SourceConfig(uri=str(cut), fast=True))
    video.open()
    frames, end = drain(video)
    video.close()
    assert 10 < len(frames) < 90
    assert end is not None
    assert f"breaks off after {len(frames)} of 100 frames" in end.what
    assert "damaged" in end.remedy


def test_a_file_without_an_index_is_refused(clip: Path) -> None:
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    video = Video(SourceConfig(uri=str(clip)))
    with pytest.raises(SourceNotFound, match="no video that can be decoded"):
        video.open()
    video.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"not a video at all" * 99, "no video that can be decoded")],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    video = Video(SourceConfig(uri=str(path)))
    with pytest.raises(SourceNotFound, match=sentence) as caught:
        video.open()
    video.close()
    assert caught.value.remedy


def test_opencv_and_ffmpeg_stay_silent(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    path.write_bytes(b"\0" * 4000)
    # In a process of its own: FFmpeg takes its log level once, at its first use.
    code = """
import sys
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceError
from vtdrive.sources.resolve import open_source
for uri in sys.argv[1:]:
    source = open_source(SourceConfig(uri=uri))
    try:
        source.open()
    except SourceError:
        print("refused")
    source.close()
"""
    command = [sys.executable, "-c", code, str(path), "93", "http://127.0.0.1:9/none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["refused"] * 3
    assert done.stderr == ""


def test_times_rise_where_the_file_tells_none(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = Video(SourceConfig(uri=str(clip), fast=True))
    video.open()
    told = iter([80.0, 80.0, 10.0, float("nan"), 400.0])
    real = video._cap

    class Odd:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def get(self, prop: int) -> float:
            return next(told)

    monkeypatch.setattr(video, "_cap", Odd())
    times = [video.read().t_ns // MS for _ in range(6)]
    video.close()
    assert times == [0, 80, 120, 160, 200, 400]


def test_a_long_gap_is_shortened_only_in_real_time(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fast, expected in ((True, [0, 40, 60_000, 60_040]), (False, [0, 40, 80, 120])):
        video = Video(SourceConfig(uri=str(clip), fast=fast), clock=FakeClock(0))
        video.open()
        told = iter([40.0, 60_000.0, 60_040.0])
        real = video._cap

        class Gap:
            def __getattr__(self, name: str, real: object = real) -> object:
                return getattr(real, name)

            def get(self, prop: int, told: object = told) -> float:
                return next(told)  # type: ignore[call-overload, no-any-return]

        monkeypatch.setattr(video, "_cap", Gap())
        assert [video.read().t_ns // MS for _ in range(4)] == expected
        video.close()
