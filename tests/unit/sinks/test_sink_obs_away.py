"""OBS that is late, gone, busy or hanging: what holds is set once it is back."""

from __future__ import annotations

import dataclasses
import time

from avatar_frames import SMALL, frame_of
from fake_obs import FakeObs
from obs_playing import AT_ONCE, LAUGH, Film, Play, up
from obs_playing import fake as fake
from obs_playing import hurried as hurried
from obs_playing import play as play

from vtdrive.config.sinks.obs import ObsRule
from vtdrive.sinks.obs_rules import ObsRules
from vtdrive.types import Status
from vtdrive.vocab import EMOTION_INDEX


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


def test_obs_that_hangs_is_left_and_tried_again(fake: FakeObs, play: Play) -> None:
    sink = play(fake, LAUGH)
    film = up(fake, sink)
    time.sleep(0.05)
    fake.answers = False
    film.show("happiness")
    fake.until(lambda: "does not answer" in sink.stats.last_error)
    fake.answers = True
    fake.until(lambda: fake.on_air == "Laughing")


def test_frames_cost_next_to_nothing_while_obs_is_away(play: Play) -> None:
    sink = play(FakeObs(port=1), LAUGH, {**LAUGH, "when": {"signal": "jawOpen", "above": 0.4}})
    film = Film(sink)
    frames = [film.frame("neutral", Status.LIVE, 0.9, {"jawOpen": i % 2}) for i in range(300)]
    start = time.perf_counter()
    for frame in frames:
        sink.send(frame)
    assert (time.perf_counter() - start) / 300 < 1e-3
    assert sink.stats.frames == 300


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
