"""The process that paints with the real avatars in it."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import structural_similarity
from stage_parts import ProbeTable

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import avatar_folder
from vtdrive.render.stage.handle import Seat, take_seat
from vtdrive.render.stage.make import REAL
from vtdrive.render.stage.messages import Makers
from vtdrive.render.stage.output import Picture
from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8, FaceState, RigSchema, Status
from vtdrive.wire.neutral import neutral_frame

pytestmark = pytest.mark.slow

STILL = dataclasses.replace(
    neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state, status=Status.LIVE
)
"""A neutral face that is seen: while there is none, the avatar looks about."""
Take = Callable[[AvatarConfig], Seat]


class Keeper:
    """An output that keeps its newest picture in a file."""

    def __init__(self, table: ProbeTable) -> None:
        self.name = "keeper"
        self.stats = SinkStats()
        self._path = Path(table.path)

    def open(self, width: int, height: int, fps: float) -> None:
        pass

    def show(self, picture: Picture) -> None:
        new = self._path.with_suffix(".new.npy")
        np.save(new, picture.rgba)
        new.replace(self._path)
        self.stats.frames += 1

    def close(self) -> None:
        pass


def keeper(table: object) -> Keeper:
    assert isinstance(table, ProbeTable)
    return Keeper(table)


MAKERS = Makers(REAL.drawer, keeper, REAL.check)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept.npy"


@pytest.fixture
def take(kept: Path) -> Iterator[Take]:
    seats: list[Seat] = []

    def taken(look: AvatarConfig) -> Seat:
        seats.append(take_seat(ProbeTable(path=str(kept)), look, SinkStats(), makers=MAKERS))
        return seats[-1]

    yield taken
    for seat in seats:
        seat.leave()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def newest(kept: Path) -> U8:
    return np.asarray(np.load(kept), np.uint8)


def drawn(look: AvatarConfig, state: FaceState = STILL) -> U8:
    """The avatar after two seconds of that face."""
    drawer = Drawer(look)
    drawer.open()
    for k in range(60):
        rgba = drawer.draw(state, SYSTEM_CLOCK.now_ns() + round(k * 1e9 / 30))
    return rgba.copy()


def alike(one: U8, other: U8) -> bool:
    if one.shape != other.shape:
        return False
    return float(structural_similarity(one, other, channel_axis=2)) >= 0.95


def test_the_stage_shows_what_the_drawer_draws_and_changes_it_live(take: Take, kept: Path) -> None:
    mochi = AvatarConfig(name="mochi", width=320, height=240)
    seat = take(mochi)
    assert within(30, lambda: seat.stats.packets > 30)
    seat.put(STILL, t_ns=SYSTEM_CLOCK.now_ns())
    expected = drawn(mochi)
    assert expected[..., 3].max() == 255
    assert within(20, lambda: alike(newest(kept), expected))
    mimi = AvatarConfig(name="mimi", width=320, height=240, zoom=1.5, background="#00ff00")
    seat.stage.relook(mimi)
    expected = drawn(mimi)
    assert within(20, lambda: alike(newest(kept), expected))
    larger = mimi.model_copy(update={"width": 400, "height": 300})
    seat.stage.relook(larger)
    expected = drawn(larger)
    assert within(20, lambda: alike(newest(kept), expected))
    assert seat.stats.last_error == ""
    report = seat.stage.report
    assert report is not None
    assert 0 < report.paint_ms[0] < 200


def test_an_avatar_whose_files_change_is_taken_anew(take: Take, kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(avatar_folder("mochi"), folder)
    file = folder / "avatar.toml"
    text = file.read_text("utf-8")
    look = AvatarConfig(name=str(folder), width=160, height=120)
    seat = take(look)
    assert within(30, lambda: seat.stats.packets > 5)
    before = seat.stats.packets
    file.write_text(text + '\n[[part]]\nname = "stray"\nclolour = 3\n', "utf-8")
    assert within(10, lambda: "not reloaded" in seat.stats.note)
    assert "clolour" in seat.stats.note
    file.write_text(text + "\n", "utf-8")
    assert within(10, lambda: seat.stats.note.endswith(": reloaded"))
    assert within(5, lambda: seat.stats.packets > before)
    assert seat.stats.last_error == ""


def test_a_drawing_that_is_broken_is_told_by_the_process(take: Take, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(avatar_folder("mochi"), folder)
    drawing = folder / "drawing.svg"
    whole = drawing.read_text("utf-8")
    drawing.write_text(whole[: len(whole) // 2], "utf-8")
    seat = take(AvatarConfig(name=str(folder), width=160, height=120))
    assert within(30, lambda: "drawing.svg" in seat.stats.last_error)
    assert seat.stats.packets == 0
    drawing.write_text(whole, "utf-8")
    assert within(10, lambda: seat.stats.packets > 5)
    assert within(5, lambda: seat.stats.last_error == "")
