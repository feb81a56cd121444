"""A recording through the driver again: the same frames, at any speed, and free to leave."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from runtime_parts import Heard, KeepingSink, ScriptedClassifier, ScriptedFeed, ScriptedTracker

from vtdrive.cli.replay import replay
from vtdrive.config.schema import Config
from vtdrive.config.sinks import McapSink
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.driver import REST, TAKE_NEUTRAL, Driver
from vtdrive.core.resting import resting_offset
from vtdrive.errors import SourceError, UsageError
from vtdrive.runtime.build import run_facts
from vtdrive.runtime.replaying import Replay, recorded_config
from vtdrive.runtime.session import Session
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.testing import FakeClock, make_emotion, make_face
from vtdrive.track_sources.recording import Recording
from vtdrive.types import AvatarFrame, VideoFrame
from vtdrive.vocab import EMOTIONS

FRAMES = 60


class LateFeed(ScriptedFeed):
    """Ten minutes pass before the last frame."""

    def take(self, timeout_s: float) -> VideoFrame | None:
        frame = super().take(timeout_s)
        if frame is None or frame.seq < FRAMES - 1:
            return frame
        return VideoFrame(frame.seq, frame.t_ns + 600_000_000_000, frame.image)


def recorded(
    path: Path, config: Config, *, landmarks: bool = True, late: bool = False
) -> list[AvatarFrame]:
    """Record a lively run; what was sent in it."""
    sink = KeepingSink()
    recorder = McapRecorder(McapSink(path=str(path), landmarks=landmarks))
    run = Session(
        config,
        feed=(LateFeed if late else ScriptedFeed)([True] * FRAMES),
        tracker=ScriptedTracker(
            lambda seq: (
                None if 40 < seq < 45 else make_face(yaw_deg=seq / 3, shapes={"jawOpen": 0.4})
            )
        ),
        classifier=ScriptedClassifier([0.02, 0.92, *[0.01] * 6]),
        sinks=[sink, recorder],
        listener=Heard(),
    )
    run.command(TAKE_NEUTRAL)
    run.run(threading.Event())
    return sink.frames


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Recording]:
    recording = Recording(path)
    with contextlib.closing(recording):
        recording.open()
        yield recording


@pytest.mark.parametrize("landmarks", [True, False])
def test_the_same_config_gives_the_same_frames(
    tmp_path: Path, config: Config, landmarks: bool
) -> None:
    sent, again = recorded(tmp_path / "a.mcap", config, landmarks=landmarks), KeepingSink()
    with opened(tmp_path / "a.mcap") as recording:
        ticks = Replay(config, recording, [again], tell=print).run(threading.Event(), speed=0)
    assert ticks == len(sent) == len(again.frames) == FRAMES + 1
    for was, now in zip(sent, again.frames, strict=True):
        assert (was.seq, was.t_ns, was.status) == (now.seq, now.t_ns, now.status)
        for profile, pose in now.poses.items():
            np.testing.assert_allclose(
                pose.params, was.poses[profile].params, rtol=0, atol=0 if landmarks else 1e-4
            )


def test_a_neutral_with_a_resting_expression_is_replayed_to_the_bit(
    tmp_path: Path, config: Config
) -> None:
    """One that the user had saved, and one taken in the run."""
    saved = replace(
        NeutralPose.typical(),
        emotion=resting_offset([make_emotion(0, anger=0.5, neutral=0.4).probs] * 20),
    )
    sent, again = KeepingSink(), KeepingSink()
    recorder = McapRecorder(McapSink(path=str(tmp_path / "a.mcap")), run_facts(config, saved))
    run = Session(
        config,
        feed=ScriptedFeed([True] * 120),
        tracker=ScriptedTracker(),
        classifier=ScriptedClassifier([0.4, 0.02, 0.02, 0.48, 0.02, 0.02, 0.02, 0.02]),
        sinks=[sent, recorder],
        listener=Heard(),
        neutral=saved,
    )
    run.command(TAKE_NEUTRAL)
    run.run(threading.Event())
    before, after = sent.frames[30].state.emotion, sent.frames[-2].state.emotion
    assert EMOTIONS[before.leading] == "sadness"
    assert EMOTIONS[after.leading] == "neutral"
    with opened(tmp_path / "a.mcap") as recording:
        Replay(config, recording, [again], tell=print).run(threading.Event(), speed=0)
    for was, now in zip(sent.frames, again.frames, strict=True):
        assert was.state.emotion.probs.tobytes() == now.state.emotion.probs.tobytes()
        assert was.state.emotion.weights.tobytes() == now.state.emotion.weights.tobytes()


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_it_takes_as_long_as_the_recording_at_that_speed(
    tmp_path: Path, config: Config, speed: float
) -> None:
    recorded(tmp_path / "a.mcap", config)
    clock = FakeClock(7)
    with opened(tmp_path / "a.mcap") as recording:
        replay = Replay(config, recording, [KeepingSink()], tell=print, clock=clock)
        replay.run(threading.Event(), speed=speed)
    took_s = (clock.now_ns() - 7) * 1e-9
    assert took_s == pytest.approx((FRAMES - 1) / 30 / speed, abs=0.001)


def test_a_long_gap_can_be_left(tmp_path: Path, config: Config) -> None:
    recorded(tmp_path / "a.mcap", config, late=True)
    stop, sink = threading.Event(), KeepingSink()

    class Impatient(FakeClock):
        def sleep_until(self, t_ns: int) -> None:
            super().sleep_until(t_ns)
            if self.now_ns() > 10_000_000_000:
                stop.set()

    clock = Impatient()
    with opened(tmp_path / "a.mcap") as recording:
        Replay(config, recording, [sink], tell=print, clock=clock).run(stop)
    assert clock.now_ns() < 12_000_000_000
    assert not any(pose.params.any() for pose in sink.frames[-1].poses.values())


def replayed(take: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The last line that `vtdrive replay` writes about `take`."""
    replay(take, sink=[f"jsonl:{take.with_suffix('.jsonl')}"], speed=0.0)
    return capsys.readouterr().err.splitlines()[-1]


