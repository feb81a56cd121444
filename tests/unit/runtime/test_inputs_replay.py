"""Recordings with live inputs replay to the bit."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from inlet_runs import JAW, at_frame, session, with_inputs
from live_inputs import heard, table
from runtime_parts import KeepingSink

from vtdrive.config.inputs import MicInput
from vtdrive.config.schema import Config
from vtdrive.config.sinks import McapSink
from vtdrive.core.driver import TAKE_NEUTRAL
from vtdrive.errors import SourceError
from vtdrive.runtime.build import run_facts
from vtdrive.runtime.midrun import MidRun
from vtdrive.runtime.replaying import Replay, recorded_config
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.spaces import IDENTITY, quat_angle
from vtdrive.track_sources.recording import Recording
from vtdrive.types import Incoming


def restless(i: int, t_ns: int) -> Incoming | None:
    """Two inputs: one at half the rate that goes away for a while, one a voice."""
    t = t_ns * 1e-9
    if i == 0:
        if round(t * 30) % 2 or 2 < t < 3.2:
            return None
        return heard(
            t_ns,
            {"jawOpen": abs(np.sin(5 * t)) / 3, "eyeBlinkLeft": abs(np.sin(t))},
            known=("jawOpen", "mouthClose", "eyeBlink") if t < 1 else "all",
            yaw_deg=8 + 2 * np.sin(t),
            at_m=(0.01, t / 50, -0.4),
            gaze_deg=((3 * np.sin(t), 1.0), (3.0, 1.0)),
            weights={"anger": abs(np.sin(t))},
            found=not 4 < t < 4.3,
        )
    loud = float(abs(np.sin(9 * t)))
    return heard(t_ns, {"jawOpen": loud}, known="given", voice=(loud, 0, 0, 0, 0, loud))


def test_a_recording_replays_to_the_same_bytes(tmp_path: Path, config: Config) -> None:
    soon = config.model_copy(update={"neutral": config.neutral.model_copy(update={"seconds": 1.0})})
    both = with_inputs(soon, table(when_lost="hold"), MicInput(rank="first"))
    sent, again = KeepingSink(), KeepingSink()
    recorder = McapRecorder(McapSink(path=str(tmp_path / "a.mcap")), run_facts(both, None))
    run = session(both, restless, sent, recorder)
    run.command(TAKE_NEUTRAL)
    run.run(threading.Event())
    assert run.driver.mixer.neutrals[0] == 1
    recording = Recording(tmp_path / "a.mcap")
    recording.open()
    told = recorded_config(recording)
    assert told == both
    ticks = Replay(told, recording, [again], tell=print).run(threading.Event(), speed=0)
    recording.close()
    assert ticks == len(sent.frames)
    heard_now = 0
    for was, now in zip(sent.frames, again.frames, strict=True):
        assert was.status == now.status
        assert was.state.shapes.tobytes() == now.state.shapes.tobytes()
        assert was.state.voice.tobytes() == now.state.voice.tobytes()
        assert was.state.emotion.weights.tobytes() == now.state.emotion.weights.tobytes()
        for profile, pose in was.poses.items():
            assert pose.params.tobytes() == now.poses[profile].params.tobytes()
            assert pose.bones_xyzw.tobytes() == now.poses[profile].bones_xyzw.tobytes()
            assert pose.root_m.tobytes() == now.poses[profile].root_m.tobytes()
        heard_now += sum(one is not None for one in now.inputs)
    assert heard_now > 200


def test_a_recording_of_the_middle_begins_with_the_inputs_neutral(
    tmp_path: Path, config: Config
) -> None:
    """Replayed from there, the head is where it was, and no neutral is taken again."""
    soon = config.model_copy(update={"neutral": config.neutral.model_copy(update={"seconds": 0.5})})
    alone = with_inputs(soon, table(channels=("head",)))
    say = lambda i, t: heard(t, yaw_deg=9.0, pitch_deg=-4.0, at_m=(0.1, 0.0, -0.5))  # noqa: E731
    before, sent, again = (KeepingSink() for _ in range(3))
    first = session(alone, say, before, frames=60)
    first.run(threading.Event())
    rests = first.driver.mixer.rests()
    path = tmp_path / "a.mcap"
    late = alone.model_copy(update={"neutral": soon.neutral.model_copy(update={"auto": False})})
    facts = run_facts(late, first.driver.neutral, rests=rests)
    second = session(late, say, sent, McapRecorder(McapSink(path=str(path)), facts), frames=60)
    second.driver.mixer.restore(rests)
    second.run(threading.Event())
    recording = Recording(path)
    recording.open()
    Replay(late, recording, [again], tell=print).run(threading.Event(), speed=0)
    recording.close()
    turned = [quat_angle(f.state.head_xyzw, IDENTITY) for f in again.frames[30:-1]]
    assert max(turned) < 1e-3
    for was, now in zip(sent.frames, again.frames, strict=True):
        assert was.state.head_xyzw.tobytes() == now.state.head_xyzw.tobytes()


def test_a_recording_of_the_middle_holds_what_was_held(tmp_path: Path, config: Config) -> None:
    """A phone that sees no face goes on sending; what it holds came before the recording."""
    held = with_inputs(config, table(channels=("mouth",), when_lost="hold"))
    say = lambda i, t: heard(t, {"jawOpen": 0.9}, found=i < 30)  # noqa: E731
    sent, again = KeepingSink(), KeepingSink()
    run = session(held, say, sent, frames=150)
    midrun = MidRun(run, tmp_path, tell=print)
    at_frame(run, 90, lambda: midrun.start("late"))
    run.run(threading.Event())
    midrun.close()
    recording = Recording(tmp_path / "late.mcap")
    recording.open()
    Replay(recorded_config(recording), recording, [again], tell=print).run(
        threading.Event(), speed=0
    )
    recording.close()
    assert len(again.frames) > 40
    was = {f.t_ns: f.state for f in sent.frames[:-1]}
    for frame in again.frames[15:-1]:
        assert frame.state.shapes[JAW] == was[frame.t_ns].shapes[JAW] == np.float32(0.9)


@pytest.mark.parametrize("text", ["no json", "3", "{}x", '["a"]', "[{}]", '[{"t_ns": "x"}]'])
def test_measurements_that_make_no_sense_are_told_of(
    tmp_path: Path, config: Config, text: str
) -> None:
    refused(tmp_path, with_inputs(config, table()), {"input_lasts": text})


@pytest.mark.parametrize(
    "text", ["no json", "{}", "[0]", '[{}]', '[{"taking": true, "rest": {"head_xyzw": [0]}}]',
             '[{"taking": true, "rest": {"head_xyzw": [0, 0, 0, 0], "head_m": [0, 0, 0],'
             ' "gaze_rad": [0, 0, 0, 0]}}]'],
)  # fmt: skip
def test_neutrals_that_make_no_sense_are_told_of(tmp_path: Path, config: Config, text: str) -> None:
    refused(tmp_path, with_inputs(config, table()), {"input_neutrals": text})


def refused(folder: Path, both: Config, extra: dict[str, str]) -> None:
    """A recording that says this of its start is told to be damaged."""
    facts = RunFacts(extra=extra, inputs=True)
    recorder = McapRecorder(McapSink(path=str(folder / "a.mcap")), facts)
    session(both, lambda i, t: None, recorder, frames=2).run(threading.Event())
    recording = Recording(folder / "a.mcap")
    recording.open()
    with pytest.raises(SourceError, match=r"a\.mcap: "):
        Replay(both, recording, [], tell=print)
    recording.close()


def test_only_recordings_with_inputs_need_a_newer_program(tmp_path: Path, config: Config) -> None:
    found = {}
    for name, run_config in (("without", config), ("with", with_inputs(config, table()))):
        path = tmp_path / f"{name}.mcap"
        recorder = McapRecorder(McapSink(path=str(path)), run_facts(run_config, None))
        session(run_config, lambda i, t: heard(t), recorder, frames=3).run(threading.Event())
        recording = Recording(path)
        recording.open()
        found[name] = recording._facts["format"]
        recording.close()
    assert found == {"without": "1", "with": "2"}
