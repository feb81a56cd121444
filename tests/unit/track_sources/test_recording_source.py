from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from avatar_frames import FULL, frame_of, tracked
from mcap.writer import Writer

from vtdrive import __version__
from vtdrive.config.sinks import McapSink
from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.errors import EndOfStream, SourceError
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.track_sources.base import Tick, TrackSource
from vtdrive.track_sources.recording import Recording
from vtdrive.types import AvatarFrame, Track


def frames(count: int) -> list[AvatarFrame]:
    """Faces, a lost face, ticks without a new frame, and a sample that is read twice."""
    rng = np.random.default_rng(5)
    made: list[AvatarFrame] = []
    for seq in range(count):
        frame = tracked(frame_of(FULL, seq=seq, t_ns=seq * 33_000_000), rng)
        if seq % 3 == 1:
            frame = dataclasses.replace(frame, emotion=made[-1].emotion)
        if seq % 7 == 2:
            frame = dataclasses.replace(frame, track=Track(seq, frame.t_ns, None))
        if seq % 7 == 4:
            frame = dataclasses.replace(frame, track=None)
        if seq == 0:
            frame = dataclasses.replace(frame, emotion=None)
        made.append(frame)
    return made


def record(path: Path, sent: list[AvatarFrame], *, landmarks: bool = True) -> Path:
    sink = McapRecorder(
        McapSink(path=str(path), landmarks=landmarks),
        RunFacts(config_json='{"version":1}', extra={"neutral": "[0]"}),
    )
    sink.open(FULL)
    sink.note_command("neutral", seq=3)
    sink.note_command("pause", seq=3)
    for frame in sent:
        sink.send(frame)
    sink.close()
    return path


def read(path: Path) -> tuple[list[Tick], Recording]:
    source = Recording(path)
    with contextlib.closing(source):
        source.open()
        return list(source), source


def assert_same(tick: Tick, frame: AvatarFrame) -> None:
    assert (tick.seq, tick.t_ns) == (frame.seq, frame.t_ns)
    assert tick.raw is not None
    np.testing.assert_array_equal(tick.raw, frame.raw)
    assert (tick.emotion is None) == (frame.emotion is None)
    if tick.emotion is not None and frame.emotion is not None:
        assert tick.emotion.t_ns == frame.emotion.t_ns
        np.testing.assert_array_equal(tick.emotion.probs, frame.emotion.probs)
    assert (tick.track is None) == (frame.track is None)
    if tick.track is None or frame.track is None:
        return
    assert (tick.track.seq, tick.track.t_ns) == (frame.track.seq, frame.track.t_ns)
    got, face = tick.track.face, frame.track.face
    assert (got is None) == (face is None)
    if got is not None and face is not None:
        for name in ("landmarks_px", "shapes", "camera_from_head", "crop_px"):
            a, b = getattr(got, name), getattr(face, name)
            assert (a.dtype, a.shape, a.flags.writeable) == (np.float32, b.shape, False)
            np.testing.assert_array_equal(a, b)
        assert got.confidence == face.confidence


def test_what_was_recorded_comes_back_exactly(tmp_path: Path) -> None:
    sent = frames(70)
    ticks, source = read(record(tmp_path / "a.mcap", sent))
    assert len(ticks) == len(sent)
    for tick, frame in zip(ticks, sent, strict=True):
        assert_same(tick, frame)
    assert [tick.seq for tick in ticks if tick.commands] == [3]
    assert ticks[3].commands == ("neutral", "pause")
    assert not source.truncated
    assert source.damaged_chunks == 0


def test_it_says_what_it_is(tmp_path: Path) -> None:
    info = read(record(tmp_path / "a.mcap", frames(2)))[1].info
    assert info.version == __version__
    assert info.config_json == '{"version":1}'
    assert info.signals == RAW_SIGNALS
    assert info.schema == FULL
    assert info.facts == {"neutral": "[0]"}
    assert info.landmarks
    assert len(info.config_sha256) == 64


def test_read_ends_with_end_of_stream(tmp_path: Path) -> None:
    source = Recording(record(tmp_path / "a.mcap", frames(2)))
    assert isinstance(source, TrackSource)
    source.open()
    assert [source.read().seq, source.read().seq] == [0, 1]
    for _ in range(2):
        with pytest.raises(EndOfStream):
            source.read()
    source.close()


def test_without_landmarks_the_points_are_unknown_and_the_rest_is_there(tmp_path: Path) -> None:
    sent = frames(4)
    ticks, source = read(record(tmp_path / "a.mcap", sent, landmarks=False))
    assert not source.info.landmarks
    assert ticks[0].track is not None
    assert ticks[0].track.face is not None
    assert np.isnan(ticks[0].track.face.landmarks_px).all()
    assert sent[0].track is not None
    assert sent[0].track.face is not None
    np.testing.assert_array_equal(ticks[0].track.face.shapes, sent[0].track.face.shapes)


def test_cut_off_anywhere_it_gives_what_was_whole(tmp_path: Path) -> None:
    sent = frames(100)
    whole = record(tmp_path / "a.mcap", sent).read_bytes()
    path = tmp_path / "cut.mcap"
    rng = np.random.default_rng(0)
    counts = []
    for size in sorted(rng.integers(40_000, len(whole) - 1, 25).tolist()):
        path.write_bytes(whole[:size])
        ticks, source = read(path)
        assert source.truncated or len(ticks) == len(sent)
        for tick, frame in zip(ticks, sent, strict=False):
            assert_same(tick, frame)
        counts.append(len(ticks))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] <= 100


def test_a_damaged_chunk_is_stepped_over(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mcap", frames(100))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    ticks, source = read(path)
    assert source.damaged_chunks == 1
    assert 30 < len(ticks) < 100
    assert [tick.seq for tick in ticks] == sorted(tick.seq for tick in ticks)
    assert ticks[-1].seq == 99


def _foreign(path: Path) -> None:
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        channel = writer.register_channel("/tick", "json", 0)
        writer.add_message(channel, 0, b'{"x": 1}', 0)
        writer.finish()


def _newer(path: Path) -> None:
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        writer.add_metadata("vtdrive", {"format": "99", "version": "7.0"})
        writer.finish()


def _altered(path: Path) -> None:
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        writer.add_metadata("vtdrive", {"format": "1"})
        channel = writer.register_channel("/tick", "json", 0)
        writer.add_message(channel, 0, b'{"seq": 1}', 0)
        writer.finish()


def _header_only(path: Path) -> None:
    record(path, [])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b""), "no MCAP file"),
        (lambda path: path.write_bytes(b"\x89PNG...."), "no MCAP file"),
        (_foreign, "no recording of vtdrive"),
        (_newer, "newer format"),
        (_header_only, "holds no frame"),
        (_altered, "not as vtdrive writes it"),
    ],
)
def test_what_is_no_recording_is_told(
    write: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.mcap"
    write(path)
    source = Recording(path)
    with contextlib.closing(source), pytest.raises(SourceError, match=said) as caught:
        source.open()
    assert caught.value.remedy
