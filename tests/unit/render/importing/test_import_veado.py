"""veadotube: states of chunked files, and the ZIP files of version 1.4."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from pngtubers import chunk, disc, mini, png, veado

from vtdrive.render.importing.art import Unreadable
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.mini import read_mini
from vtdrive.render.importing.pixels import rgba_of
from vtdrive.render.importing.veado import read_veado
from vtdrive.types import U8

SHUT, OPEN, BLINK = disc((9, 0, 0)), disc((0, 9, 0)), disc((0, 0, 9))


def stems(made: Imported) -> list[str]:
    return [path.removeprefix("pictures/").removesuffix(".png") for path in made.pictures]


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("codec", [b"RAW.", b"PNG."])
def test_both_versions_and_codecs_give_the_same_pictures(new: bool, codec: bytes) -> None:
    lopsided = disc()
    lopsided[4:8] = (1, 2, 3, 255)
    states = {"Idle": [lopsided, OPEN, BLINK, None]}
    made = read_veado(veado(states, new=new, codec=codec), "deer")
    assert sorted(stems(made)) == ["neutral-open", "neutral-shut", "neutral-shut-blink"]
    pictures = dict(zip(stems(made), made.pictures.values(), strict=True))
    # Rows are stored from the bottom up: the marked ones are at the top.
    np.testing.assert_array_equal(rgba_of(pictures["neutral-shut"]), lopsided)
    assert made.notes == []


def test_states_are_expressions_by_name_and_the_others_are_listed() -> None:
    none = [None] * 3
    states: dict[str, list[U8 | None]] = {
        "first": [SHUT, *none], "Angry": [OPEN, *none], "brb": [BLINK, *none],
    }  # fmt: skip
    made = read_veado(veado(states), "deer")
    assert set(stems(made)) == {"anger-shut", "neutral-shut"}
    assert "state “brb”: its name is no expression; left out" in made.notes
    third = read_veado(veado(states), "deer", costume=2)
    assert "state “first”: its name is no expression; left out" in third.notes


def test_images_of_different_sizes_are_centred() -> None:
    states = {"Idle": [disc(width=40, height=20), disc(width=20, height=30), None, None]}
    made = read_veado(veado(states), "deer")
    assert made.avatar.canvas == (40.0, 30.0)
    shut, opened = (rgba_of(made.pictures[f"pictures/neutral-{m}.png"]) for m in ("shut", "open"))
    np.testing.assert_array_equal(shut[5:25], disc(width=40, height=20))
    np.testing.assert_array_equal(opened[:, 10:30], disc(width=20, height=30))


def test_a_cropped_frame_lies_where_its_offset_from_the_bottom_says() -> None:
    data = veado({"Idle": [disc(width=8, height=6), None, None, None]}, new=True)
    # The image becomes 20 × 30 with the same texture at (3, 4).
    at = data.index(b"AIMG") + 8
    image = struct.pack("<II", 20, 30) + b"\x01" + struct.pack("<III", 13, 3, 4)
    data = data[:at] + image + data[at + len(image) :]
    made = read_veado(data, "deer")
    whole = rgba_of(made.pictures["pictures/neutral-shut.png"])
    assert whole.shape == (30, 20, 4)
    np.testing.assert_array_equal(whole[30 - 4 - 6 : 30 - 4, 3:11], disc(width=8, height=6))


def test_an_unknown_codec_is_listed_with_what_to_do() -> None:
    data = veado({"Idle": [SHUT, OPEN, None, None]})
    at = data.rindex(b"RAW.")
    made = read_veado(data[:at] + b"VDD." + data[at + 4 :], "deer")
    assert stems(made) == ["neutral-shut"]
    assert any("'VDD.' is not read: in veadotube, export" in note for note in made.notes)
    with pytest.raises(Unreadable, match="none of its pictures"):
        read_veado(data.replace(b"RAW.", b"VDD."), "deer")


IDLE = veado({"Idle": [SHUT, None, None, None]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"VEADO", "no .veado file"),
        (b"VEADOTUBE", "no mini avatar"),
        (b"VEADOTUBE" + chunk(1, b"MLST", b"\x09\0\0\0"), "unknown version"),
        (IDLE.replace(b"AIMG", b"AIM?"), "unknown version"),
        (IDLE.replace(struct.pack("<II4s", 32, 48, b"RAW."),
                      struct.pack("<II4s", 32, 49, b"RAW.")), "has 6144 bytes"),
        (IDLE.replace(struct.pack("<II4s", 32, 48, b"RAW."),
                      struct.pack("<II4s", 2**31, 2**31, b"RAW.")), "2147483648 × 2147483648"),
        (IDLE.replace(b"AIMG" + struct.pack("<III", 29, 32, 48),
                      b"AIMG" + struct.pack("<III", 29, 16, 48)), "outside the image"),
        (IDLE.replace(struct.pack("<IIB", 32, 48, 1), struct.pack("<IIB", 2**21, 48, 1)),
         "2097152 × 48"),
        (IDLE.replace(struct.pack("<IIB", 32, 48, 1), struct.pack("<IIB", 32, 48, 127)),
         "cut off"),
    ],
)  # fmt: skip
def test_veado_files_that_cannot_be_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_veado(data, "deer")


def test_a_zip_of_pictures_is_read_by_their_names() -> None:
    files = {"open.png": png(OPEN), "a/closed.png": png(SHUT), "avatar.yaml": b"x: 1"}
    made = read_mini(mini(files), "deer")
    assert sorted(stems(made)) == ["neutral-open", "neutral-shut"]
    assert "avatar.yaml: is no picture" in made.notes


@pytest.mark.parametrize(
    "name", ["../idle.png", "/etc/idle.png", "C:\\idle.png", "a\\..\\..\\b.png"]
)
def test_a_name_that_leads_out_of_the_archive_is_left_out(name: str) -> None:
    made = read_mini(mini({name: b"x", "idle.png": png(SHUT)}), "deer")
    assert len(made.pictures) == 1
    assert any("leads out of the archive" in note for note in made.notes)


def test_a_bomb_is_not_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtdrive.render.importing.mini.MAX_FILE_BYTES", 1 << 20)
    data = mini({"idle.png": bytes(1 << 24)})
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match=r"idle\.png: is too large unpacked"):
            read_mini(data, "deer")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 23


def test_other_compressions_and_damage_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("idle.png", png(SHUT))
    with pytest.raises(Unreadable, match="packed in a way"):
        read_mini(out.getvalue(), "deer")
    whole = mini({"idle.png": png(SHUT)})
    for data in (b"PK", whole[:-10], whole[:40] + b"?" + whole[41:]):
        with pytest.raises(Unreadable):
            read_mini(data, "deer")


def test_an_entry_without_a_name_is_passed_over() -> None:
    data = mini({"idle.png": png(SHUT), "x": b""})
    at = data.rindex(b"PK\x01\x02")
    # The length of the last entry's name, and one byte less of it.
    data = data[: at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    end = data.rindex(b"PK\x05\x06")
    size = struct.unpack_from("<I", data, end + 12)[0]
    data = data[: end + 12] + struct.pack("<I", size - 1) + data[end + 16 :]
    assert [entry.filename for entry in zipfile.ZipFile(io.BytesIO(data)).infolist()][-1] == ""
    assert stems(read_mini(data, "deer")) == ["neutral-shut"]
