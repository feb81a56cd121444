"""Live inputs in a run: mixed by the session, changed while live, alone, refused."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import numpy as np
import pytest
from inlet_runs import JAW, at_frame, session, with_inputs
from live_inputs import ScriptedInput, heard, table
from runtime_parts import Heard, KeepingSink
from waiting import until

from vtdrive.config.inputs import VmcInput
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.errors import SourceNotFound, UsageError
from vtdrive.runtime.build import check_inputs, make_session
from vtdrive.runtime.feed import InputFeed
from vtdrive.runtime.inputs import Inlet, Inlets
from vtdrive.runtime.session import Session
from vtdrive.types import Status
from vtdrive.vocab import SHAPE_INDEX


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
    until(lambda: source.opened == 1)
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
