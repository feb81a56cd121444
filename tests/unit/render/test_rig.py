"""Avatars' files: every mistake is told, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_avatar import DRAWING, TABLES, write_avatar

from vtdrive.errors import ConfigError, UsageError
from vtdrive.render.library import BUNDLED, avatar_folder
from vtdrive.render.picture_files import RasterArt
from vtdrive.render.rig import load_rig


def refused(folder: Path, tables: str = TABLES, drawing: str = DRAWING) -> str:
    with pytest.raises(ConfigError) as fault:
        load_rig(write_avatar(folder, tables, drawing))
    return str(fault.value)


def test_a_sound_avatar_loads(tmp_path: Path) -> None:
    rig = load_rig(write_avatar(tmp_path))
    assert sorted(rig.art) == ["body", "ear", "iris", "mouth", "white"]
    assert {path.name for path in rig.files} == {"avatar.toml", "drawing.svg"}


def test_a_picture_is_placed(tmp_path: Path) -> None:
    tables = TABLES + '[[part]]\nname = "p"\nart = "picture.png"\nat = [5, 6]\n'
    art = load_rig(write_avatar(tmp_path, tables, picture=True)).art["p"]
    assert isinstance(art, RasterArt)
    assert (art.corner, art.size) == ((5.0, 6.0), (40.0, 20.0))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Small"', "", ["name", "missing"]),
        ("canvas = [200, 200]", "canvas = [200]", ["canvas"]),
        ('drawing = "drawing.svg"', 'drawing = "drawin.svg"', ["no file", "drawing.svg"]),
        ('drawing = "drawing.svg"', 'drawing = "../x.svg"', ["outside"]),
        ('by = "head_z"', 'by = "head_zz"', ["head_zz", "did you mean 'head_z'"]),
        ('kind = "rotate"', 'kind = "rotat"', ["rotat", "did you mean 'rotate'"]),
        ("deg = 1.0", 'deg = "x"', ["deg", "number"]),
        ("deg = 1.0", "dge = 1.0", ["dge"]),
        ("depth = 0\n", "deepth = 0\n", ["deepth", "did you mean 'depth'"]),
        ('clip = "white"', 'clip = "wite"', ["wite", "did you mean 'white'"]),
        ('"mouth.open"]', '"mouth.opn"]', ["mouth.opn", "mouth.open"]),
        ('"mouth.open"]', '"ear"]', ["ear", "segments"]),
        ("at = [[0, 1]]", "at = [[1, 0]]", ["rising"]),
        ("at = [[0, 1]]", "at = [[0, 0.5, 1]]", ["3"]),
        ('name = "ear"', 'name = "eear"', ["eear", "no group"]),
        ('name = "ear"', 'name = "head"', ["twice"]),
        ('art = ""', 'parent = "ear"', ["each other's parents"]),
        ('name = "white"', 'clip = "iris"\nname = "white"', ["clipped by each other", "white"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in TABLES
    said = refused(tmp_path, TABLES.replace(old, new, 1))
    for word in words:
        assert word in said
    if new:
        line = TABLES.partition(old)[0].count("\n") + 1
        # What lies in a list is told with the line on which its own table begins.
        assert f"avatar.toml:{line}:" in said


def test_a_mistake_in_the_drawing_is_told_with_its_line(tmp_path: Path) -> None:
    said = refused(
        tmp_path, drawing=DRAWING.replace('<g id="iris">', '<g id="iris"><text>a</text>')
    )
    assert "drawing.svg:4:" in said
    assert "text" in said


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    write_avatar(tmp_path, picture=True)
    raw = bytearray((tmp_path / "picture.png").read_bytes())
    raw[16:24] = (60_000).to_bytes(4, "big") * 2
    (tmp_path / "picture.png").write_bytes(raw)
    tables = TABLES + '[[part]]\nname = "p"\nart = "picture.png"\n'
    assert "60000 × 60000" in refused(tmp_path, tables)


def test_a_broken_picture_is_refused(tmp_path: Path) -> None:
    write_avatar(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"no picture")
    tables = TABLES + '[[part]]\nname = "p"\nart = "picture.png"\n'
    assert "no picture" in refused(tmp_path, tables)


def test_names_find_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_avatar(tmp_path / "avatars" / "mine")
    monkeypatch.chdir(tmp_path)
    assert avatar_folder("mine") == Path("avatars") / "mine"
    assert avatar_folder(str(tmp_path / "avatars" / "mine")).is_dir()
    for name in BUNDLED:
        assert avatar_folder(name).name == name
    with pytest.raises(UsageError, match="did you mean 'mochi'"):
        avatar_folder("mocih")


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_avatars_load(name: str) -> None:
    load_rig(avatar_folder(name))
