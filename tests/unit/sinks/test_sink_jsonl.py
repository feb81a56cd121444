from __future__ import annotations

import errno
import json
import subprocess
import sys
from io import RawIOBase
from pathlib import Path

import pytest
from avatar_frames import SMALL, frame_of, posed

from vtdrive.config.sinks import JsonlSink
from vtdrive.errors import SinkError
from vtdrive.sinks.jsonl import JsonlOutput


class Grudging(RawIOBase):
    """Takes a few bytes at a time, sometimes none, then fails with `code` after `room` bytes."""

    def __init__(self, room: int, code: int) -> None:
        self.room, self.code, self.got = room, code, b""
        self.calls = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int | None:
        self.calls += 1
        if self.calls % 5 == 0:
            return None
        piece = bytes(data)[: min(40, self.room - len(self.got))]  # type: ignore[call-overload]
        if not piece:
            raise OSError(self.code, "no")
        self.got += piece
        return len(piece)


def test_lines_are_there_at_once_and_count_from_the_first(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    sink = JsonlOutput(JsonlSink(path=str(path)))
    sink.open(SMALL)
    for i in range(3):
        pose = posed(SMALL, {"jawOpen": i / 4})
        sink.send(frame_of(SMALL, pose, seq=i, t_ns=7_000_000_000 + i * 500_000_000))
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(rows) == i + 1
    assert [row["t"] for row in rows] == [0, 0.5, 1]
    assert [row["params"]["jawOpen"] for row in rows] == [0, 0.25, 0.5]
    assert sink.stats.bytes_sent == path.stat().st_size
    sink.close()


def test_a_line_is_written_whole_through_short_writes() -> None:
    stream = Grudging(10_000, errno.EPIPE)
    sink = JsonlOutput(JsonlSink(path="-"), stream=lambda: stream)
    sink.open(SMALL)
    sink.send(frame_of(SMALL, seq=4))
    assert json.loads(stream.got)["seq"] == 4
    assert stream.got.endswith(b"\n")


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("-", errno.EPIPE, "the program that read it has ended"),
        ("x.jsonl", errno.ENOSPC, "the disk is full"),
        ("x.jsonl", errno.EIO, "no"),
    ],
)
def test_a_stream_that_ends_is_told_each_time(path: str, code: int, said: str) -> None:
    sink = JsonlOutput(JsonlSink(path=path), stream=lambda: Grudging(100, code))
    sink.open(SMALL)
    for _ in range(2):
        with pytest.raises(SinkError, match=said) as caught:
            sink.send(frame_of(SMALL))
        assert caught.value.remedy
        assert said in sink.stats.last_error
    sink.close()


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    sink = JsonlOutput(JsonlSink(path=str(tmp_path / "no" / "x.jsonl")))
    with pytest.raises(SinkError, match="no such file"):
        sink.open(SMALL)
    sink.close()


def test_files_get_every_frame_and_pipes_the_newest() -> None:
    assert JsonlOutput(JsonlSink(path="x")).every_frame
    assert not JsonlOutput(JsonlSink(path="-")).every_frame
    assert JsonlOutput(JsonlSink(path="-")).target == ""


PIPE = """
import sys
sys.path.insert(0, sys.argv[1])
from avatar_frames import SMALL, frame_of
from vtdrive.config.sinks import JsonlSink
from vtdrive.errors import SinkError
from vtdrive.sinks.jsonl import JsonlOutput
sink = JsonlOutput(JsonlSink(path="-"))
sink.open(SMALL)
sink.send(frame_of(SMALL, seq=1))
sys.stdin.read()
try:
    for seq in range(5000):
        sink.send(frame_of(SMALL, seq=seq))
except SinkError as fault:
    print(fault.what, file=sys.stderr)
sink.close()
"""


def test_a_reader_that_leaves_ends_it_cleanly() -> None:
    support = str(Path(__file__).parents[2] / "support")
    process = subprocess.Popen(
        [sys.executable, "-c", PIPE, support],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["seq"] == 1
    process.stdout.close()
    process.stdin.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) == 0
    assert errors.splitlines() == ["jsonl stdout: the program that read it has ended"]
