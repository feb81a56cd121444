"""From a file to a folder that vtdrive can draw, and the command that does it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from pngtubers import disc, gif, mini, plus, plus_sprite, png, remix, remix_sprite, veado
from typer.testing import CliRunner

from vtdrive.cli.avatar_import import import_
from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import UsageError
from vtdrive.render.drawer import Drawer
from vtdrive.render.importing.source import import_avatar
from vtdrive.render.rig import load_rig
from vtdrive.render.stills import BLINK, OPEN_MOUTH, still_face
from vtdrive.types import U8

APP = typer.Typer()
APP.command()(import_)
RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)
FACES: tuple[dict[str, float], ...] = ({}, dict(OPEN_MOUTH), dict(BLINK))
"""Each kind of file below shows red at rest, green with an open mouth and blue in a blink."""


def _sources(home: Path) -> list[Path]:
    rest, talk, blink = disc(RED), disc(GREEN), disc(BLUE)
    folder = home / "folder"
    folder.mkdir()
    for name, picture in (("idle", rest), ("talk", talk), ("blink", blink)):
        (folder / f"{name}.png").write_bytes(png(picture))
    layers = [
        {"showTalk": 1, "showBlink": 1},
        {"showTalk": 2},
        {"showTalk": 1, "showBlink": 2},
    ]
    pictures = (rest, talk, blink)
    plus_sprites = [
        plus_sprite(i + 1, picture, **layer)
        for i, (picture, layer) in enumerate(zip(pictures, layers, strict=True))
    ]
    remix_sprites = [
        remix_sprite(
            i + 1,
            picture,
            should_talk=True,
            open_mouth=layer["showTalk"] == 2,
            should_blink="showBlink" in layer,
            open_eyes=layer.get("showBlink") == 1,
        )
        for i, (picture, layer) in enumerate(zip(pictures, layers, strict=True))
    ]
    files = {
        "plus.save": plus(plus_sprites),
        "deer.veado": veado({"Idle": [rest, talk, blink, None]}),
        "old.veadomini": mini({"idle.png": png(rest), "open.png": png(talk),
                               "blink.png": png(blink)}),
        "model.pngRemix": remix(remix_sprites),
    }  # fmt: skip
    for name, data in files.items():
        (home / name).write_bytes(data)
    return [folder, *(home / name for name in files)]


def _middle(rgba: U8) -> list[int]:
    height, width = rgba.shape[:2]
    return [round(float(value) / 50) * 50 for value in rgba[height // 2, width // 2]]


def test_every_kind_is_drawn_as_it_looked(tmp_path: Path) -> None:
    for i, source in enumerate(_sources(tmp_path)):
        folder = tmp_path / "out" / str(i)
        import_avatar(source, folder, name=source.stem)
        drawer = Drawer(AvatarConfig(name=str(folder)), size=(64, 64))
        drawer.open()
        for shapes, colour in zip(FACES, (RED, GREEN, BLUE), strict=True):
            picture = drawer.still(still_face(shapes=shapes), settle_s=0.5)
            assert _middle(picture) == [*colour, 250], source.name
            assert not picture[0, 0].any()
        drawer.close()


def test_the_file_says_what_was_given_and_loads_again(tmp_path: Path) -> None:
    sprites = [plus_sprite(1, disc(), drag=3, rotDrag=1, xAmp=2, xFrq=1, showBlink=1)]
    (tmp_path / "a.save").write_bytes(plus(sprites))
    made = import_avatar(tmp_path / "a.save", tmp_path / "a", name='A "fox"\n\\')
    tree = tomllib.loads((tmp_path / "a" / "avatar.toml").read_text("utf-8"))
    assert tree["name"] == 'A "fox" \\'
    assert load_rig(tmp_path / "a").avatar == made.avatar


def test_png_files_are_kept_byte_for_byte_and_others_become_png(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "idle.png").write_bytes(png(disc()))
    import_avatar(tmp_path / "in", tmp_path / "a", name="a")
    assert (tmp_path / "a" / "pictures" / "neutral-shut.png").read_bytes() == png(disc())
    (tmp_path / "in" / "idle.png").write_bytes(gif())
    import_avatar(tmp_path / "in", tmp_path / "b", name="b")
    art = load_rig(tmp_path / "b").drawings["pictures/neutral-shut.png"]
    assert not isinstance(art, tuple)
    red, clear = [255, 0, 0, 255], [0, 0, 0, 0]
    np.testing.assert_array_equal(art.rgba, [[red, clear], [clear, red]])


def test_nothing_is_written_over_and_no_half_of_an_avatar_stays(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "idle.png").write_bytes(png(disc()))
    out = tmp_path / "out" / "a"
    import_avatar(tmp_path / "in", out, name="a")
    with pytest.raises(UsageError, match="there already"):
        import_avatar(tmp_path / "in", out, name="a")
    broken = bytearray(png(disc()))
    broken[60:80] = bytes(20)
    (tmp_path / "in" / "talk.png").write_bytes(bytes(broken))
    with pytest.raises(UsageError, match="damaged PNG"):
        import_avatar(tmp_path / "in", tmp_path / "out" / "b", name="b")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_the_command_lists_what_was_left_out_and_how_to_go_on(tmp_path: Path) -> None:
    source = tmp_path / "My Fox"
    source.mkdir()
    (source / "idle.png").write_bytes(png(disc()))
    (source / "todo.txt").write_text("x")
    said = CliRunner().invoke(APP, [str(source), "--out", str(tmp_path / "avatars")])
    folder = tmp_path / "avatars" / "my-fox"
    assert said.exit_code == 0, said.output
    assert load_rig(folder).avatar.name == "My Fox"
    assert "  note: todo.txt: is no picture\n" in said.output
    assert f"wrote {folder}: 1 picture\n" in said.output
    assert f"vtdrive run --avatar {folder}" in said.output


def test_a_name_that_is_no_folder_s_is_refused(tmp_path: Path) -> None:
    (tmp_path / "idle.png").write_bytes(png(disc()))
    for name in ("../fox", "Fox", "a b"):
        said = CliRunner().invoke(APP, [str(tmp_path), name, "--out", str(tmp_path / "x")])
        assert isinstance(said.exception, UsageError)
    assert not (tmp_path / "x").exists()
