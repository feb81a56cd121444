"""Recordings begun and ended by command, and commands in recordings."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from commanded_run import CROSS, Run, lively, running
from commanded_run import run as run
from runtime_parts import Heard, KeepingSink, ScriptedClassifier, ScriptedFeed, ScriptedTracker

from vtdrive.config.schema import Config
from vtdrive.config.sinks import McapSink
from vtdrive.core.commands import parse_command
from vtdrive.core.driver import REST
from vtdrive.errors import SinkError, UsageError
from vtdrive.runtime.build import run_facts
from vtdrive.runtime.replaying import Replay, recorded_config
from vtdrive.runtime.session import Session
from vtdrive.sinks.mcap import McapRecorder
from vtdrive.track_sources.recording import Recording
from vtdrive.types import Profile, Track, VideoFrame


def replayed(path: Path) -> tuple[KeepingSink, Recording]:
    again, recording = KeepingSink(), Recording(path)
    recording.open()
    with closing(recording):
        replay = Replay(recorded_config(recording), recording, [again], tell=print)
        replay.run(threading.Event(), speed=0)
        assert replay.whole, "it ends with the frame of rest, as a run does"
    return again, recording


def test_a_recording_begins_and_ends_in_the_middle_of_a_run(run: Run, tmp_path: Path) -> None:
    run.frames(90)
    assert run.heard.neutrals, "the neutral of this run is taken"
    run.do("expression sadness on 1")
    run.frames(30)
    path = tmp_path / "take 1.mcap"
    assert run.do("record start take 1") == f"recording {path.absolute()}"
    assert run.commander.state()["recording"] == "take 1.mcap"
    run.frames(60)
    run.do("freeze on")
    run.frames(20)
    run.do("freeze off")
    run.frames(40)
    said = threading.Thread(target=lambda: run.heard.on_event(run.do("record stop")))
    said.start()
    while said.is_alive():
        run.frames(1)
    assert any(event.startswith(f"wrote {path.absolute()} (") for event in run.heard.events)
    run.frames(5)
    again, recording = replayed(path)
    ticks = len(again.frames)
    assert 121 <= ticks < 200
    was = [f for f in run.sink.frames if again.frames[0].t_ns <= f.t_ns][: ticks - 1]
    assert [f.t_ns for f in was] == [f.t_ns for f in again.frames[:-1]]
    # Filters and averages start fresh in a replay; after a second it is the run again.
    for then, now in zip(was[30:], again.frames[30:-1], strict=True):
        np.testing.assert_allclose(
            now.poses[Profile()].params, then.poses[Profile()].params, atol=0.02
        )
    told = json.loads(recording.info.config_json)
    assert told["neutral"]["auto"] is False
    assert told["control"]["recordings"] == ".", "folders name the user"
    assert again.frames[0].commands == ("expression sadness on 1.0",)
    commands = [c for f in again.frames for c in f.commands]
    assert commands[1:] == ["freeze on", "freeze off", REST]
    # The same file gives the same bytes, however often.
    twice, _ = replayed(path)
    for a, b in zip(again.frames, twice.frames, strict=True):
        np.testing.assert_array_equal(a.poses[Profile()].params, b.poses[Profile()].params)


def test_what_is_forced_for_a_time_ends_in_the_replay_when_it_did(run: Run, tmp_path: Path) -> None:
    """Counted from the tick that begins the recording, and not from the one before."""
    run.do("emotion off")
    run.do("expression surprise for 1.5 0.7")
    run.frames(20)
    run.do("record start take")
    run.frames(60)
    stopping = threading.Thread(target=run.do, args=("record stop",))
    stopping.start()
    while stopping.is_alive():
        run.frames(1)
    again, _ = replayed(tmp_path / "take.mcap")
    was = {f.t_ns: f.state.emotion.shown for f in run.sink.frames}
    now = {f.t_ns: f.state.emotion.shown for f in again.frames[:-1]}
    assert len(set(now.values())) == 2, "shown, and gone"
    assert now == {t_ns: was[t_ns] for t_ns in now}


def test_a_run_with_commands_replays_to_the_same_bytes(config: Config, tmp_path: Path) -> None:
    """Recorded from its start: toggles, times and what was forced."""
    path, sink = tmp_path / "whole.mcap", KeepingSink()
    recorder = McapRecorder(McapSink(path=str(path)), run_facts(config, None))
    script = {
        20: "freeze toggle", 35: "freeze", 50: "expression joy for 0.77 0.9", 60: "emotion toggle",
        75: "panic", 100: "panic off", 110: "recentre", 130: "emotion on",
    }  # fmt: skip

    class Commanding(ScriptedTracker):
        def track(self, frame: VideoFrame) -> Track:
            if frame.seq in script:
                session.command(parse_command(script[frame.seq]).text)
            return super().track(frame)

    session = Session(
        config,
        feed=ScriptedFeed([True] * 240),
        tracker=Commanding(lively),
        classifier=ScriptedClassifier(CROSS),
        sinks=[sink, recorder],
        listener=Heard(),
    )
    session.run(threading.Event())
    again, _ = replayed(path)
    assert len(again.frames) == len(sink.frames) == 241
    for was, now in zip(sink.frames, again.frames, strict=True):
        assert (was.t_ns, was.status, was.commands) == (now.t_ns, now.status, now.commands)
        for pose, other in zip(was.poses.values(), now.poses.values(), strict=True):
            assert pose.params.tobytes() == other.params.tobytes()
            assert pose.bones_xyzw.tobytes() == other.bones_xyzw.tobytes()
            assert pose.root_m.tobytes() == other.root_m.tobytes()


def test_what_is_sent_is_recorded_and_no_longer_after_the_end(run: Run, tmp_path: Path) -> None:
    run.frames(3)
    tapped = run.vmc
    run.do("record start a")
    run.frames(5)
    assert getattr(tapped, "on_sent", None) is not None
    stopping = threading.Thread(target=run.do, args=("record stop",))
    stopping.start()
    while stopping.is_alive():
        run.frames(1)
    assert getattr(tapped, "on_sent", 0) is None
    assert run.session.outlets.all[0].sink is run.sink
    assert len(run.session.outlets.all) == 3
    assert (tmp_path / "a.mcap").stat().st_size > 1000


def test_one_recording_at_a_time_and_never_over_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.mcap").write_text("mine")
    run.frames(2)
    with pytest.raises(SinkError, match="never overwritten"):
        run.do("record start old")
    assert (tmp_path / "old.mcap").read_text() == "mine"
    with pytest.raises(UsageError, match="nothing is being recorded"):
        run.do("record stop")
    assert "vtdrive-" in run.do("record toggle")
    with pytest.raises(UsageError, match="being recorded already"):
        run.do("record start b")


def test_a_folder_that_is_not_there_is_said(config: Config, tmp_path: Path) -> None:
    with running(config, tmp_path / "none") as run:
        run.frames(1)
        with pytest.raises(SinkError, match="no such file or directory"):
            run.do("record start a")
        run.frames(1)
        assert len(run.session.outlets.all) == 3


def test_the_end_of_a_run_ends_its_recording(config: Config, tmp_path: Path) -> None:
    run = Run(config, tmp_path)
    run.thread.start()
    with run.commander:
        run.frames(2)
        run.do("record start a")
        run.frames(30)
        run.end()
    again, _ = replayed(tmp_path / "a.mcap")
    assert len(again.frames) == 31
    assert any("wrote" in event for event in run.heard.events)


def test_a_recording_of_nothing_leaves_no_file(config: Config, tmp_path: Path) -> None:
    run = Run(config, tmp_path)
    run.thread.start()
    with run.commander:
        run.frames(2)
        run.end()
        run.do("record start a")
    assert not (tmp_path / "a.mcap").exists()
    assert any("nothing was recorded" in event for event in run.heard.events)


def test_nothing_is_begun_once_the_run_is_over(config: Config, tmp_path: Path) -> None:
    with running(config, tmp_path) as run:
        run.frames(3)
    with pytest.raises(UsageError, match="the run is over"):
        run.do("record start late")
    assert list(tmp_path.glob("*.mcap")) == []
