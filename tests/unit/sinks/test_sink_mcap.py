from __future__ import annotations

import errno
import json
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of, posed, tracked
from mcap.reader import make_reader

from vtdrive.config.sinks import McapSink, VmcSink
from vtdrive.errors import SinkError
from vtdrive.sinks.make import tap_sent
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.sinks.record_file import RecordFile
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.track_sources.recording import Recording
from vtdrive.types import Profile
from vtdrive.wire import recording as wire
from vtdrive.wire.vmc import decode


def recorder(path: Path, **options: object) -> McapRecorder:
    sink = McapRecorder(
        McapSink.model_validate({"path": str(path), **options}),
        RunFacts(config_json='{"a": 1}', extra={"neutral": "none"}),
    )
    sink.open(FULL)
    return sink


def send(sink: McapRecorder, count: int, *, start: int = 0) -> None:
    rng = np.random.default_rng(start)
    for seq in range(start, start + count):
        frame = frame_of(FULL, posed(FULL, {"aa": 0.5}), seq=seq, t_ns=seq * 33_000_000)
        sink.send(tracked(frame, rng))


def ticks_in(path: Path) -> list[int]:
    source = Recording(path)
    source.open()
    seqs = [tick.seq for tick in source]
    source.close()
    return seqs


def test_other_programs_read_every_tap_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path)
    sink.note_command("neutral", seq=2)
    send(sink, 5)
    sink.close()
    topics: dict[str, list[dict[str, object]]] = {}
    with path.open("rb") as stream:
        reader = make_reader(stream)
        for schema, channel, message in reader.iter_messages():
            assert schema is not None
            assert schema.encoding == "jsonschema"
            assert set(json.loads(message.data)) <= set(json.loads(schema.data)["properties"])
            topics.setdefault(channel.topic, []).append(json.loads(message.data))
        facts = {m.name: m.metadata for m in reader.iter_metadata()}
    assert {topic: len(rows) for topic, rows in topics.items()} == {
        "/track": 5,
        "/emotion": 5,
        "/raw": 5,
        "/state": 5,
        "/mapped": 5,
        "/command": 1,
        "/tick": 5,
    }
    mapped = topics["/mapped"][0]["profiles"]
    assert mapped["both"]["params"]["aa"] == 0.5  # type: ignore[index]
    assert topics["/command"] == [{"seq": 2, "command": "neutral"}]
    assert [row["commands"] for row in topics["/tick"]] == [[], [], ["neutral"], [], []]
    assert json.loads(facts["vtdrive"]["config"]) == {"a": 1}
    assert facts["vtdrive"]["neutral"] == "none"
    assert json.loads(facts["vtdrive.rig"]["bones"]) == list(FULL.bones)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_schemas_name_every_channel_written() -> None:
    assert set(wire.SCHEMAS) >= {"/track", "/emotion", "/raw", "/state", "/mapped", "/tick"}


def test_each_profile_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = McapRecorder(McapSink(path=str(path)))
    sink.open(SMALL)
    profiles = (Profile(), Profile("shapes", mirror=True))
    poses = posed(SMALL, {"aa": 0.25}), posed(SMALL, {"aa": 0.75})
    sink.send(frame_of(SMALL, *poses, profiles=profiles))
    sink.close()
    with path.open("rb") as stream:
        (row,) = (
            json.loads(message.data)["profiles"]
            for _, channel, message in make_reader(stream).iter_messages(topics=["/mapped"])
        )
    assert {name: pose["params"]["aa"] for name, pose in row.items()} == {
        "both": 0.25,
        "shapes mirrored": 0.75,
    }


def test_the_very_bytes_that_were_sent_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    vmc = VmcOutput(VmcSink(port=9))
    vmc.open(FULL)
    sink = recorder(path)
    tap_sent([vmc, sink])
    for seq in range(3):
        frame = frame_of(FULL, posed(FULL, {"aa": seq / 4}), seq=seq, t_ns=seq * 250_000_000)
        vmc.send(frame)
        sink.send(frame)
    vmc.close()
    sink.close()
    with path.open("rb") as stream:
        rows = [
            json.loads(message.data)
            for _, _, message in make_reader(stream).iter_messages(topics=["/sent"])
        ]
    assert [(row["seq"], row["sink"]) for row in rows] == [
        (seq, "vmc 127.0.0.1:9") for seq in range(3)
    ]
    import base64

    frames = [decode([base64.b64decode(d) for d in row["datagrams_b64"]]) for row in rows]
    assert [frame.values["A"] for frame in frames] == [0, 0.25, 0.5]
    assert [frame.time_s for frame in frames] == [0, 0.25, 0.5]


def test_a_crash_costs_at_most_one_flush(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path, flush_hz=2)
    for count in range(1, 61):
        send(sink, 1, start=count - 1)
        # Whoever opens the file now sees what a crash would leave.
        kept = ticks_in(path)
        assert kept == list(range(len(kept)))
        assert (count - len(kept)) * 0.033 <= 0.5
    sink.close()
    assert ticks_in(path) == list(range(60))


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(b"precious")
    with pytest.raises(SinkError, match="exists already") as caught:
        recorder(path)
    assert "{time}" in caught.value.remedy
    assert path.read_bytes() == b"precious"


