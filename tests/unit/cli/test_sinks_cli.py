"""`vtdrive sinks`: the list is whole, and the pattern arrives."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from fake_obs import FakeObs
from typer.testing import CliRunner

from vtdrive.cli.app import app
from vtdrive.config.inputs import INPUT_KINDS
from vtdrive.config.sinks import SINK_KINDS
from vtdrive.config.urls import parse_input_url, parse_sink_url
from vtdrive.core import pattern
from vtdrive.errors import UsageError
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.make import make_sink
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.vmc import VmcFrame, decode


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every passage at a tenth of its length."""
    from vtdrive.runtime import probing

    quick = tuple(
        pattern.Passage(p.says, 0.15, p.yaw_deg, p.pitch_deg, p.nods, p.shapes, p.emotion)
        for p in pattern.PASSAGES
    )
    monkeypatch.setattr(pattern, "PASSAGES", quick)
    monkeypatch.setattr(pattern, "_EASE_S", 0.05)
    monkeypatch.setattr(probing, "_CONNECT_S", 0.3)


class VmcFrames:
    """Reads while the pattern is sent: the system keeps too little for all of it."""

    def __init__(self, receiver: socket.socket) -> None:
        self.whole: list[VmcFrame] = []
        self.faults: list[BaseException] = []
        self._receiver = receiver
        receiver.settimeout(0.1)

    def follow(self, stop: threading.Event) -> None:
        waiting: list[bytes] = []
        while not stop.is_set():
            try:
                waiting.append(self._receiver.recv(65536))
            except TimeoutError:
                continue
            if b"/VMC/Ext/Blend/Apply" in waiting[-1]:
                self.whole.append(decode(waiting))
                waiting = []


@pytest.mark.parametrize(("mirror", "said"), [("true", True), ("false", False)])
def test_it_says_which_side_the_drawn_avatar_shows(
    mirror: str, said: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtdrive.runtime.probing.probe", lambda *_, **__: [])
    config = tmp_path / "my.toml"
    config.write_text(
        f'[avatar]\nmirror = {mirror}\n[[sinks]]\nkind = "window"\n', encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["sinks", "test", str(config)])
    assert ("it shows the other side" in done.output) is said


def test_the_list_names_every_kind_and_preset() -> None:
    said = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["sinks", "list"]).output
    for example in [t.example for t in SINK_KINDS.values()]:
        assert example in said
    for example in [t.example for t in INPUT_KINDS.values()]:
        assert example in said
    assert "vseeface" in said


@pytest.mark.parametrize("kind", [*SINK_KINDS, *INPUT_KINDS])
def test_every_kind_is_explained_with_its_options(kind: str) -> None:
    said = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["sinks", "list", kind]).output
    table = {**SINK_KINDS, **INPUT_KINDS}[kind]
    for key in table.model_fields:
        assert key == "kind" or f"  {key} = " in said


@pytest.mark.parametrize("kind", SINK_KINDS)
def test_every_example_of_a_sink_is_one(kind: str) -> None:
    for example in SINK_KINDS[kind].example.split(" or "):
        config = parse_sink_url(example)
        assert type(config) is SINK_KINDS[kind]
        if kind not in ("mcap", "jsonl"):
            assert make_sink(config).name.startswith(kind)


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_every_example_of_an_input_is_one(kind: str) -> None:
    assert type(parse_input_url(INPUT_KINDS[kind].example)) is INPUT_KINDS[kind]


def test_a_wrong_kind_is_told_with_the_nearest() -> None:
    result = CliRunner().invoke(app, ["sinks", "list", "vmx"])
    assert isinstance(result.exception, UsageError)
    assert "did you mean 'vmc'?" in str(result.exception)


@pytest.mark.usefixtures("short")
def test_the_pattern_arrives() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        frames = VmcFrames(receiver)
        with Worker("receive", frames.follow, on_failure=frames.faults.append):
            url = f"vmc://127.0.0.1:{receiver.getsockname()[1]}"
            result = CliRunner().invoke(app, ["sinks", "test", url])
    assert result.exit_code == 0, result.output
    assert not frames.faults
    assert all(f"expression: {name}" in result.output for name in EMOTIONS)
    seen = {name for frame in frames.whole for name, value in frame.values.items() if value > 0.2}
    assert {"Blink_L", "A", "Joy", "Sorrow", "Angry", "MouthSmileLeft"} <= seen
    assert "Blink_R" not in seen - {"Blink"}
    assert not any(
        abs(v) > 0.01 for n, v in frames.whole[-1].values.items() if n.startswith("Mouth")
    )


@pytest.mark.usefixtures("short")
def test_nobody_there_is_told_and_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = CliRunner().invoke(app, ["sinks", "test", f"vmc://127.0.0.1:{port}"])
    assert result.exit_code == 1
    assert "not reached: nobody listens" in result.output


@pytest.mark.usefixtures("short")
def test_a_server_that_nobody_asked_was_not_reached() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = CliRunner().invoke(app, ["sinks", "test", f"vtsphone://127.0.0.1:{port}"])
    assert result.exit_code == 1
    assert "0 packets, 0 kB; not reached: no app asks for tracking yet" in result.output


@pytest.mark.usefixtures("short")
def test_what_a_receiver_that_is_there_refuses_is_told(tmp_path: Path) -> None:
    with FakeObs() as obs:
        config = tmp_path / "rules.toml"
        config.write_text(
            f'[[sinks]]\nkind = "obs"\nport = {obs.port}\n[[sinks.rules]]\n'
            'when = { face = "found", hold_ms = 0 }\nscene = "Nowhere"\n'
        )
        result = CliRunner().invoke(app, ["sinks", "test", str(config)])
    assert result.exit_code == 1
    assert "; but: rule 1: OBS has no such scene: 'Nowhere'" in result.output


def test_a_config_without_sinks_is_told() -> None:
    result = CliRunner().invoke(app, ["sinks", "test", "no-such-preset"])
    assert isinstance(result.exception, UsageError)
