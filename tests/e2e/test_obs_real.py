"""OBS Studio itself follows a face: checked through its own API and by what it draws."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from avatar_frames import SMALL, frame_of
from pydantic import SecretStr
from real_obs import ObsClient, RealObs, missing_programs

from benchmarks.performed import Kept
from vtdrive.config.load import load_config
from vtdrive.config.sinks import ObsSink
from vtdrive.config.sinks.obs import ObsRule
from vtdrive.demo import demo_clip
from vtdrive.eval.bench import QuietListener
from vtdrive.runtime.build import make_feed
from vtdrive.runtime.session import Session
from vtdrive.sinks.obs import ObsOutput
from vtdrive.trackers.make import make_tracker
from vtdrive.types import AvatarFrame, EmotionState, frozen
from vtdrive.vocab import EMOTION_INDEX, SHAPE_INDEX

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}"),
]

BLUE, GREEN = (0, 0, 255), (0, 255, 0)
AT_ONCE = {"hold_ms": 0, "debounce_ms": 0, "min_on_ms": 0}
LAUGH = {
    "when": {"emotion": "happiness", **AT_ONCE},
    "scene": "Laughing",
    "otherwise": {"scene": "Main"},
}


@pytest.fixture(scope="module")
def obs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealObs]:
    """OBS with a blue scene, a green one, a hidden source with a filter, and a text."""
    with RealObs(tmp_path_factory.mktemp("obs")) as running:
        with running.client() as client:
            for scene, colour in (("Main", 0xFFFF0000), ("Laughing", 0xFF00FF00)):
                client.ask("CreateScene", sceneName=scene)
                _add(client, scene, f"{scene} colour", "color_source_v3", color=colour)
            hearts = _add(client, "Main", "Hearts", "color_source_v3", color=0xFF0000FF)
            client.ask(
                "SetSceneItemEnabled",
                sceneName="Main", sceneItemId=hearts, sceneItemEnabled=False,
            )  # fmt: skip
            _add(client, "Laughing", "Mood", "text_ft2_source_v2", text="")
            client.ask(
                "CreateSourceFilter",
                sourceName="Main colour", filterName="Tint", filterKind="color_filter_v2",
                filterSettings={"brightness": 0.0},
            )  # fmt: skip
            client.ask(
                "SetSourceFilterEnabled",
                sourceName="Main colour", filterName="Tint", filterEnabled=False,
            )  # fmt: skip
        running.until(lambda: "Mood" in _saved(running))
        yield running


@pytest.fixture
def client(obs: RealObs) -> Iterator[ObsClient]:
    with obs.client() as client:
        client.ask("SetCurrentProgramScene", sceneName="Main")
        obs.until(lambda: client.on_air == "Main")
        yield client


def _add(client: ObsClient, scene: str, name: str, kind: str, **settings: Any) -> int:
    size = {} if kind.startswith("text") else {"width": 640, "height": 360}
    answer = client.ask(
        "CreateInput",
        sceneName=scene, inputName=name, inputKind=kind, inputSettings={**settings, **size},
    )  # fmt: skip
    return int(answer["sceneItemId"])


def _saved(obs: RealObs) -> str:
    try:
        return obs.scenes_file.read_text("utf-8")
    except FileNotFoundError:  # OBS replaces it as it saves
        return ""


def sink_for(obs: RealObs, *rules: dict[str, Any], password: str | None = None) -> ObsOutput:
    return ObsOutput(
        ObsSink(
            port=obs.port,
            password=SecretStr(obs.password if password is None else password),
            rules=[ObsRule.model_validate(rule) for rule in rules],
        )
    )


def shown(emotion: str, seq: int) -> AvatarFrame:
    frame = frame_of(SMALL, seq=seq, t_ns=seq * 33_000_000)
    index, probs, weights = EMOTION_INDEX[emotion], np.zeros(8), np.zeros(8)
    probs[index] = 1.0
    felt = EmotionState(frozen(probs), frozen(weights), index, index)
    return dataclasses.replace(frame, state=dataclasses.replace(frame.state, emotion=felt))


def cut(path: Path, start: int, end: int) -> None:
    """Frames of the demo clip as a clip of their own."""
    reader = cv2.VideoCapture(str(demo_clip()))
    reader.set(cv2.CAP_PROP_POS_FRAMES, start)
    frames = [reader.read()[1] for _ in range(end - start)]
    reader.release()
    size = (frames[0].shape[1], frames[0].shape[0])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, size)
    for frame in frames:
        writer.write(frame)
    writer.release()


class Watcher:
    """Notes which scene is on air, and what it looks like, until it is told to stop."""

    def __init__(self, obs: RealObs) -> None:
        self.seen: list[tuple[float, str, tuple[int, int, int]]] = []
        self._obs, self._stop = obs, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        with self._obs.client() as client:
            while not self._stop.wait(0.03):
                scene = client.on_air
                self.seen.append((time.monotonic(), scene, client.pixel(scene)))


def test_the_face_of_the_demo_clip_switches_scenes(
    obs: RealObs, client: ObsClient, tmp_path: Path
) -> None:
    clip = tmp_path / "jaw.avi"
    cut(clip, 780, 940)
    mouth = {
        "when": {"signal": "jawOpen", "above": 0.6, "hysteresis": 0.3, **AT_ONCE},
        "scene": "Laughing",
        "otherwise": {"scene": "Main"},
    }
    smile = {
        "when": {"signal": "mouthSmile", "above": 0.6, **AT_ONCE},
        "show": ["Hearts"],
        "in_scene": "Main",
        "text": {"Mood": "a smile"},
        "filters": [
            {"source": "Main colour", "name": "Tint", "enabled": True,
             "settings": {"brightness": 0.2}}
        ],
    }  # fmt: skip
    config = load_config(
        [], overrides={"source": {"uri": str(clip)}, "emotion": {"enabled": False}}
    )
    sink, kept, told = sink_for(obs, mouth, smile), Kept(), list[str]()
    listener = QuietListener(say=told.append)
    sinks: list[Any] = [kept, sink]
    session = Session(
        config,
        feed=make_feed(config.source, listener.on_event),
        tracker=make_tracker(config.tracker, vertical_fov_deg=config.source.vertical_fov_deg),
        classifier=None,
        sinks=sinks,
        listener=listener,
    )
    with Watcher(obs) as watcher:
        session.run(threading.Event())
        obs.until(lambda: watcher.seen[-1][1] == "Main")
    assert f"obs 127.0.0.1:{obs.port}: connected" in told
    assert sink.stats.last_error == "", sink.stats.last_error

    jaw = [frame.state.shapes[SHAPE_INDEX["jawOpen"]] for frame in kept.frames]
    opened = [wide for wide, _ in groupby(value > 0.6 for value in jaw)]
    assert opened == [False, True, False, True, False]
    scenes = [scene for scene, _ in groupby(scene for _, scene, _ in watcher.seen)]
    assert scenes == ["Main", "Laughing", "Main", "Laughing", "Main"]
    first = next(t for t, scene, _ in watcher.seen if scene == "Laughing")
    frame = next(f for f, wide in zip(kept.frames, jaw, strict=True) if wide >= 0.6)
    late_s = first - frame.stages_ns["captured"] * 1e-9
    print(f"on air {late_s * 1000:.0f} ms after the frame was taken, polled every 30 ms or more")
    assert late_s < 2.0
    drawn = {pixel for _, scene, pixel in watcher.seen if scene == "Laughing"}
    assert drawn == {GREEN}

    items = client.ask("GetSceneItemList", sceneName="Main")["sceneItems"]
    assert [i["sceneItemEnabled"] for i in items if i["sourceName"] == "Hearts"] == [True]
    text = client.ask("GetInputSettings", inputName="Mood")["inputSettings"]["text"]
    assert text == "a smile"
    tint = client.ask("GetSourceFilter", sourceName="Main colour", filterName="Tint")
    assert tint["filterEnabled"] is True
    assert tint["filterSettings"]["brightness"] == pytest.approx(0.2)


def test_the_pictures_are_told_apart(obs: RealObs, client: ObsClient) -> None:
    assert client.pixel("Laughing colour") == GREEN
    client.ask("SetSourceFilterEnabled",
               sourceName="Main colour", filterName="Tint", filterEnabled=False)  # fmt: skip
    obs.until(lambda: client.pixel("Main colour") == BLUE)


def test_a_wrong_password_is_told_once_and_not_tried_again(obs: RealObs) -> None:
    sink = sink_for(obs, LAUGH, password="not this")
    sink.open(SMALL)
    try:
        obs.until(lambda: sink.stats.last_error != "")
        assert sink.stats.last_error == "OBS refused the password from the config"
        assert "Show Connect Info" in sink.stats.remedy
        sent = sink.stats.packets
        time.sleep(2.0)
        assert sink.stats.packets == sent
    finally:
        sink.close()


def test_old_obs_and_wrong_names_are_told_and_the_other_rules_go_on(
    obs: RealObs, client: ObsClient
) -> None:
    if "CreateRecordChapter" in client.ask("GetVersion")["availableRequests"]:
        pytest.skip("this OBS can set chapters")
    wrong = {"when": {"emotion": "anger", **AT_ONCE}, "scene": "Laughin"}
    chapter = {"when": {"emotion": "anger", **AT_ONCE}, "chapter": "rage"}
    hotkey = {"when": {"emotion": "anger", **AT_ONCE}, "hotkey": "OBSBasic.Transition"}
    replay = {"when": {"emotion": "fear", **AT_ONCE}, "save_replay": True}
    sink = sink_for(obs, LAUGH, wrong, hotkey, chapter, replay)
    sink.open(SMALL)
    try:
        obs.until(lambda: "chapters" in sink.stats.last_error)
        lacking, chapters = sink.stats.last_error.split("; rule ")  # the hotkey is there
        assert lacking.startswith("rule 2: OBS has no such scene: 'Laughin' is not there (allowed:")
        assert lacking.endswith("did you mean 'Laughing'?)")
        assert chapters.startswith("4: OBS ")
        sink.send(shown("anger", 0))
        sink.send(shown("happiness", 1))
        obs.until(lambda: client.on_air == "Laughing")
        sink.send(shown("fear", 2))
        obs.until(lambda: "replay buffer is not running" in sink.stats.last_error)
        obs.until(lambda: client.on_air == "Main")
    finally:
        sink.close()


def test_obs_that_is_killed_and_started_again_takes_up_what_holds(obs: RealObs) -> None:
    sink = sink_for(obs, LAUGH)
    sink.open(SMALL)
    try:
        obs.until(lambda: bool(sink.stats.connected))
        sink.send(shown("happiness", 0))
        with obs.client() as client:
            obs.until(lambda: client.on_air == "Laughing")
            client.ask("SetCurrentProgramScene", sceneName="Main")
        obs.kill()
        obs.until(lambda: sink.stats.connected is False)
        obs.until(lambda: "nothing listens at" in sink.stats.last_error)
        obs.start()
        obs.until(lambda: bool(sink.stats.connected), seconds=30)
        with obs.client() as client:
            obs.until(lambda: client.on_air == "Laughing")
            obs.until(lambda: client.pixel(client.on_air) == GREEN)
            sink.send(shown("neutral", 1))
            obs.until(lambda: client.on_air == "Main")
        assert sink.stats.last_error == ""
    finally:
        sink.close()


def test_the_end_of_a_run_leaves_the_scene_of_rest(obs: RealObs, client: ObsClient) -> None:
    sink = sink_for(obs, LAUGH)
    sink.open(SMALL)
    try:
        obs.until(lambda: bool(sink.stats.connected))
        sink.send(shown("happiness", 0))
        obs.until(lambda: client.on_air == "Laughing")
    finally:
        sink.close()
    obs.until(lambda: client.on_air == "Main")
