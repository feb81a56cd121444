"""The drawer follows its files, whatever an editor does to them, and never stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_avatar import DRAWING, TABLES, write_avatar

import vtdrive.render.drawer as module
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.drawer import Drawer
from vtdrive.render.rig import Rig, load_rig
from vtdrive.render.stills import still_face

RENAMED = TABLES.replace('"Small"', '"Other"')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_avatar(tmp_path / "a", picture=True)


@pytest.fixture
def drawer(folder: Path) -> Drawer:
    drawer = Drawer(AvatarConfig(name=str(folder)), size=(64, 64))
    drawer.open()
    assert drawer.refresh() == ""
    return drawer


def test_a_file_that_came_late_is_found(drawer: Drawer, folder: Path) -> None:
    more = '[[part]]\nname = "hat"\nart = "hats/hat.png"\n'
    (folder / "avatar.toml").write_text(RENAMED + more, encoding="utf-8")
    assert "no file hats/hat.png" in drawer.refresh()
    assert drawer.refresh() == "", "said once"
    (folder / "hats").mkdir()
    (folder / "picture.png").rename(folder / "hats" / "hat.png")
    assert drawer.refresh() == "Other: reloaded"
    assert drawer.refresh() == ""


def test_a_file_that_is_replaced_or_gone_for_a_while(drawer: Drawer, folder: Path) -> None:
    file = folder / "avatar.toml"
    file.rename(folder / "avatar.toml~")
    assert "not reloaded" in drawer.refresh()
    (folder / "new").write_text(RENAMED, encoding="utf-8")
    (folder / "new").replace(file)
    assert drawer.refresh() == "Other: reloaded"


@pytest.mark.parametrize("good", [True, False])
def test_what_is_written_while_it_is_read_is_read_again(
    drawer: Drawer, folder: Path, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    file = folder / "drawing.svg"
    file.write_text(DRAWING + " " if good else DRAWING[:200], encoding="utf-8")

    def slow(where: Path) -> Rig:
        try:
            return load_rig(where)
        finally:
            file.write_text(DRAWING.replace("#ff8040", "#0000ff"), encoding="utf-8")

    monkeypatch.setattr(module, "load_rig", slow)
    assert ("reloaded" if good else "not reloaded") in drawer.refresh()
    monkeypatch.setattr(module, "load_rig", load_rig)
    assert drawer.refresh() == "Small: reloaded"
    assert drawer.draw(still_face(), 0)[54, 20].tolist() == [0, 0, 255, 255]


def test_it_goes_on_without_its_folder(drawer: Drawer, folder: Path) -> None:
    before = drawer.draw(still_face(), 0).copy()
    away = folder.rename(folder.with_name("away"))
    assert "not reloaded" in drawer.refresh()
    assert (drawer.draw(still_face(), 0) == before).all()
    away.rename(folder)
    assert drawer.refresh() == "Small: reloaded"
