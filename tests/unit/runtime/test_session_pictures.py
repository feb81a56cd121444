"""What a session owes to sinks that show the built-in avatar."""

from __future__ import annotations

import threading

import pytest
from runtime_parts import PICTURE, Heard, KeepingSink, ScriptedFeed, ScriptedTracker

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import FilmSink, PageSink, VirtualCamSink, VmcSink, WindowSink
from vtdrive.errors import SinkUnusable
from vtdrive.runtime.build import make_sinks
from vtdrive.runtime.session import Session
from vtdrive.sinks.film import FilmOutput
from vtdrive.sinks.picture import PictureOutput
from vtdrive.types import U8, AvatarFrame


class Stage(KeepingSink):
    """Notes looks and pictures; reloads the run's config after a few frames."""

    def __init__(self, *, sees: bool) -> None:
        super().__init__()
        self.sees = sees
        self.looks: list[AvatarConfig] = []
        self.seen: list[U8] = []
        self.reload: list[Config] = []
        self.run: Session | None = None

    def send(self, frame: AvatarFrame) -> None:
        super().send(frame)
        if len(self.frames) == 5 and self.run is not None:
            for config in self.reload:
                self.run.reload(config)

    def relook(self, look: AvatarConfig) -> None:
        if look.name == "nobody":
            raise SinkUnusable("stage: no avatar 'nobody'", "choose another")
        self.looks.append(look)

    def see(self, image: U8) -> None:
        self.seen.append(image)


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config([])


def play(config: Config, stage: Stage) -> Heard:
    heard = Heard()
    stage.run = Session(
        config,
        feed=ScriptedFeed([True, False] * 10),
        tracker=ScriptedTracker(),
        classifier=None,
        sinks=[stage],
        listener=heard,
    )
    stage.run.run(threading.Event())
    return heard


@pytest.mark.parametrize("sees", [False, True])
def test_only_who_wants_to_is_shown_what_the_camera_sees(config: Config, sees: bool) -> None:
    stage = Stage(sees=sees)
    play(config, stage)
    assert len(stage.seen) == (10 if sees else 0)
    assert all(image is PICTURE for image in stage.seen)


def test_a_reload_changes_the_look(config: Config) -> None:
    stage = Stage(sees=False)
    other = AvatarConfig(name="mochi", zoom=2.0)
    stage.reload = [config.model_copy(update={"avatar": other})]
    heard = play(config, stage)
    assert stage.looks == [other]
    assert not heard.events or "next start" not in "".join(heard.events)


def test_a_look_that_cannot_be_is_told_and_the_run_goes_on(config: Config) -> None:
    stage = Stage(sees=False)
    stage.reload = [config.model_copy(update={"avatar": AvatarConfig(name="nobody")})]
    heard = play(config, stage)
    (said,) = [event for event in heard.events if "nobody" in event]
    assert "choose another" in said
    assert "stays" in said
    assert len(stage.frames) == 21


def test_every_sink_that_shows_the_avatar_gets_its_look(config: Config) -> None:
    look = AvatarConfig(name="mochi", background="blur")
    tables = [VirtualCamSink(), WindowSink(), PageSink(), FilmSink(path="a.mp4"), VmcSink()]
    made = make_sinks(config.model_copy(update={"sinks": tables, "avatar": look}), None)
    assert [isinstance(sink, PictureOutput | FilmOutput) for sink in made] == [True] * 4 + [False]
    assert all(sink.sees for sink in made if isinstance(sink, PictureOutput))