def test_time_in_the_name(tmp_path: Path) -> None:
    sink = recorder(tmp_path / "take-{time}.mcap")
    sink.close()
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("take-2")
    assert "{" not in path.name


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    sink = McapRecorder(McapSink(path=str(tmp_path / "no" / "a.mcap")))
    with pytest.raises(SinkError, match="no such file"):
        sink.open(FULL)
    sink.close()


def test_a_changed_schema_goes_on_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path)
    send(sink, 2)
    sink.open(SMALL)
    sink.send(frame_of(SMALL, posed(SMALL, {"aa": 1.0}), seq=2, t_ns=66_000_000))
    sink.close()
    assert ticks_in(path) == [0, 1, 2]
    with path.open("rb") as stream:
        rigs = [m for m in make_reader(stream).iter_metadata() if m.name == "vtdrive.rig"]
    assert [len(json.loads(m.metadata["params"])) for m in rigs] == [len(FULL.params), 2]


def test_what_is_not_finite_is_recorded_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path)
    frame = tracked(frame_of(FULL), np.random.default_rng(0))
    assert frame.track is not None
    assert frame.track.face is not None
    raw = frame.raw.copy()
    raw[3] = np.nan
    object.__setattr__(frame, "raw", raw)
    points = frame.track.face.landmarks_px.copy()
    points[7, 1] = np.nan
    object.__setattr__(frame.track.face, "landmarks_px", points)
    sink.send(frame)
    sink.close()
    source = Recording(path)
    source.open()
    tick = source.read()
    source.close()
    assert tick.raw is not None
    np.testing.assert_array_equal(tick.raw, raw)
    assert tick.track is not None
    assert tick.track.face is not None
    np.testing.assert_array_equal(tick.track.face.landmarks_px, points)


class Filling:
    """Stands before a file's raw stream; takes `room` bytes in all, then says ENOSPC."""

    def __init__(self, file: RecordFile, room: int) -> None:
        self.raw, self.room = file._raw, room
        file._raw = self  # type: ignore[assignment]

    def write(self, data: bytes) -> int:
        piece = bytes(data)[: self.room]
        if not piece:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(piece)
        return self.raw.write(piece)

    def truncate(self, size: int) -> int:
        self.room += self.raw.tell() - size
        return self.raw.truncate(size)

    def seek(self, at: int) -> int:
        return self.raw.seek(at)

    def close(self) -> None:
        self.raw.close()


@pytest.mark.parametrize("room", [100_000, 100_001, 123_456])
def test_a_full_disk_ends_the_recording_and_keeps_it_whole(tmp_path: Path, room: int) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path, flush_hz=10)
    assert sink._file is not None
    Filling(sink._file, room)
    with pytest.raises(SinkError, match="disk is full; recording has ended, what was") as caught:
        send(sink, 100)
    assert "free space" in caught.value.remedy
    for _ in range(3):
        with pytest.raises(SinkError, match="disk is full"):
            send(sink, 1, start=100)
    with pytest.raises(SinkError, match="disk is full"):
        sink.open(FULL)
    sink.close()
    kept = ticks_in(path)
    assert kept == list(range(len(kept)))
    assert len(kept) > 5
    # Valid for others as well: proper end, no index.
    with path.open("rb") as stream:
        read = [1 for _ in make_reader(stream).iter_messages(topics=["/tick"])]
    assert len(read) == len(kept)


def test_a_disk_that_fills_at_the_very_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    sink = recorder(path, flush_hz=10)
    send(sink, 7)
    assert sink._file is not None
    Filling(sink._file, 100)
    sink.close()
    assert "disk is full" in sink.stats.last_error
    assert ticks_in(path) == [0, 1, 2, 3, 4]


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import numpy as np
from avatar_frames import FULL, frame_of, tracked
from vtdrive.config.sinks import McapSink
from vtdrive.errors import SinkError
from vtdrive.sinks.mcap import McapRecorder
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
sink = McapRecorder(McapSink(path=sys.argv[2]))
sink.open(FULL)
rng = np.random.default_rng(0)
try:
    for seq in range(300):
        sink.send(tracked(frame_of(FULL, seq=seq, t_ns=seq * 100_000_000), rng))
except SinkError as fault:
    print(fault.what)
sink.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_size_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    support = str(Path(__file__).parents[2] / "support")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, support, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "the disk is full; recording has ended, what was recorded so far is kept" in done.stdout
    kept = ticks_in(path)
    assert kept == list(range(len(kept)))
    assert len(kept) > 5


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from avatar_frames import FULL, frame_of, tracked
from vtdrive.config.sinks import McapSink
from vtdrive.sinks.mcap import McapRecorder
sink = McapRecorder(McapSink(path=sys.argv[2]))
sink.open(FULL)
rng = np.random.default_rng(0)
for seq in range(95):
    sink.send(tracked(frame_of(FULL, seq=seq, t_ns=seq * 33_000_000), rng))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_recorder_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    support = str(Path(__file__).parents[2] / "support")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, support, str(path)], timeout=60, check=False
    )
    assert done.returncode == -9
    kept = ticks_in(path)
    assert kept == list(range(len(kept)))
    assert 95 - len(kept) <= 31
