"""PNGTube-Remix, and the Godot values that its files are made of."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pngtubers import GodotObject, disc, gif, godot, png, remix, remix_file, remix_sprite

from vtdrive.render.format.avatar import Avatar, Part
from vtdrive.render.format.deform import Rotate
from vtdrive.render.importing.art import Unreadable
from vtdrive.render.importing.remix import read_remix
from vtdrive.render.importing.variant import Refused, plain_values

SMALL = disc(width=20, height=10)


def parts(avatar: Avatar) -> dict[str, Part]:
    return {part.name: part for part in avatar.part}


def test_a_remix_model_is_taken_over() -> None:
    sprites = [
        remix_sprite(1, None, position=(640.0, 360.0)),
        {**remix_sprite(2, SMALL, z_index=2, colored=(1.0, 1.0, 1.0, 0.5)), "parent_id": 1.0},
        {
            **remix_sprite(3, SMALL, position=(5.0, 6.0), rotation=0.5, scale=(2.0, 1.0)),
            "parent_id": 2.0,
        },
    ]
    made = read_remix(remix(sprites), "fox")
    found = parts(made.avatar)
    assert found["layer-1"].art == ""
    assert found["layer-2"].opacity == 0.5
    pivot, inner = found["layer-2"].pivot, found["layer-3"].pivot
    assert pivot is not None
    assert inner is not None
    assert (inner[0] - pivot[0], inner[1] - pivot[1]) == (5, 6)
    turn = next(d for d in found["layer-3"].deform if isinstance(d, Rotate))
    assert turn.deg == pytest.approx(math.degrees(0.5), abs=1e-3)
    assert {amount for _, amount in turn.points} == {1.0}


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ({"should_talk": True, "open_mouth": True}, [("mouth_open", 0.15)]),
        ({"should_talk": True, "open_mouth": False}, [("mouth_open", -9.0)]),
        ({"should_blink": True, "open_eyes": True}, [("eye_open_l", 0.35), ("eye_open_r", 0.35)]),
        ({"should_blink": True, "open_eyes": False}, [("eye_open_l", -9.0), ("eye_open_r", -9.0)]),
        ({"open_mouth": True, "open_eyes": False}, []),
    ],
)
def test_remix_s_talk_and_blink(state: dict[str, Any], keys: list[tuple[str, float]]) -> None:
    made = read_remix(remix([remix_sprite(1, SMALL), remix_sprite(2, SMALL, **state)]), "fox")
    sprites = parts(made.avatar)["layer-2"].sprite
    assert [(n, low) for sprite in sprites for n, (low, _) in sprite.when.items()] == keys


def test_newer_remix_files_keep_pictures_apart() -> None:
    sprite = {**remix_sprite(1, SMALL), "image_id": 2**40}
    del sprite["img"]
    images = [{"id": 2**40, "runtime_texture": png(SMALL), "anim_texture": None}]
    made = read_remix(remix([sprite], image_manager_data=images), "fox")
    assert len(made.pictures) == 1
    moving = [{"id": 2**40, "runtime_texture": png(SMALL), "anim_texture": gif()}]
    made = read_remix(remix([sprite], image_manager_data=moving), "fox")
    assert "layer 1: its first frame is taken" in made.notes


def test_objects_are_stepped_over_listed_and_never_a_picture() -> None:
    keys = [{"state_name": "a", "hot_key": GodotObject("InputEventKey")}]
    made = read_remix(remix([remix_sprite(1, SMALL)], input_array=keys), "fox")
    assert "InputEventKey: objects in the file are not read" in made.notes
    sprite = {**remix_sprite(1, SMALL), "img": GodotObject("Image")}
    with pytest.raises(Unreadable, match="its picture is an object"):
        read_remix(remix([sprite]), "fox")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no .pngRemix file"),
        (remix([remix_sprite(1, SMALL)])[:-40], "cut off"),
        (remix_file([1, 2]), "no sprites"),
        (remix_file({"sprites_array": [3]}), "is no table"),
        (remix([remix_sprite(1, SMALL, position=(math.nan, 0.0))]), "not finite"),
        (remix([remix_sprite(1, SMALL, position=3)]), "two numbers"),
        (remix([remix_sprite(1, SMALL, hframes=500)]), "more frames than pixels"),
        (remix([{**remix_sprite(1, SMALL), "parent_id": 1.0}]), "each other's parents"),
        (remix([remix_sprite(1, SMALL, visible=False)]), "no layer with a picture"),
    ],
)
def test_remix_files_that_cannot_be_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_remix(data, "fox")


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=9)
    | st.floats(allow_nan=False) | st.text(st.characters(exclude_characters="\0",
      exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3).filter(
        lambda text: "\0" not in text), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(value=_PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    assert plain_values(godot(value)) == value


def test_a_godot_object_is_a_mark_and_nothing_more() -> None:
    assert plain_values(godot([GodotObject("GDScript"), 1])) == [Refused("GDScript"), 1]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1c\0\0\0\x01\0\0\0" * 100,
        b"\x1c\0\0\0\xff\xff\xff\x7f",
        b"\x23\0\0\0\xff\xff\xff\x7f",
        b"\x22\0\0\0\xff\xff\xff\x0f",
        b"\x04\0\0\0\xff\xff\xff\xff",
        b"\x63\0\0\0",
    ],
)
def test_values_that_are_too_deep_too_long_or_unknown_are_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        plain_values(data)


@settings(max_examples=60, deadline=None)
@given(
    state=st.dictionaries(st.sampled_from(sorted(remix_sprite(1, SMALL)["states"][0])), _PLAIN),
    sprite=st.dictionaries(st.sampled_from(sorted(remix_sprite(1, SMALL))), _PLAIN, max_size=2),
)
def test_any_values_of_a_model_are_taken_or_refused(
    state: dict[str, Any], sprite: dict[str, Any]
) -> None:
    sprites = [remix_sprite(1, SMALL), {**remix_sprite(2, SMALL, **state), **sprite}]
    try:
        made = read_remix(remix(sprites), "x")
    except Unreadable:
        return
    assert made.pictures
