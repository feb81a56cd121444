"""What OBS does not have or cannot do, and what is not OBS: each is told."""

from __future__ import annotations

import socketserver
import threading
from typing import Any

import pytest
from fake_obs import FakeObs
from obs_playing import AT_ONCE, LAUGH, Play, up
from obs_playing import fake as fake
from obs_playing import hurried as hurried
from obs_playing import play as play

from vtdrive.sinks.udp import endpoint


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
