from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of
from stage_parts import PARTS, ProbeTable, shown

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks import PageSink, SinkTable, VirtualCamSink, WindowSink
from vtdrive.errors import MissingExtra, SinkError, SinkUnusable
from vtdrive.render.stage import make
from vtdrive.render.stage.make import check_picture
from vtdrive.sinks.base import Dressed, Seeing, Sink
from vtdrive.sinks.picture import PictureOutput

LOOK = AvatarConfig(width=64, height=64, fps=60)
Make = Callable[..., PictureOutput]


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Make]:
    made: list[PictureOutput] = []

    def probing(name: str = "a", look: AvatarConfig = LOOK) -> PictureOutput:
        table = ProbeTable(path=str(tmp_path / name))
        made.append(PictureOutput(table, look, makers=PARTS))
        return made[-1]

    yield probing
    for sink in made:
        sink.close()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def test_it_may_be_dressed_and_see(probe: Make) -> None:
    sink = probe()
    assert isinstance(sink, Sink)
    assert isinstance(sink, Dressed)
    assert isinstance(sink, Seeing)
    assert not sink.sees
    assert probe("b", LOOK.model_copy(update={"background": "blur"})).sees


@pytest.mark.parametrize(
    ("table", "name", "target"),
    [
        (PageSink(), "page 127.0.0.1:8770", "tcp-listen:127.0.0.1:8770"),
        (PageSink(host="::1"), "page [::1]:8770", "tcp-listen:[::1]:8770"),
        (VirtualCamSink(), "virtualcam", ""),
        (VirtualCamSink(device="/dev/video10"), "virtualcam /dev/video10", "camera:/dev/video10"),
        (WindowSink(title="mimi"), "window 'mimi'", ""),
    ],
)
def test_it_is_named_after_its_place(table: SinkTable, name: str, target: str) -> None:
    sink = PictureOutput(table, LOOK)
    assert (sink.name, sink.target) == (name, target)


def test_an_avatar_that_cannot_be_shown_is_told_at_once(probe: Make) -> None:
    sink = probe("a", LOOK.model_copy(update={"name": "broken"}))
    with pytest.raises(SinkUnusable, match="must not be empty") as caught:
        sink.open(FULL)
    assert caught.value.what.startswith(sink.name)
    assert caught.value.remedy == "mend it"
    assert sink.stage is None
    with pytest.raises(SinkError, match="not open"):
        sink.send(frame_of(FULL))


def test_the_real_avatars_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SinkUnusable, match="did you mean 'mochi'") as caught:
        PictureOutput(PageSink(), AvatarConfig(name="moochi")).open(FULL)
    assert "vtdrive avatar list" in caught.value.remedy
    with pytest.raises(SinkUnusable, match="no picture that is there"):
        PictureOutput(PageSink(), AvatarConfig(name="mochi", background="no.png")).open(FULL)
    monkeypatch.setattr(make, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra) as missing:
        check_picture(VirtualCamSink(), AvatarConfig(name="mochi"))
    assert missing.value.remedy == 'run: pip install "vtdrive[virtualcam]"'


def test_faces_become_pictures_and_looks_change(probe: Make, tmp_path: Path) -> None:
    one, two = probe("a"), probe("b")
    for sink in (one, two):
        sink.open(FULL)
        sink.open(SMALL)
    assert one.stage is two.stage
    assert within(20, lambda: bool(shown(tmp_path / "a")))
    frames = [frame_of(SMALL, seq=k, t_ns=k) for k in range(200)]
    took = []
    for frame in frames:
        before = time.perf_counter()
        one.send(frame)
        two.send(frame)
        took.append((time.perf_counter() - before) / 2)
        time.sleep(0.001)
    assert statistics.median(took) < 0.4e-3  # 20 µs on a quiet machine
    assert one.stats.frames == two.stats.frames == 200
    assert within(5, lambda: one.stats.packets > 2)
    # The first changes the look of all; the second asks for what is there already.
    other = LOOK.model_copy(update={"zoom": 2.0})
    one.relook(other)
    two.relook(other)
    assert one.stage is two.stage
    assert within(5, lambda: shown(tmp_path / "b")[-1].alpha == 200)
    with pytest.raises(SinkUnusable, match="must not be empty"):
        one.relook(LOOK.model_copy(update={"name": "broken"}))
    blurred = LOOK.model_copy(update={"zoom": 2.0, "background": "blur"})
    one.relook(blurred)
    two.relook(blurred)
    assert one.sees
    one.see(np.full((120, 160, 3), 40, np.uint8))
    assert within(5, lambda: shown(tmp_path / "b")[-1].blue == 40)
    one.close()
    with pytest.raises(SinkError, match="not open"):
        one.send(frames[0])
