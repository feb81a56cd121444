"""OBS by rules, against a stand-in whose protocol a third-party client confirms."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import numpy as np
import pytest
import simpleobsws
from avatar_frames import SMALL, frame_of
from fake_obs import FakeObs
from pydantic import SecretStr

from vtdrive.config.schema import Config
from vtdrive.config.sinks import ObsSink
from vtdrive.config.sinks.obs import ObsRule
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.runtime.build import run_facts
from vtdrive.sinks import looping, obs_link, obs_password
from vtdrive.sinks import obs as obs_sink
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.obs import ObsOutput
from vtdrive.sinks.obs_rules import ObsRules
from vtdrive.sinks.udp import endpoint
from vtdrive.types import AvatarFrame, EmotionState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, SHAPE_INDEX

AT_ONCE = {"hold_ms": 0, "debounce_ms": 0, "min_on_ms": 0}
LAUGH = {
    "when": {"emotion": "happiness", **AT_ONCE},
    "scene": "Laughing",
    "otherwise": {"scene": "Main"},
}
Play = Callable[..., ObsOutput]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looping, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(looping, "_LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(obs_sink, "_UNREADY_S", 0.01)
    monkeypatch.setattr(obs_sink, "_TEXT_S", 0.02)
    monkeypatch.setattr(obs_link, "_OPEN_S", 0.5)
    monkeypatch.setattr(obs_link, "_ANSWER_S", 0.3)
    monkeypatch.delenv("VTDRIVE_OBS_PASSWORD", raising=False)
    monkeypatch.setattr(obs_password, "_asked", lambda service: ("", ""))


@pytest.fixture
def fake() -> Iterator[FakeObs]:
    with FakeObs() as running:
        yield running


@pytest.fixture
def play() -> Iterator[Play]:
    """`play(fake, rule, …, port=…)`: an open sink with these rules."""
    made: list[ObsOutput] = []

    def start(fake: FakeObs, *rules: dict[str, Any], **keys: Any) -> ObsOutput:
        table = ObsSink(
            port=fake.port, rules=[ObsRule.model_validate(rule) for rule in rules], **keys
        )
        sink = make_sink(table)
        assert isinstance(sink, ObsOutput)
        made.append(sink)
        sink.open(SMALL)
        return sink

    yield start
    for sink in made:
        sink.close()


class Film:
    """Frames 33 ms apart."""

    def __init__(self, sink: ObsOutput) -> None:
        self.sink, self.seq = sink, 0

    def show(
        self, emotion: str = "neutral", *, frames: int = 1, status: Status = Status.LIVE,
        sure: float = 0.9, **shapes: float,
    ) -> None:  # fmt: skip
        for _ in range(frames):
            self.sink.send(self.frame(emotion, status, sure, shapes))
            self.seq += 1

    def frame(
        self, emotion: str, status: Status, sure: float, shapes: dict[str, float]
    ) -> AvatarFrame:
        frame = frame_of(SMALL, seq=self.seq, t_ns=self.seq * 33_000_000, status=status)
        index, values = EMOTION_INDEX[emotion], np.zeros(52)
        for name, value in shapes.items():
            values[SHAPE_INDEX[name]] = value
        probs, weights = np.full(8, (1 - sure) / 7), np.zeros(8)
        probs[index] = sure
        weights[index] = 0.8 * (index > 0)
        felt = EmotionState(frozen(probs), frozen(weights), index, index)
        state = dataclasses.replace(frame.state, shapes=frozen(values), emotion=felt)
        return dataclasses.replace(frame, state=state)


def up(fake: FakeObs, sink: ObsOutput) -> Film:
    fake.until(lambda: bool(sink.stats.connected))
    return Film(sink)


def test_a_third_party_client_finds_the_stand_in_to_be_obs() -> None:
    async def talk(fake: FakeObs, password: str) -> bool:
        client = simpleobsws.WebSocketClient(f"ws://127.0.0.1:{fake.port}", password)
        await client.connect()
        try:
            if not await client.wait_until_identified(1):
                assert client.ws.close_code == 4009
                return False
            wanted = {"sceneName": "Laughing"}
            done = await client.call(simpleobsws.Request("SetCurrentProgramScene", wanted))
            assert done.ok()
            refused = await client.call(
                simpleobsws.Request("SetCurrentProgramScene", {"sceneName": "No"})
            )
            assert refused.requestStatus.code == 600
            version = await client.call(simpleobsws.Request("GetVersion"))
            assert "SaveReplayBuffer" in version.responseData["availableRequests"]
            return True
        finally:
            await client.disconnect()

    with FakeObs(password="sesame") as fake:
        assert asyncio.run(talk(fake, "sesame"))
        assert fake.on_air == "Laughing"
        assert not asyncio.run(talk(fake, "wrong"))


def test_a_smile_switches_the_scene_and_its_end_switches_back(fake: FakeObs, play: Play) -> None:
    film = up(fake, play(fake, LAUGH))
    film.show()
    assert fake.on_air == "Main"
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    film.show("neutral")
    fake.until(lambda: fake.on_air == "Main")
    assert len(fake.requests("SetCurrentProgramScene")) == 2
    assert fake.early == []


def test_everything_a_rule_can_do(fake: FakeObs, play: Play) -> None:
    rule = {
        "when": {"signal": "mouthSmile", "above": 0.5, **AT_ONCE},
        "show": ["Hearts"],
        "hide": ["Camera"],
        "in_scene": "Main",
        "filters": [{"source": "Camera", "name": "Glow", "enabled": True, "settings": {"size": 3}}],
        "text": {"Mood": "{emotion} at {percent} %"},
        "hotkey": "OBSBasic.Transition",
        "keys": "ctrl+F5",
        "record": "start",
        "save_replay": True,
        "chapter": "{emotion}",
        "otherwise": {"record": "stop", "hide": ["Hearts"]},
    }
    film = up(fake, play(fake, rule))
    film.show("surprise", sure=0.6, mouthSmileLeft=0.9, mouthSmileRight=0.9)
    fake.until(lambda: fake.chapters == ["surprise"])
    assert fake.scenes["Main"] == {"Camera": False, "Hearts": True}
    assert fake.filters["Camera", "Glow"] == {
        "enabled": True,
        "settings": {"keep": 1, "size": 3},
    }
    assert fake.texts["Mood"] == "surprise at 60 %"
    assert fake.pressed == ["OBSBasic.Transition", ("OBS_KEY_F5", ["control"])]
    assert (fake.recording, fake.replays) == (True, 1)
    film.show()
    fake.until(lambda: not fake.scenes["Main"]["Hearts"])
    fake.until(lambda: not fake.recording)


def test_a_source_of_the_scene_on_air_needs_no_scene(fake: FakeObs, play: Play) -> None:
    rule = {"when": {"emotion": "happiness", **AT_ONCE}, "show": ["Hearts"]}
    film = up(fake, play(fake, rule))
    film.show("happiness")
    fake.until(lambda: fake.scenes["Main"]["Hearts"])


def test_a_text_follows_the_face_while_its_rule_holds(fake: FakeObs, play: Play) -> None:
    rule = {"when": {"face": "found", **AT_ONCE}, "text": {"Mood": "{emotion} {percent}"}}
    film = up(fake, play(fake, rule))
    for emotion, sure in (("neutral", 0.9), ("anger", 0.7), ("anger", 0.5)):
        film.show(emotion, sure=sure)
        wanted = f"{emotion} {round(sure * 100)}"
        fake.until(lambda wanted=wanted: fake.texts["Mood"] == wanted)  # type: ignore[misc]
    sent = len(fake.requests("SetInputSettings"))
    film.show("anger", sure=0.5, frames=5)
    time.sleep(0.1)
    assert len(fake.requests("SetInputSettings")) == sent
    film.show("anger", status=Status.LOST)
    film.show("sadness", status=Status.LOST)
    time.sleep(0.1)
    assert fake.texts["Mood"] == "anger 50"


def test_a_lost_face_goes_to_another_scene(fake: FakeObs, play: Play) -> None:
    rule = {
        "when": {"face": "lost", "hold_ms": 100, "debounce_ms": 0, "min_on_ms": 0},
        "scene": "Away",
        "otherwise": {"scene": "Main"},
    }
    film = up(fake, play(fake, rule))
    film.show(status=Status.LOST, frames=3)
    time.sleep(0.05)
    assert fake.on_air == "Main"
    film.show(status=Status.LOST, frames=3)
    fake.until(lambda: fake.on_air == "Away")
    film.show()
    fake.until(lambda: fake.on_air == "Main")


def test_the_end_of_the_run_leaves_obs_as_its_rules_do(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    up(fake, sink).show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    sink.close()
    assert fake.on_air == "Main"
    assert sink.stats.connected is False


def test_obs_that_starts_late_gets_what_holds_now_and_nothing_of_the_past(play: Play) -> None:
    fake = FakeObs()
    fake.start()
    fake.kill()
    replay = {"when": {"emotion": "happiness", **AT_ONCE}, "save_replay": True, "hotkey": "X"}
    sink = play(fake, LAUGH, replay)
    film = Film(sink)
    film.show("happiness")
    fake.until(lambda: "nothing listens at" in sink.stats.last_error)
    assert "Enable WebSocket server" in sink.stats.remedy
    assert sink.stats.connected is False
    with fake:
        fake.until(lambda: fake.on_air == "Laughing")
        assert fake.replays == 0
        assert fake.requests("TriggerHotkeyByName") == []
        fake.until(lambda: "hotkey" in sink.stats.last_error)  # there is none named X


def test_obs_that_dies_comes_back_to_what_holds(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    fake.kill()
    fake.until(lambda: sink.stats.connected is False)
    fake.until(lambda: sink.stats.last_error != "")
    fake.on_air = "Main"
    fake.start()
    fake.until(lambda: fake.on_air == "Laughing")
    assert sink.stats.last_error == ""
    film.show()
    fake.until(lambda: fake.on_air == "Main")


def test_what_ended_while_obs_was_away_is_caught_up_with(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    fake.kill()
    fake.until(lambda: sink.stats.connected is False)
    film.show()
    fake.start()
    fake.until(lambda: fake.on_air == "Main")


def test_what_ended_before_is_not_set_again(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    film.show("happiness")
    film.show()
    fake.until(lambda: len(fake.requests("SetCurrentProgramScene")) == 2)
    fake.kill()
    fake.until(lambda: sink.stats.connected is False)
    fake.on_air = "Away"  # by the streamer's own hand
    fake.start()
    fake.until(lambda: bool(sink.stats.connected))
    film.show(frames=3)
    time.sleep(0.1)
    assert fake.on_air == "Away"


def test_of_two_rules_for_one_thing_a_new_connection_sets_the_last_only(play: Play) -> None:
    fake = FakeObs()
    fake.start()
    fake.kill()
    open_mouth = {"when": {"signal": "jawOpen", "above": 0.5, **AT_ONCE}, "scene": "Away"}
    film = Film(play(fake, LAUGH, open_mouth))
    film.show("happiness")
    film.show("happiness", jawOpen=0.9)
    with fake:
        fake.until(lambda: fake.on_air == "Away")
        assert fake.requests("SetCurrentProgramScene") == [{"sceneName": "Away"}]


@pytest.mark.parametrize("place", ["config", "environment", "keyring"])
def test_the_password_is_found(
    place: str, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys: dict[str, Any] = {}
    if place == "config":
        keys["password"] = SecretStr("sesame")
    elif place == "environment":
        monkeypatch.setenv("VTDRIVE_OBS_PASSWORD", "sesame")
    else:
        monkeypatch.setattr(obs_password, "_asked", lambda service: ("sesame", ""))
    with FakeObs(password="sesame") as fake:
        sink = play(fake, LAUGH, **keys)
        film = up(fake, sink)
        film.show("happiness")
        fake.until(lambda: fake.on_air == "Laughing")
        assert "sesame" not in caplog.text
        assert "sesame" not in repr(vars(sink))


@pytest.mark.parametrize(
    ("keys", "variable", "what", "remedy"),
    [
        ({"password": SecretStr("no")}, "", "refused the password from the config", "`password`"),
        ({}, "no", "refused the password from VTDRIVE_OBS_PASSWORD", "correct VTDRIVE_OBS_"),
        ({}, "", "OBS wants a password: no password is set", "keyring set vtdrive-obs password"),
    ],
)
def test_a_wrong_password_is_told_and_not_tried_again(
    keys: dict[str, Any], variable: str, what: str, remedy: str, play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if variable:
        monkeypatch.setenv("VTDRIVE_OBS_PASSWORD", variable)
    with FakeObs(password="sesame") as fake:
        sink = play(fake, LAUGH, **keys)
        fake.until(lambda: what in sink.stats.last_error)
        assert remedy in sink.stats.remedy
        assert "Show Connect Info" in sink.stats.remedy
        time.sleep(0.2)
        assert fake.connections == 1
        assert sink.stats.connected is False
        Film(sink).show("happiness", frames=3)
        assert fake.asked == []


def test_a_keyring_is_read_under_its_service_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ring(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            if service == "broken":
                raise keyring.errors.KeyringLocked("secret words")
            if service == "none":
                raise keyring.errors.NoKeyringError
            return "sesame" if (service, username) == ("vtdrive-obs", "password") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    monkeypatch.undo()
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    try:
        found = asyncio.run(obs_password.find_password(ObsSink()))
        assert (found.text, found.place) == ("sesame", "the keyring")
        assert "sesame" not in repr(found)
        other = asyncio.run(obs_password.find_password(ObsSink(keyring_service="other")))
        assert other.text == ""
        assert "keyring set other password" in other.remedy
        broken = asyncio.run(obs_password.find_password(ObsSink(keyring_service="broken")))
        assert broken.place == "no password is set (the keyring cannot be read: KeyringLocked)"
        assert broken.remedy.startswith("set VTDRIVE_OBS_PASSWORD to it; OBS shows it at")
        none = asyncio.run(obs_password.find_password(ObsSink(keyring_service="none")))
        assert none.place == "no password is set (this system has no keyring)"
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(service: str) -> tuple[str, str]:
        time.sleep(0.3)
        return "late", ""

    monkeypatch.setattr(obs_password, "_KEYRING_S", 0.05)
    monkeypatch.setattr(obs_password, "_asked", slow)
    found = asyncio.run(obs_password.find_password(ObsSink()))
    assert found.place == "no password is set (the keyring does not answer)"
    time.sleep(0.4)  # its thread must not outlive the test


def test_not_ready_is_asked_again(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    time.sleep(0.1)
    fake.unready = 5
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    assert len(fake.requests("SetCurrentProgramScene")) == 6
    assert sink.stats.last_error == ""


def test_obs_that_is_still_starting_is_waited_for(play: Play) -> None:
    fake = FakeObs(version="29.0.2")
    fake.unready = 4
    with fake:
        chapter = {"when": {"emotion": "anger", **AT_ONCE}, "chapter": "x"}
        sink = play(fake, LAUGH, chapter)
        up(fake, sink).show("happiness")
        fake.until(lambda: fake.on_air == "Laughing")
        assert sink.stats.note == "OBS 29.0.2, 2 rules"
        fake.until(lambda: "chapters" in sink.stats.last_error)


def test_a_kick_is_final(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    fake.close_all(4011, "Your session has been invalidated.")
    fake.until(lambda: "pressed Kick" in sink.stats.last_error)
    time.sleep(0.2)
    assert fake.connections == 1
    film.show("happiness")
    assert fake.on_air == "Main"


def test_any_other_close_is_not(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    up(fake, sink)
    fake.close_all(4005, "field")
    fake.until(lambda: fake.connections == 2)
    film = up(fake, sink)
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")


def test_old_obs_sets_no_chapters_and_says_so_once(play: Play) -> None:
    chapter = {"when": {"emotion": "happiness", **AT_ONCE}, "chapter": "laugh"}
    with FakeObs(version="29.0.2") as fake:
        sink = play(fake, LAUGH, chapter)
        film = up(fake, sink)
        fake.until(lambda: sink.stats.last_error != "")
        assert sink.stats.last_error == ("rule 2: OBS 29.0.2 cannot set chapters in a recording")
        assert "30.2" in sink.stats.remedy
        assert "Hybrid MP4" in sink.stats.remedy
        film.show("happiness")
        fake.until(lambda: fake.on_air == "Laughing")
        assert fake.requests("CreateRecordChapter") == []


def test_a_chapter_without_a_recording_is_told(fake: FakeObs, play: Play) -> None:
    sink = play(fake, {"when": {"emotion": "anger", **AT_ONCE}, "chapter": "rage"})
    film = up(fake, sink)
    film.show("anger")
    fake.until(lambda: "set no chapter" in sink.stats.last_error)
    fake.recording = True
    film.show()
    film.show("anger")
    fake.until(lambda: fake.chapters == ["rage"])
    fake.until(lambda: sink.stats.last_error == "")


def test_a_replay_buffer_that_does_not_run_is_told(fake: FakeObs, play: Play) -> None:
    fake.replay_runs = False
    sink = play(fake, {"when": {"emotion": "anger", **AT_ONCE}, "save_replay": True})
    up(fake, sink).show("anger")
    fake.until(lambda: "replay buffer is not running" in sink.stats.last_error)
    assert "Start Replay Buffer" in sink.stats.remedy


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (
            {"scene": "Laughin"},
            "OBS has no such scene: 'Laughin' is not there"
            " (allowed: Main, Laughing, Away; did you mean 'Laughing'?)",
        ),
        (
            {"show": ["Heart"], "in_scene": "Main"},
            "OBS has no such source in scene 'Main': 'Heart' is not there"
            " (allowed: Camera, Hearts; did you mean 'Hearts'?)",
        ),
        (
            {"show": ["Hearts"], "in_scene": "Mian"},
            "OBS has no such scene: 'Mian' is not there"
            " (allowed: Main, Laughing, Away; did you mean 'Main'?)",
        ),
        (
            {"filters": [{"source": "Camera", "name": "Glo", "enabled": True}]},
            "OBS has no such filter of 'Camera': 'Glo' is not there"
            " (allowed: Glow; did you mean 'Glow'?)",
        ),
        (
            {"filters": [{"source": "Cam", "name": "Glow", "enabled": True}]},
            "OBS has no such source: 'Cam' is not there"
            " (allowed: Camera, Mood, Main, Laughing, Away; did you mean 'Camera'?)",
        ),
        (
            {"text": {"Moood": "x"}},
            "OBS has no such text source: 'Moood' is not there"
            " (allowed: Mood; did you mean 'Mood'?)",
        ),
        (
            {"hotkey": "Transition"},
            "OBS has no such hotkey: 'Transition' is not there"
            " (allowed: OBSBasic.Transition; did you mean 'OBSBasic.Transition'?)",
        ),
    ],
)
def test_a_name_that_obs_does_not_have_is_told_at_the_start_with_those_it_has(
    does: dict[str, Any], said: str, fake: FakeObs, play: Play
) -> None:
    sink = play(fake, LAUGH, {"when": {"emotion": "anger", **AT_ONCE}, **does})
    film = up(fake, sink)
    fake.until(lambda: sink.stats.last_error == f"rule 2: {said}")
    film.show("anger")
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    assert sink.stats.last_error == f"rule 2: {said}"


def test_a_name_that_is_mended_in_obs_is_no_fault_any_more(fake: FakeObs, play: Play) -> None:
    sink = play(fake, {"when": {"emotion": "anger", **AT_ONCE}, "scene": "Rage"})
    film = up(fake, sink)
    fake.until(lambda: "'Rage'" in sink.stats.last_error)
    fake.scenes["Rage"] = {}
    film.show("anger")
    fake.until(lambda: fake.on_air == "Rage")
    fake.until(lambda: sink.stats.last_error == "")


def test_all_that_is_wrong_is_told_together(fake: FakeObs, play: Play) -> None:
    rules = [
        {"when": {"emotion": "anger"}, "scene": f"S{i}", "otherwise": {"scene": f"O{i}"}}
        for i in range(3)
    ]
    sink = play(fake, *rules)
    fake.until(lambda: sink.stats.last_error != "")
    said = sink.stats.last_error
    assert said.count("rule 2: ") == said.count("rule 3: ") == 2  # the newest, as is the remedy
    assert said.endswith("; … and 2 more")
    assert sink.stats.remedy == "correct the name in the rule, or add it in OBS"


@pytest.mark.parametrize(
    ("signal", "left"),
    [("eyeBlinkLeft", True), ("eyeBlinkRight", False), ("head.yaw_deg", True)],
)
def test_left_is_the_users_own_left(signal: str, left: bool, fake: FakeObs, play: Play) -> None:
    above = 15.0 if signal.endswith("deg") else 0.5
    rule = {**LAUGH, "when": {"signal": signal, "above": above, **AT_ONCE}}
    sink = play(fake, rule)
    film = up(fake, sink)
    # Winks with the left eye, head turned to the left: +Y up and +X left, so yaw is positive.
    frame = film.frame("neutral", Status.LIVE, 0.9, {"eyeBlinkLeft": 1.0})
    half = np.radians(25) / 2
    turned = frozen((0.0, np.sin(half), 0.0, np.cos(half)))
    sink.send(dataclasses.replace(frame, state=dataclasses.replace(frame.state, head_xyzw=turned)))
    if left:
        fake.until(lambda: fake.on_air == "Laughing")
    else:
        time.sleep(0.1)
        assert fake.on_air == "Main"


def test_obs_that_hangs_is_left_and_tried_again(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    time.sleep(0.05)
    fake.answers = False
    film.show("happiness")
    fake.until(lambda: "does not answer" in sink.stats.last_error)
    fake.answers = True
    fake.until(lambda: fake.on_air == "Laughing")


def test_what_is_not_obs_is_told(play: Play) -> None:
    with FakeObs() as fake:
        fake.greets = False
        sink = play(fake, LAUGH)
        fake.until(lambda: "does not speak obs-websocket 5" in sink.stats.last_error)
        assert "OBS 28" in sink.stats.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_where_nobody_listens_the_way_to_switch_it_on_is_told(host: str, play: Play) -> None:
    fake = FakeObs()
    fake.start()
    fake.kill()
    sink = play(fake, LAUGH, host=host)
    fake.until(lambda: sink.stats.last_error != "")
    said = (f"nothing listens at {endpoint(host, fake.port)}", "cannot be reached")  # no IPv6 here
    assert any(each in sink.stats.last_error for each in said[: 1 + (host == "::1")])
    assert sink.stats.remedy


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "is not OBS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is not OBS"),
        (b"", "is not OBS"),
        (None, "does not answer"),
    ],
)
def test_another_server_is_told_from_obs(answer: bytes | None, said: str, play: Play) -> None:
    release = threading.Event()

    class Door(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            if answer is None:
                release.wait(5)
            else:
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        fake = FakeObs(port=server.server_address[1])
        sink = play(fake, LAUGH)
        fake.until(lambda: said in sink.stats.last_error)
        assert sink.stats.remedy
        sink.close()
        release.set()
        server.shutdown()
        thread.join(5)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70, "my pc", "a#b"])
def test_a_name_that_leads_nowhere_is_told(host: str, play: Play) -> None:
    sink = play(FakeObs(port=4455), LAUGH, host=host)
    FakeObs().until(lambda: "there is no machine" in sink.stats.last_error, 15)


@pytest.mark.parametrize(
    "raw",
    [
        "", "{", "[]", "null", '{"op": 7}', '{"op": 7, "d": []}', '{"op": "x", "d": {}}',
        b"\x80\xff",
        '{"op": 7, "d": {"requestId": 5, "requestStatus": {}}}',
        '{"op": 7, "d": {"requestId": "1", "requestStatus": "x"}}',
        '{"op": 5, "d": {"eventType": "X"}}', "[" * 100_000,
    ],
)  # fmt: skip
def test_nonsense_from_obs_changes_nothing(raw: str | bytes, fake: FakeObs, play: Play) -> None:
    film = up(fake, play(fake, LAUGH))
    fake.say(raw)
    film.show("happiness")
    fake.until(lambda: fake.on_air == "Laughing")
    assert fake.connections == 1


def test_frames_cost_next_to_nothing_while_obs_is_away(play: Play) -> None:
    sink = play(FakeObs(port=1), LAUGH, {**LAUGH, "when": {"signal": "jawOpen", "above": 0.4}})
    film = Film(sink)
    frames = [film.frame("neutral", Status.LIVE, 0.9, {"jawOpen": i % 2}) for i in range(300)]
    start = time.perf_counter()
    for frame in frames:
        sink.send(frame)
    assert (time.perf_counter() - start) / 300 < 1e-3
    assert sink.stats.frames == 300


def test_without_rules_nothing_is_asked(fake: FakeObs, play: Play) -> None:
    sink = play(fake)
    up(fake, sink).show("happiness", frames=3)
    assert sink.stats.note == "OBS 30.2.0, no rules yet"
    assert {name for name, _ in fake.asked} == {"GetVersion"}


def test_a_signal_that_is_none_is_refused() -> None:
    rule = ObsRule.model_validate({"when": {"signal": "jawOpn", "above": 0.5}, "scene": "A"})
    with pytest.raises(SinkUnusable, match="no signal 'jawOpn'"):
        make_sink(ObsSink(rules=[rule]))


def test_a_send_before_open_is_refused() -> None:
    sink = make_sink(ObsSink())
    with pytest.raises(SinkError, match="not open"):
        sink.send(frame_of(SMALL))
    sink.close()


def test_a_password_stays_out_of_recordings_which_still_load() -> None:
    config = Config(sinks=[ObsSink(password=SecretStr("sesame"), host="studio")])
    written = run_facts(config, None).config_json
    assert "sesame" not in written
    again = Config.model_validate(json.loads(written)).sinks
    assert again == [ObsSink(host="studio")]


def test_nothing_piles_up_while_obs_is_away() -> None:
    rule = ObsRule.model_validate({**LAUGH, "save_replay": True})
    rules = ObsRules([rule, rule])
    states = [frame_of(SMALL, seq=i).state for i in range(2)]
    felt = dataclasses.replace(states[1].emotion, shown=EMOTION_INDEX["happiness"])
    states[1] = dataclasses.replace(states[1], status=Status.LIVE, emotion=felt)
    began = sum(rules.look(states[i % 2], i * 10**9) for i in range(1000))
    assert began == 999
    taken = rules.take()
    assert [(event.rule, event.edge) for event in taken] == [
        (0, "leave"), (1, "leave"), (0, "enter"), (1, "enter"),
    ]  # fmt: skip
    assert rules.take() == []