def test_losses_are_told(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(tmp_path / "a.mcap", config)
    whole = (tmp_path / "a.mcap").read_bytes()
    assert replayed(tmp_path / "a.mcap", capsys) == f"{FRAMES + 1} ticks replayed from a.mcap"
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    (tmp_path / "b.mcap").write_bytes(damaged)
    assert replayed(tmp_path / "b.mcap", capsys).endswith("b.mcap; 1 damaged piece was skipped")
    (tmp_path / "c.mcap").write_bytes(whole[: len(whole) // 2])
    assert replayed(tmp_path / "c.mcap", capsys).endswith("c.mcap (its end is missing)")


def test_a_recording_that_a_full_disk_ended_lacks_its_end(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(tmp_path / "a.mcap", config)
    with opened(tmp_path / "a.mcap") as recording:
        ticks = list(recording)
    assert ticks[-1].commands == (REST,)
    recorder = McapRecorder(McapSink(path=str(tmp_path / "b.mcap"), flush_hz=10))
    driver = Driver(config, [recorder.profile])
    recorder.open(driver.schema)
    for tick in ticks[:-1]:
        recorder.send(driver.step(tick.track, tick.emotion, tick.t_ns, ()))
    assert recorder._file is not None
    # As after a full disk: valid, and without what was to come.
    assert recorder._file.abandon()
    recorder.close()
    said = replayed(tmp_path / "b.mcap", capsys)
    with opened(tmp_path / "b.mcap") as recording:
        assert 0 < len(list(recording)) < FRAMES
        assert not recording.truncated
    assert said.endswith("b.mcap (its end is missing)")


def with_facts(path: Path, facts: RunFacts) -> Path:
    """A recording of one frame that says this of its run."""
    recorder = McapRecorder(McapSink(path=str(path)), facts)
    Session(
        Config(),
        feed=ScriptedFeed([True]),
        tracker=ScriptedTracker(),
        classifier=None,
        sinks=[recorder],
        listener=Heard(),
    ).run(threading.Event())
    return path


@pytest.mark.parametrize("text", ['{"emotion": {"gone": 1}}', "no json", "[]"])
def test_a_config_of_another_version_is_told_of(tmp_path: Path, text: str) -> None:
    path = with_facts(tmp_path / "a.mcap", RunFacts(config_json=text))
    with opened(path) as recording, pytest.raises(UsageError, match="does not fit") as caught:
        recorded_config(recording)
    assert "--config" in str(caught.value)


@pytest.mark.parametrize("text", ["no json", "[0]", '{"head_xyzw": "front"}'])
def test_a_neutral_that_makes_no_sense_is_told_of(tmp_path: Path, text: str) -> None:
    path = with_facts(tmp_path / "a.mcap", RunFacts(extra={"neutral": text}))
    with opened(path) as recording, pytest.raises(SourceError, match=r"a\.mcap: "):
        Replay(Config(), recording, [], tell=print)
