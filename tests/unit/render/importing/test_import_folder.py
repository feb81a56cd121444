"""A folder of pictures becomes an avatar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pngtubers import disc, gif, png

from vtdrive.errors import UsageError
from vtdrive.render.format.avatar import Avatar
from vtdrive.render.importing import art
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.source import read_source


def folder_of(home: Path, *names: str, content: bytes | None = None) -> Path:
    for name in names:
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content or png(disc()))
    return home


def shown(avatar: Avatar, params: Mapping[str, float]) -> list[str]:
    """The stems of the pictures that a painter shows at `params` (not given: at rest)."""
    rest = {"mouth_open": 0.0, "eye_open_l": 1.0, "eye_open_r": 1.0, "breath": 0.0}
    values = {**rest, **{f"e_{name}": 0.0 for name in art_names()}, **params}
    found = []
    for part in avatar.part:
        for sprite in part.sprite:
            if all(low <= values[name] <= high for name, (low, high) in sprite.when.items()):
                found.append(Path(sprite.art).stem)
                break
    return found


def art_names() -> list[str]:
    return ["happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]


SHUT = {"eye_open_l": 0.0, "eye_open_r": 0.0}
TALK = {"mouth_open": 0.5}


def test_four_pictures_follow_mouth_and_lids(tmp_path: Path) -> None:
    names = ("eo_mc.png", "eo_mo.png", "ec_mc.png", "ec_mo.png")
    made = read_source(folder_of(tmp_path, *names), "fox")
    assert shown(made.avatar, {}) == ["neutral-shut"]
    assert shown(made.avatar, TALK) == ["neutral-open"]
    assert shown(made.avatar, SHUT) == ["neutral-shut-blink"]
    assert shown(made.avatar, SHUT | TALK) == ["neutral-open-blink"]
    assert made.notes == []
    assert (made.avatar.canvas, len(made.pictures)) == ((32, 48), 4)


def test_a_wink_is_no_blink(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "idle.png", "blink.png"), "fox")
    assert shown(made.avatar, {"eye_open_l": 0.0}) == ["neutral-shut"]


def test_a_mouth_without_its_own_blink_stays_open(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "idle.png", "talk.png", "blink.png"), "fox")
    assert shown(made.avatar, SHUT | TALK) == ["neutral-open"]


def test_expressions_show_their_own_or_their_stand_in(tmp_path: Path) -> None:
    names = ("neutral_closed.png", "neutral_open.png", "angry_closed.png", "angry_open.png")
    made = read_source(folder_of(tmp_path, *names, "wow_open.png"), "fox")
    for felt, expected in (
        ("anger", "anger"), ("disgust", "anger"), ("fear", "surprise"), ("contempt", "neutral"),
        ("sadness", "neutral"),
    ):  # fmt: skip
        assert shown(made.avatar, {f"e_{felt}": 0.8, **TALK}) == [f"{expected}-open"]
    assert shown(made.avatar, {"e_surprise": 0.8}) == ["surprise-open"]
    assert "no picture of disgust: anger is shown" in made.notes


def test_an_expression_without_an_open_mouth_hops(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "idle.png", "talk.png", "happy.png"), "fox")
    happy = {"e_happiness": 0.8, **TALK}
    assert shown(made.avatar, happy) == ["happiness-shut"]
    assert shown(made.avatar, TALK) == ["neutral-open"]
    parts = {part.name: part for part in made.avatar.part}
    assert [deform.by for deform in parts["mute"].deform] == ["mouth_open"]
    assert parts["talking"].deform == []


def test_exactly_one_picture_is_shown_whatever_is_felt(tmp_path: Path) -> None:
    names = ("idle.png", "talk.png", "happy.png", "angry.png", "angry_open.png", "sad_blink.png")
    made = read_source(folder_of(tmp_path, *names), "fox")
    for felt in ("neutral", *art_names()):
        for also in art_names():
            for face in ({}, SHUT, TALK, SHUT | TALK):
                weights = {f"e_{felt}": 0.8, f"e_{also}": 0.45} if felt != also else {}
                weights.pop("e_neutral", None)
                assert len(shown(made.avatar, {**weights, **face})) == 1


def test_several_open_mouths_are_degrees_and_several_rests_a_breath(tmp_path: Path) -> None:
    names = ("idle/0.png", "idle/1.png", "talk/1.png", "talk/2.png", "scream.png")
    made = read_source(folder_of(tmp_path, *names), "fox")
    opened = [shown(made.avatar, {"mouth_open": x / 20})[0] for x in range(21)]
    assert list(dict.fromkeys(opened)) == [
        "neutral-shut", "neutral-open", "neutral-open-1", "neutral-open-2",
    ]  # fmt: skip
    assert shown(made.avatar, {"breath": 0.9}) == ["neutral-shut-1"]


def test_one_picture_alone_may_be_called_anything_and_hops(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "Kitsune v3 final.png"), "fox")
    assert shown(made.avatar, TALK) == ["neutral-shut"]
    assert made.notes == [
        "there is no picture of shut eyes: it does not blink",
        "there is no picture of an open mouth for any expression: it hops as you speak",
    ]


def test_without_a_neutral_picture_another_is(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "happy.png", "happy_open.png"), "fox")
    assert shown(made.avatar, TALK) == ["happiness-open"]
    assert any("no neutral picture" in note for note in made.notes)


def test_what_is_not_understood_is_listed(tmp_path: Path) -> None:
    folder_of(tmp_path, "idle.png", "talk.png", "brb.png", "afk.png", "notes.txt", ".DS_Store")
    (tmp_path / "blink.gif").write_bytes(png(disc()))
    made = read_source(tmp_path, "fox")
    assert len(made.pictures) == 3
    text = "\n".join(made.notes)
    assert "notes.txt: is no picture" in text
    assert "“brb”" in text
    assert "“afk”" in text
    assert ".DS_Store" not in text


def test_a_gif_s_first_frame_is_taken(tmp_path: Path) -> None:
    made = read_source(folder_of(tmp_path, "idle.gif", content=gif()), "fox")
    assert "idle.gif: its first frame is taken" in made.notes


def refused(source: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_source(source, "fox")
    assert caught.value.remedy
    return str(caught.value)


def test_sizes_must_be_the_same(tmp_path: Path) -> None:
    folder_of(tmp_path, "idle.png", "talk.png")
    (tmp_path / "blink.png").write_bytes(png(disc(width=30)))
    assert "different sizes (most 32 × 48, but 30 × 48: blink.png)" in refused(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no PNG, WebP or GIF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8), "is a damaged PNG"),
        (png(disc())[:16] + (60_000).to_bytes(4, "big") + png(disc())[20:], "60000 × 48"),
        (
            png(disc())[:16] + (8192).to_bytes(4, "big") * 2 + png(disc())[24:],
            "8192 × 8192 pixels",
        ),
        (b"GIF89a" + bytes(10), "0 × 0"),
    ],
)
def test_pictures_that_cannot_be_are_refused_before_decoding(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "idle.png").write_bytes(content)
    assert said in refused(tmp_path)


def test_too_many_pixels_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(art, "_MAX_SET_PIXELS", 32 * 48 * 2)
    folder_of(tmp_path, "idle.png", "talk.png", "blink.png")
    assert "pixels together" in refused(tmp_path)


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    folder_of(outside, "talk.png")
    folder_of(inside, "idle.png")
    (inside / "talk.png").symlink_to(outside / "talk.png")
    (inside / "blink").symlink_to(outside)
    made = read_source(inside, "fox")
    assert len(made.pictures) == 1
    assert "talk.png: leads out of the folder; left out" in made.notes


@pytest.mark.parametrize("name", ["nothing", "fox.txt", "fox.save"])
def test_what_is_nothing_to_import_says_what_is(tmp_path: Path, name: str) -> None:
    if name == "fox.txt":
        (tmp_path / name).write_text("x")
    refused(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no picture in it" in refused(tmp_path)


def test_a_folder_around_a_file_says_to_import_that(tmp_path: Path) -> None:
    (tmp_path / "fox.save").write_bytes(b"{}")
    assert "(fox.save: is to be imported by itself)" in refused(tmp_path)
    made = read_source(folder_of(tmp_path, "idle.png", "talk.jpg"), "fox")
    assert "talk.jpg: has no clear background; save it as PNG" in made.notes


def test_notes_are_cut_short(tmp_path: Path) -> None:
    made: Imported = read_source(
        folder_of(tmp_path, "idle.png", *(f"{'x' * (i + 1)}.txt" for i in range(60))), "fox"
    )
    assert len(made.notes) == 41
    assert made.notes[-1].endswith("more")
