"""The sink that films: a process of its own, and what becomes of it."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from film_scenes import DiscScene, width_of

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.schema import Config
from vtdrive.config.sinks import FilmSink
from vtdrive.core.driver import Driver
from vtdrive.errors import SinkUnusable
from vtdrive.render.film.scene import Scene
from vtdrive.sinks.film import FilmOutput
from vtdrive.testing import make_face, make_track, ticks
from vtdrive.types import AvatarFrame

LOOK = AvatarConfig(width=128, height=64)


def frames(seconds: float, *, fps: float = 30.0) -> list[AvatarFrame]:
    """A mouth that opens slowly."""
    driver = Driver(Config())
    return [
        driver.step(
            make_track(make_face(shapes={"jawOpen": t_ns * 1e-9 / seconds}), t_ns), None, t_ns
        )
        for t_ns in ticks(seconds, fps=fps)
    ]


def output(path: Path, scene: Scene | None = None, **options: Any) -> FilmOutput:
    table = FilmSink(path=str(path), **options)
    return FilmOutput(table, LOOK, scene=scene or DiscScene(128, 64))


def schema() -> Any:
    return Driver(Config()).schema


def pictures(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_it_films_what_was_tracked_and_says_what_lies_where(tmp_path: Path) -> None:
    films, performed = [], frames(2.0)
    driver = Driver(Config())
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        sink = output(tmp_path / run / "a.mp4")
        assert (sink.slow, sink.every_frame) == (True, True)
        sink.open(driver.schema)
        for frame in performed:
            sink.send(frame)
        sink.open(driver.schema)
        sink.send(driver.rest(performed[-1].t_ns + 500_000_000))
        sink.close()
        assert sink.stats.last_error == ""
        assert f"wrote {tmp_path / run / 'a.mp4'}: 2.0 s, 60 pictures of 128x64" in sink.stats.note
        assert sink.stats.frames == 60
        assert sink.stats.bytes_sent == (tmp_path / run / "a.mp4").stat().st_size
        films.append((tmp_path / run / "a.mp4").read_bytes())
    assert films[0] == films[1]
    seen = [width_of(rgb) for rgb in pictures(tmp_path / "one" / "a.mp4")]
    mouth = [float(frame.state.shapes[17]) for frame in performed]
    assert len(seen) == 60
    assert max(mouth) > 0.5
    np.testing.assert_allclose(seen, mouth, atol=0.05)


def test_an_unknown_kind_of_film_is_told_with_those_there_are() -> None:
    with pytest.raises(SinkUnusable, match=r"\.avi is no kind of film") as caught:
        output(Path("a.avi"))
    assert all(kind in caught.value.remedy for kind in (".mp4", ".webm", ".webp", ".png"))


def test_time_can_be_in_its_name(tmp_path: Path) -> None:
    sink = output(tmp_path / "{time}.png")
    assert re.fullmatch(r"file:.*/20\d{6}-\d{6}", sink.target)
    sink.close()


def test_a_place_that_cannot_be_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("precious")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    cases = {"a.mp4": "exists already", "no/a.mp4": "no folder", "full.png": "exists already"}
    for name, what in cases.items():
        sink = output(tmp_path / name)
        with pytest.raises(SinkUnusable, match=what):
            sink.open(schema())
        sink.close()
    assert (tmp_path / "a.mp4").read_text() == "precious"


def _send_until_it_fails(sink: FilmOutput) -> None:
    for frame in frames(60.0, fps=10):
        sink.send(frame)
        time.sleep(0.005)


def _child() -> psutil.Process:
    (found,) = [
        p for p in psutil.Process().children() if "vtdrive.render.film.child" in p.cmdline()
    ]
    return found


def test_an_avatar_that_is_not_there_is_told_before_the_run(tmp_path: Path) -> None:
    look = LOOK.model_copy(update={"name": "nobody"})
    sink = FilmOutput(FilmSink(path=str(tmp_path / "a.mp4")), look)
    with pytest.raises(SinkUnusable, match="no avatar 'nobody'"):
        sink.open(schema())
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_no_signal_ends_it_before_its_parent_does_and_a_death_is_told(tmp_path: Path) -> None:
    sink = output(tmp_path / "a.mp4")
    sink.open(schema())
    child = _child()
    performed = frames(1.0)
    for frame in performed[:15]:
        sink.send(frame)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(child.pid, number)
    for frame in performed[15:]:
        sink.send(frame)
    child.kill()
    child.wait(10)
    with pytest.raises(SinkUnusable, match=f"nothing is filmed any more.* in {tmp_path}"):
        _send_until_it_fails(sink)
    sink.close()


@pytest.mark.skipif(os.name == "nt", reason="there a process can be started deaf to Ctrl-C")
def test_ctrl_c_while_it_starts_is_for_its_parent(tmp_path: Path) -> None:
    sink = output(tmp_path / "a.mp4")
    opening = threading.Thread(target=sink.open, args=(schema(),))
    before = {child.pid for child in psutil.Process().children()}
    opening.start()
    started = set[int]()
    while not started and opening.is_alive():
        started = {child.pid for child in psutil.Process().children()} - before
    for pid in started:
        for _ in range(10):
            os.kill(pid, signal.SIGINT)
            time.sleep(0.01)
    opening.join()
    for frame in frames(0.2):
        sink.send(frame)
    sink.close()
    assert "6 pictures" in sink.stats.note
    assert sink.stats.last_error == ""


def test_a_blurred_camera_is_told_to_be_left_out(tmp_path: Path) -> None:
    look = LOOK.model_copy(update={"background": "blur"})
    sink = FilmOutput(FilmSink(path=str(tmp_path / "a.mp4")), look, scene=DiscScene(128, 64))
    sink.open(schema())
    try:
        sink.send(frames(0.1)[0])
        assert "background blur is left out" in sink.stats.note
        sink.relook(LOOK)
        sink.send(frames(0.1)[1])
        assert sink.stats.note == ""
    finally:
        sink.close()
