"""`replay save` through the OBS sink, against the stand-in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from avatar_frames import SMALL, frame_of
from fake_obs import FakeObs

from vtdrive.config.sinks import ObsSink
from vtdrive.errors import SinkError
from vtdrive.sinks import obs as obs_sink
from vtdrive.sinks.base import Commandable
from vtdrive.sinks.obs import ObsOutput


@pytest.fixture
def fake() -> Iterator[FakeObs]:
    with FakeObs() as running:
        yield running


@pytest.fixture
def sink(fake: FakeObs) -> Iterator[ObsOutput]:
    made = ObsOutput(ObsSink(port=fake.port))
    made.open(SMALL)
    made.send(frame_of(SMALL, seq=0, t_ns=0))
    fake.until(lambda: bool(made.stats.connected))
    yield made
    made.close()


def test_a_replay_is_saved_and_said(fake: FakeObs, sink: ObsOutput) -> None:
    assert isinstance(sink, Commandable)
    fake.replay_runs = True
    assert sink.command("replay save") == f"{sink.name}: the replay is saved"
    assert fake.replays == 1
    assert sink.command("somersault") is None


def test_a_buffer_that_is_off_is_said_with_its_remedy(fake: FakeObs, sink: ObsOutput) -> None:
    fake.replay_runs = False
    with pytest.raises(SinkError, match="replay buffer is not running") as caught:
        sink.command("replay save")
    assert "Replay Buffer" in caught.value.remedy
    assert fake.replays == 0


def test_obs_that_is_away_is_said_at_once(fake: FakeObs, sink: ObsOutput) -> None:
    fake.kill()
    deadline = time.monotonic() + 5
    while sink.stats.connected:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started = time.monotonic()
    with pytest.raises(SinkError) as caught:
        sink.command("replay save")
    assert time.monotonic() - started < 0.5
    assert caught.value.remedy


def test_obs_that_hangs_is_not_waited_for_long(
    fake: FakeObs, sink: ObsOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obs_sink, "_COMMAND_S", 0.2)

    def hang(name: str, data: dict[str, Any]) -> tuple[int, str, None]:
        time.sleep(1)
        return 100, "", None

    monkeypatch.setattr(fake, "_answer", hang)
    with pytest.raises(SinkError, match="does not answer"):
        sink.command("replay save")


def test_before_it_was_opened_there_is_nobody_to_ask() -> None:
    closed = ObsOutput(ObsSink())
    with pytest.raises(SinkError, match="not connected"):
        closed.command("replay save")
    closed.close()
