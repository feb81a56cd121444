"""OBS by rules, against a stand-in whose protocol a third-party client confirms."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import numpy as np
import pytest
import simpleobsws
from avatar_frames import SMALL, frame_of
from fake_obs import FakeObs
from obs_playing import AT_ONCE, LAUGH, Play, up
from obs_playing import fake as fake
from obs_playing import hurried as hurried
from obs_playing import play as play

from vtdrive.config.sinks import ObsSink
from vtdrive.config.sinks.obs import ObsRule
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.make import make_sink
from vtdrive.types import Status, frozen


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
