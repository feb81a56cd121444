"""Commands to a real run, through real sockets: what the avatar does, and what is recorded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from runtime_parts import Heard, KeepingSink, ScriptedClassifier, ScriptedFeed, ScriptedTracker

from vtdrive.config.control import Control
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import McapSink, VmcSink
from vtdrive.control.desk import Desk
from vtdrive.control.http import HttpListener
from vtdrive.control.make import listeners, make_listeners
from vtdrive.control.osc import OscListener
from vtdrive.control.send import send_command
from vtdrive.core.commands import parse_command
from vtdrive.core.driver import REST, TAKE_NEUTRAL
from vtdrive.errors import EndOfStream, SinkError, UsageError
from vtdrive.runtime.build import run_facts
from vtdrive.runtime.commanding import Commander
from vtdrive.runtime.presets import Presets
from vtdrive.runtime.replaying import Replay, recorded_config
from vtdrive.runtime.session import Session
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.mcap import McapRecorder
from vtdrive.testing import make_face
from vtdrive.track_sources.recording import Recording
from vtdrive.types import Face, Profile, Track, VideoFrame
from vtdrive.vocab import EMOTION_INDEX

CROSS = [0.02, 0.01, 0.01, 0.01, 0.92, 0.01, 0.01, 0.01]


class Gated(ScriptedFeed):
    """Frames in lockstep, as many as a test lets through."""

    def __init__(self) -> None:
        super().__init__([True] * 100_000)
        self._allowed = threading.Semaphore(0)
        self._over = False

    def let(self, frames: int) -> None:
        for _ in range(frames):
            self._allowed.release()

    def end(self) -> None:
        self._over = True
        self._allowed.release()

    def take(self, timeout_s: float) -> VideoFrame | None:
        assert self._allowed.acquire(timeout=30)
        if self._over:
            raise EndOfStream("gated: over")
        return super().take(timeout_s)


def lively(seq: int) -> Face:
    return make_face(
        yaw_deg=2 * np.sin(seq / 9), shapes={"browInnerUp": 0.4 + 0.3 * np.sin(seq / 7)}
    )


class Saves(KeepingSink):
    """A sink whose program has a replay buffer."""

    def command(self, name: str) -> str | None:
        if self.fault:
            raise SinkError(self.fault, "start it")
        return "the replay is saved" if name == "replay save" else None


class Run:
    """A session that is driven by hand, and its commander."""

    def __init__(self, config: Config, folder: Path, *, presets: tuple[Path, ...] = ()) -> None:
        self.feed, self.sink, self.saves, self.heard = Gated(), KeepingSink(), Saves(), Heard()
        self.vmc = make_sink(VmcSink(port=39_999))
        self.classifier = ScriptedClassifier(CROSS)
        self.session = Session(
            config,
            feed=self.feed,
            tracker=ScriptedTracker(lively),
            classifier=self.classifier,
            sinks=[self.sink, self.saves, self.vmc],
            listener=self.heard,
        )
        self.commander = Commander(
            self.session,
            Presets(presets, load=load_config, use=self.session.reload),
            recordings=folder,
            tell=self.heard.on_event,
        )
        self.thread = threading.Thread(target=self.session.run, args=(threading.Event(),))

    def frames(self, many: int) -> None:
        """Let that many pass, and wait until they have."""
        done = self.session.stats.frames + many
        self.feed.let(many)
        eventually(lambda: self.session.stats.frames >= done)

    def end(self) -> None:
        self.feed.end()
        self.thread.join(10)

    def do(self, text: str) -> str:
        return self.commander.do(text)


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def run(config: Config, tmp_path: Path) -> Iterator[Run]:
    control = Control(recordings=str(tmp_path))
    config = config.model_copy(update={"control": control})
    with running(config, tmp_path) as made:
        yield made


@contextmanager
def running(config: Config, folder: Path, *presets: Path) -> Iterator[Run]:
    made = Run(config, folder, presets=presets)
    made.thread.start()
    try:
        with made.commander:
            yield made
    finally:
        made.end()
        assert not made.thread.is_alive()


def params(run: Run) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return run.sink.frames[-1].poses[Profile()].params


def test_commands_reach_the_avatar_by_osc_and_http(run: Run, tmp_path: Path) -> None:
    told = list[str]()
    desk = Desk(run.do, run.commander.state)
    osc = OscListener("127.0.0.1", 0, desk, told.append)
    http = HttpListener("127.0.0.1", 0, desk, told.append, token_file=tmp_path / "token")
    with closing(osc), closing(http):
        osc.open()
        http.open()
        by_osc, by_http = f"osc://127.0.0.1:{osc.port}", f"http://127.0.0.1:{http.port}"

        def send(url: str, text: str) -> str:
            answer = send_command(url, text, token_file=tmp_path / "token")
            assert answer.done, answer
            return answer.said

        run.frames(30)
        assert send(by_osc, "freeze on") == "freeze on"
        run.frames(1)
        still = params(run).copy()
        run.frames(10)
        np.testing.assert_array_equal(params(run), still)
        assert run.commander.state()["freeze"] is True
        assert send(by_http, "freeze toggle") == "freeze toggle"
        run.frames(15)
        assert not np.array_equal(params(run), still)
        send(by_http, "expression sadness on 1")
        run.frames(30)
        weights = run.sink.frames[-1].state.emotion.weights
        assert weights[EMOTION_INDEX["sadness"]] > 0.95
        assert run.commander.state()["expression"] == "sadness"
        send(by_osc, "panic on")
        run.frames(15)
        assert run.sink.frames[-1].state.emotion.weights.max() == 0
        assert not send_command(by_osc, "replay save").done or run.saves.frames


def test_recentre_is_the_command_that_the_driver_records(run: Run) -> None:
    run.frames(2)
    assert "hold still" in run.do("recentre")
    run.frames(2)
    assert [c for f in run.sink.frames for c in f.commands] == [TAKE_NEUTRAL]


def test_emotion_off_spares_the_classifier(run: Run) -> None:
    run.frames(60)
    assert run.sink.frames[-1].state.emotion.weights[EMOTION_INDEX["anger"]] > 0.5
    run.do("emotion off")
    run.frames(1)
    calls = run.classifier.calls
    run.frames(60)
    assert run.classifier.calls == calls
    assert run.sink.frames[-1].state.emotion.weights.max() == 0
    run.do("emotion on")
    run.frames(60)
    assert run.sink.frames[-1].state.emotion.weights[EMOTION_INDEX["anger"]] > 0.5


def test_a_replay_is_saved_by_whoever_can(run: Run) -> None:
    assert run.do("replay save") == "the replay is saved"
    assert "the replay is saved" in run.heard.events
    run.saves.fault = "the replay buffer is off"
    with pytest.raises(SinkError, match="buffer is off"):
        run.do("replay save")


def test_without_a_program_for_it_that_is_said(config: Config, tmp_path: Path) -> None:
    run = Run(config, tmp_path)
    run.session.outlets.all = run.session.outlets.all[:1]
    with pytest.raises(UsageError, match="no output of this run can save a replay"):
        run.do("replay save")


def test_presets_follow_each_other_and_a_bad_one_changes_nothing(
    config: Config, tmp_path: Path
) -> None:
    for name, text in (
        ("calm", "[head]\ngain = 0.5"), ("Party", "[head]\ngain = 2.0"), ("bad", "[haed]"),
    ):  # fmt: skip
        (tmp_path / f"{name}.toml").write_text(text)
    paths = [tmp_path / f"{name}.toml" for name in ("calm", "Party", "bad")]
    with running(config, tmp_path, *paths) as run:
        run.frames(5)
        gains = []
        for text in ("next", "next", "previous", "party", "none"):
            said = run.do(f"preset {text}")
            run.frames(1)
            gains.append(run.session.config.head.gain)
            assert said.endswith("is in force")
        assert gains == [0.5, 2.0, 0.5, 2.0, 1.0]
        run.do("preset Party")
        with pytest.raises(UsageError, match="haed"):
            run.do("preset next")
        with pytest.raises(UsageError, match="did you mean 'calm'"):
            run.do("preset clam")
        run.frames(1)
        assert run.session.config.head.gain == 2.0
        assert run.commander.state()["preset"] == "Party"
    with running(config, tmp_path) as run, pytest.raises(UsageError, match="there are no presets"):
        run.do("preset next")


def test_a_faulty_preset_is_found_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text("[head]\ngain = 2.0")
    (tmp_path / "bad.toml").write_text("[head]\n\ngian = 2.0")
    paths = [tmp_path / "good.toml", tmp_path / "bad.toml"]
    presets = Presets(paths, load=load_config, use=lambda _: None)
    with pytest.raises(UsageError, match=r"bad.toml:3: .*did you mean 'gain'"):
        presets.check()


def test_previous_of_none_is_the_last_and_the_round_closes(config: Config) -> None:
    used: list[str] = []
    presets = Presets(
        [Path("a.toml"), Path("b.toml")],
        load=lambda layer: used.append(layer[0].stem) or config,  # type: ignore[func-returns-value]
        use=lambda _: None,
    )
    for which in ("previous", "next", "next", "previous"):
        presets.choose(which)
    assert used == ["b", "a", "b", "a"]


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


def test_a_preset_that_cannot_be_used_is_not_in_force(config: Config) -> None:
    def refuse(_: Config) -> None:
        raise UsageError("no", "")

    presets = Presets([Path("a.toml")], load=lambda _: config, use=refuse)
    with pytest.raises(UsageError):
        presets.choose("a")
    assert (presets.name, presets.layer) == ("", ())


def test_no_thread_is_left(config: Config, tmp_path: Path) -> None:
    before = {t.ident for t in threading.enumerate()}
    with running(config, tmp_path) as run:
        run.frames(2)
        run.do("record start a")
        run.frames(2)
    eventually(lambda: {t.ident for t in threading.enumerate()} <= before)


def test_nothing_listens_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(str)
    assert make_listeners(Control(), desk, print) == []
    asked = Control(osc="127.0.0.1:9010", http="[::1]:9011")
    assert [made.name for made in make_listeners(asked, desk, print)] == [
        "osc 127.0.0.1:9010", "http [::1]:9011",
    ]  # fmt: skip
    with listeners(Control(), str, dict, print):
        pass
