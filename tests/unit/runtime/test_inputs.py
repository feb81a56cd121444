"""Live inputs at work: heard in threads, told of, mixed by the session, replayed to the bit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_inputs import ScriptedInput, heard, table
from runtime_parts import Heard, KeepingSink, ScriptedFeed, ScriptedTracker

from vtdrive.config.inputs import InputTable, MicInput, VmcInput
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import McapSink, VmcSink
from vtdrive.core.driver import TAKE_NEUTRAL
from vtdrive.errors import SourceError, SourceNotFound, UsageError
from vtdrive.runtime import inputs as inputs_module
from vtdrive.runtime.build import check_inputs, make_session, run_facts
from vtdrive.runtime.feed import InputFeed
from vtdrive.runtime.inputs import Inlet, Inlets
from vtdrive.runtime.midrun import MidRun
from vtdrive.runtime.replaying import Replay, recorded_config
from vtdrive.runtime.session import Session
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.spaces import IDENTITY, quat_angle
from vtdrive.testing import FakeClock, make_face
from vtdrive.track_sources.recording import Recording
from vtdrive.types import Incoming, Status, VideoFrame
from vtdrive.vocab import SHAPE_INDEX

JAW = SHAPE_INDEX["jawOpen"]


def wait_for(what: Callable[[], bool], limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)


def inlet(source: ScriptedInput, said: list[str], **more: Any) -> Inlet:
    config = more.pop("config", table())
    return Inlet(config, said.append, news=threading.Event(), make=lambda _: source, **more)


def test_the_newest_is_kept_and_one_thread_does_everything() -> None:
    source = ScriptedInput()
    said: list[str] = []
    one = inlet(source, said)
    with Inlets([one]) as inlets:
        assert inlets.newest() == (None,)
        assert one.state() == "waiting"
        first, second = heard(time.monotonic_ns()), heard(time.monotonic_ns())
        for measured in (first, second):
            source.put(measured)
            wait_for(lambda now=measured: one.newest is now)  # type: ignore[misc]
        assert one.state() == "live"
        assert one.rate_hz() == 1.0
    assert (source.opened, source.closed) == (1, 1)
    assert len(source.threads) == 1
    assert said == []


def test_what_cannot_listen_is_told_at_the_start_and_all_are_closed() -> None:
    good, bad = ScriptedInput("good"), ScriptedInput("bad", refuse=True)
    before = threading.active_count()
    with pytest.raises(SourceNotFound, match="bad: cannot listen") as caught:
        Inlets([inlet(good, []), inlet(bad, [])]).__enter__()
    assert caught.value.remedy
    assert (good.closed, bad.closed) == (1, 1)
    assert threading.active_count() == before


def test_a_fallback_that_is_not_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_RETRY_S", 0.01)
    made = [ScriptedInput("mic", refuse=True), ScriptedInput("mic", refuse=True), ScriptedInput()]
    left, said = iter(made), list[str]()
    one = Inlet(MicInput(), said.append, news=threading.Event(), make=lambda _: next(left))
    with Inlets([one]):
        wait_for(lambda: made[2].opened == 1)
        wait_for(lambda: one.state() == "waiting")
    assert [source.closed for source in made] == [1, 1, 1]
    assert len(said) == 2
    assert "cannot listen" in said[0]
    assert "trying again every 2 s" in said[0]
    assert said[1].endswith("works again")


def test_one_that_breaks_is_told_once_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_RETRY_S", 0.01)
    made: list[ScriptedInput] = []

    def make(_: InputTable) -> ScriptedInput:
        # The second one cannot open either, the third can.
        made.append(ScriptedInput(refuse=len(made) == 1))
        return made[-1]

    said: list[str] = []
    one = Inlet(table(when_lost="hold"), said.append, news=threading.Event(), make=make)
    with Inlets([one]):
        made[0].fault = RuntimeError("a cable")
        wait_for(lambda: len(said) == 2)
        made[2].put(heard(5))
        wait_for(lambda: one.newest is not None)
    assert [source.closed for source in made] == [1, 1, 1]
    assert "broke: RuntimeError('a cable')" in said[0]
    assert "trying again every 2 s, its channels stay as they are" in said[0]
    assert said[1] == "scripted: works again"


def watched(said: list[str], **options: Any) -> tuple[Inlet, FakeClock, ScriptedInput]:
    clock, source = FakeClock(1_000_000_000), ScriptedInput()
    one = inlet(source, said, clock=clock, **options)
    one._since_ns = clock.now_ns()
    return one, clock, source


def pass_time(
    one: Inlet, clock: FakeClock, source: ScriptedInput, seconds: float,
    say: Callable[[int], Incoming] | None = None,
) -> None:  # fmt: skip
    for _ in range(round(seconds * 10)):
        clock.advance(0.1)
        if say is not None:
            one._take(say(clock.now_ns()), clock.now_ns())
        one._watch(source, clock.now_ns())


def test_silence_is_said_once_and_its_end(config: Config) -> None:
    said: list[str] = []
    one, clock, source = watched(said, config=table(when_lost="neutral"))
    pass_time(one, clock, source, 20)
    assert len(said) == 1
    assert "nothing has come yet" in said[0]
    pass_time(one, clock, source, 5, heard)
    assert said[1:] == ["scripted: here it is"]
    pass_time(one, clock, source, 20)
    assert said[2:] == ["scripted: has fallen silent; its channels rest until it is back"]
    assert one.state() == "silent"
    pass_time(one, clock, source, 1, heard)
    assert said[3:] == ["scripted: here it is again"]
    assert one.state() == "live"


def test_packets_without_tracking_are_told_apart_from_none() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    source.stats.bytes_read = 20
    pass_time(one, clock, source, 20)
    assert len(said) == 1
    assert "packets come, but no tracking is in them" in said[0]


def test_a_sender_without_a_face_is_said_and_is_not_silent() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    pass_time(one, clock, source, 20, lambda t: heard(t, found=False))
    assert said == ["scripted: it sends, but sees no face"]
    assert one.state() == "no face"
    pass_time(one, clock, source, 1, heard)
    pass_time(one, clock, source, 20, lambda t: heard(t, found=False))
    assert len(said) == 2


def test_a_quiet_room_is_no_news() -> None:
    said: list[str] = []
    one, clock, source = watched(said, config=MicInput())
    pass_time(one, clock, source, 1, lambda t: heard(t, found=False, voice=(0.0,) * 6))
    pass_time(one, clock, source, 60)
    assert said == []


def test_a_fault_that_comes_and_goes_is_told_now_and_then() -> None:
    said: list[str] = []
    one, clock, source = watched(said)
    for i in range(100):
        source.stats.last_error = f"packet {i} makes no sense" if i % 2 else ""
        pass_time(one, clock, source, 0.1, heard)
    assert 1 <= len(said) <= 2


class Speaking(ScriptedTracker):
    """Says something to an input at each frame, as if it had come by then."""

    def __init__(self, inlets: Inlets, say: Callable[[int, int], Incoming | None]) -> None:
        super().__init__(lambda seq: None if 60 < seq < 70 else make_face(yaw_deg=seq / 10))
        self._inlets, self._say = inlets, say

    def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
        for i, one in enumerate(self._inlets.all):
            said = self._say(i, frame.t_ns)
            one.newest = one.newest if said is None else said
        return super().track(frame)


def with_inputs(config: Config, *tables: InputTable) -> Config:
    return config.model_copy(update={"inputs": list(tables)})


def session(
    config: Config, say: Callable[[int, int], Incoming | None], *sinks: Any,
    frames: int = 150, heard_by: Heard | None = None,
) -> Session:  # fmt: skip
    inlets = Inlets([inlet(ScriptedInput(), [], config=one) for one in config.inputs])
    return Session(
        config,
        feed=ScriptedFeed([True] * frames, lockstep=False),
        tracker=Speaking(inlets, say),
        classifier=None,
        sinks=sinks,
        listener=heard_by or Heard(),
        inlets=inlets,
    )


def test_every_tick_reads_the_registers(config: Config) -> None:
    sink = KeepingSink()
    both = with_inputs(config, table(channels=("mouth",)), table(port=1, channels=("brows",)))
    say = lambda i, t: heard(t, {"jawOpen": 0.9, "browInnerUp": 0.8})  # noqa: E731
    session(both, say, sink).run(threading.Event())
    last = sink.frames[-2]
    assert [got.t_ns for got in last.inputs if got] == [last.t_ns] * 2
    assert last.state.shapes[JAW] == pytest.approx(0.9)
    assert last.state.shapes[SHAPE_INDEX["browInnerUp"]] == pytest.approx(0.8)
    assert sink.frames[-1].inputs == ()


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


def test_what_an_input_drives_is_changed_while_live(config: Config) -> None:
    sink, told = KeepingSink(), Heard()
    first = with_inputs(config, table(channels=("mouth",)))
    say = lambda i, t: heard(t, {"jawOpen": 0.9, "browInnerUp": 0.9})  # noqa: E731
    run = session(first, say, sink, heard_by=told)
    later = {50: with_inputs(config, table(channels=("brows",), when_lost="hold"))}
    reload_at(run, later)
    run.run(threading.Event())
    assert run.inlets.all[0].config == later[50].inputs[0], "what it tells of itself follows"
    brow = [float(f.state.shapes[SHAPE_INDEX["browInnerUp"]]) for f in sink.frames[:-1]]
    assert brow[49] < 0.2
    assert brow[-1] == pytest.approx(0.9)
    assert not any("next start" in event for event in told.events)


def test_another_place_waits_for_the_next_start(config: Config) -> None:
    sink, told = KeepingSink(), Heard()
    first = with_inputs(config, table(channels=("mouth",)))
    run = session(first, lambda i, t: heard(t, {"jawOpen": 0.9}), sink, heard_by=told)
    moved = with_inputs(config, table(port=40000, channels=("brows",)))
    reload_at(run, {50: moved, 60: moved, 70: with_inputs(config)})
    run.run(threading.Event())
    assert sink.frames[-2].state.shapes[JAW] == pytest.approx(0.9)
    told_once = [event for event in told.events if "next start" in event]
    assert told_once == ["takes effect at the next start: inputs"] * 2


def reload_at(run: Session, configs: dict[int, Config]) -> None:
    for seq, config in configs.items():
        at_frame(run, seq, partial(run.reload, config))


def at_frame(run: Session, seq: int, do: Callable[[], object]) -> None:
    tracker = run._tracker
    assert tracker is not None
    track = tracker.track

    def doing(frame: VideoFrame):  # type: ignore[no-untyped-def]
        if frame.seq == seq:
            do()
        return track(frame)

    tracker.track = doing  # type: ignore[method-assign]


def blind(config: Config, sink: KeepingSink, told: Heard) -> tuple[Session, ScriptedInput]:
    source, news = ScriptedInput(), threading.Event()
    one = Inlet(table(), told.on_event, news=news, make=lambda _: source)
    run = Session(
        with_inputs(config, table()),
        feed=InputFeed(news),
        tracker=None,
        classifier=None,
        sinks=[sink],
        listener=told,
        inlets=Inlets([one], news),
    )
    return run, source


def test_inputs_alone_drive_an_avatar(config: Config) -> None:
    sink, told = KeepingSink(), Heard()
    run, source = blind(config, sink, told)
    stop = threading.Event()
    done = threading.Thread(target=run.run, args=(stop,))
    done.start()
    wait_for(lambda: source.opened == 1)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        # Faster than anybody wants it.
        source.put(heard(time.monotonic_ns(), {"jawOpen": 0.7}, yaw_deg=10.0))
        time.sleep(0.002)
    stop.set()
    done.join(5)
    assert not done.is_alive()
    live = [frame for frame in sink.frames if frame.status is Status.LIVE]
    assert live[-1].state.shapes[JAW] == pytest.approx(0.7)
    apart = np.diff([frame.t_ns for frame in live]) * 1e-9
    assert np.median(apart) >= 1 / 125
    assert sink.frames[-1].status is Status.LOST
    assert not any(pose.params.any() for pose in sink.frames[-1].poses.values())
    assert run.stats.frames == 0
    assert run.stats.percentiles()["capture_to_wire"]["p50"] < 60
    assert run.stats.fps() > 20


def test_a_silent_input_alone_still_ticks_and_ends_in_time(config: Config) -> None:
    sink, told = KeepingSink(), Heard()
    run, source = blind(config, sink, told)
    start = time.monotonic()
    run.run(threading.Event(), max_seconds=0.5)
    assert 0.4 < time.monotonic() - start < 3.0
    assert 8 <= len(sink.frames) <= 20
    assert source.closed == 1


def test_a_neutral_of_an_input_is_told(config: Config) -> None:
    told = Heard()
    said: list[str] = []
    both = with_inputs(config, table())
    run = session(both, lambda i, t: heard(t, yaw_deg=3.0), KeepingSink(), heard_by=told)
    run.inlets.all[0]._tell = said.append
    run.run(threading.Event())
    assert said == ["scripted: neutral taken: straight ahead (n takes it anew)"]


PHONE = {"kind": "vtsphone-in", "host": "192.0.2.7"}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"source": {"uri": "none"}}, "nothing to drive"),
        ({"source": {"uri": "a.mp4", "fast": True}, "inputs": [{"kind": "vmc-in"}]}, "--fast"),
        (
            {"inputs": [{"kind": "vmc-in"}], "sinks": [{"kind": "vmc", "port": 39540}]},
            "would hear what vtdrive itself sends",
        ),
        (
            {
                "inputs": [{"kind": "vmc-in", "host": "0.0.0.0"}],
                "sinks": [{"kind": "vmc", "host": "localhost", "port": 39540}],
            },
            "would hear what vtdrive itself sends",
        ),
        (
            {"inputs": [PHONE, {**PHONE, "channels": ["mouth"]}]},
            "named twice",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(changed: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        check_inputs(load_config([], overrides=changed))
    assert caught.value.remedy


def test_the_same_port_of_another_machine_is_another_place() -> None:
    sent = {"kind": "vmc", "host": "192.0.2.7", "port": 39540}
    check_inputs(load_config([], overrides={"inputs": [{"kind": "vmc-in"}], "sinks": [sent]}))


def test_two_runs_cannot_hear_one_port(config: Config) -> None:
    """The second is told at its start, before any model is loaded."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        source = config.source.model_copy(update={"uri": "none"})
        run_config = with_inputs(config, VmcInput(port=port)).model_copy(
            update={"source": source, "sinks": [VmcSink(port=9)]}
        )
        told, sink = Heard(), KeepingSink()
        run = make_session(run_config, listener=told, sinks=[sink])
        with pytest.raises(SourceNotFound, match=f"vmc-in 127.0.0.1:{port}: cannot listen") as why:
            run.run(threading.Event())
    assert "another port" in why.value.remedy
    assert sink.frames == []
