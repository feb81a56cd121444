"""Commands to a real run, through real sockets: what the avatar does."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from commanded_run import Run, running
from commanded_run import run as run
from waiting import until

from vtdrive.config.control import Control
from vtdrive.config.schema import Config
from vtdrive.control.desk import Desk
from vtdrive.control.http import HttpListener
from vtdrive.control.make import listeners, make_listeners
from vtdrive.control.osc import OscListener
from vtdrive.control.send import send_command
from vtdrive.core.driver import TAKE_NEUTRAL
from vtdrive.errors import SinkError, UsageError
from vtdrive.types import Profile
from vtdrive.vocab import EMOTION_INDEX


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


def test_no_thread_is_left(config: Config, tmp_path: Path) -> None:
    before = {t.ident for t in threading.enumerate()}
    with running(config, tmp_path) as run:
        run.frames(2)
        run.do("record start a")
        run.frames(2)
    until(lambda: {t.ident for t in threading.enumerate()} <= before)


def test_nothing_listens_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(str)
    assert make_listeners(Control(), desk, print) == []
    asked = Control(osc="127.0.0.1:9010", http="[::1]:9011")
    assert [made.name for made in make_listeners(asked, desk, print)] == [
        "osc 127.0.0.1:9010", "http [::1]:9011",
    ]  # fmt: skip
    with listeners(Control(), str, dict, print):
        pass
