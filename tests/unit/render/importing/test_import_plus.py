"""PNGTuber Plus: layers, parents, what swings, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pngtubers import disc, plus, plus_sprite

from vtdrive.render.format.avatar import Avatar, Part
from vtdrive.render.format.deform import Move, Rotate, Scale
from vtdrive.render.importing.art import Unreadable
from vtdrive.render.importing.plus import read_save

SMALL = disc(width=20, height=10)


def parts(avatar: Avatar) -> dict[str, Part]:
    return {part.name: part for part in avatar.part}


def part_of(**changes: Any) -> Part:
    """The part of a sprite on a plain one of 100 × 100."""
    under = plus_sprite(1, disc(width=100, height=100))
    made = read_save(plus([under, plus_sprite(2, SMALL, **changes)]), "fox")
    return parts(made.avatar)["layer-2"]


def test_places_add_up_along_parents_and_offsets_move_the_art_alone() -> None:
    sprites = [
        plus_sprite(1, disc(width=100, height=100)),
        plus_sprite(2, SMALL, parentId=1.0, pos="Vector2(10, -20)", offset="Vector2(0, 15)"),
        plus_sprite(3, SMALL, parentId=2, pos="Vector2( 1.5, 2)"),
    ]
    found = parts(read_save(plus(sprites), "fox").avatar)
    assert found["layer-1"].at == (0.0, 0.0)
    assert found["layer-2"].pivot == (60.0, 30.0)
    assert found["layer-2"].at == (60.0 - 10.0, 30.0 + 15.0 - 5.0)
    assert found["layer-3"].pivot == (61.5, 32.0)
    assert found["layer-3"].parent == "layer-2"


def test_what_is_higher_is_painted_later_and_parents_heights_are_added() -> None:
    sprites = [
        plus_sprite(1, SMALL, zindex=1),
        plus_sprite(2, SMALL, parentId=1, zindex=1),
        plus_sprite(3, SMALL),
        plus_sprite(4, SMALL, parentId=1, zindex=-3),
    ]
    made = read_save(plus(sprites), "fox")
    assert [part.name for part in made.avatar.part] == [
        "figure", "layer-4", "layer-3", "layer-1", "layer-2",
    ]  # fmt: skip


def test_children_of_what_clips_are_seen_inside_it_and_lie_on_it() -> None:
    sprites = [
        plus_sprite(1, SMALL, clipped=True, zindex=1),
        plus_sprite(2, SMALL, parentId=1, zindex=-5),
        plus_sprite(3, SMALL, parentId=2),
    ]
    made = read_save(plus(sprites), "fox")
    assert [(part.name, part.clip) for part in made.avatar.part][1:] == [
        ("layer-1", ""), ("layer-2", "layer-1"), ("layer-3", "layer-1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"showTalk": 1}, {(0.0, 1.0), (0.0, 0.0)}),
        ({"showTalk": 2}, {(0.5, 1.0), (0.5, 0.0)}),
        ({"showBlink": 1}, {(0.0, 1.0), (0.5, 1.0)}),
        ({"showBlink": 2}, {(0.0, 0.0), (0.5, 0.0)}),
        ({"showTalk": 2, "showBlink": 2}, {(0.5, 0.0)}),
    ],
)
def test_talk_and_blink_say_when_a_sprite_is_seen(
    changes: dict[str, Any], seen: set[tuple[float, float]]
) -> None:
    part = part_of(**changes)
    found = set()
    for mouth in (0.0, 0.5):
        for lids in (0.0, 1.0):
            values = {"mouth_open": mouth, "eye_open_l": lids, "eye_open_r": lids}
            for sprite in part.sprite:
                if all(low <= values[n] <= high for n, (low, high) in sprite.when.items()):
                    found.add((mouth, lids))
    assert found == seen


def test_one_open_eye_is_no_blink() -> None:
    part = part_of(showBlink=1)
    assert [list(sprite.when) for sprite in part.sprite] == [["eye_open_l"], ["eye_open_r"]]


def test_a_strip_becomes_pictures_in_turn() -> None:
    made = read_save(plus([plus_sprite(1, SMALL, frames=4)]), "fox")
    part = parts(made.avatar)["layer-1"]
    assert [picture.cut for picture in made.pictures.values()] == [
        (0, 0, 5, 10), (5, 0, 5, 10), (10, 0, 5, 10), (15, 0, 5, 10),
    ]  # fmt: skip
    assert part.size == (5.0, 10.0)
    assert [sprite.when["breath"][0] for sprite in part.sprite] == [-9, 0.25, 0.5, 0.75]


def test_drag_hangs_on_a_spring_of_the_same_slowness() -> None:
    made = read_save(plus([plus_sprite(1, SMALL, drag=4), plus_sprite(2, SMALL, drag=20)]), "fox")
    found = sorted((name, spring.hz) for name, spring in made.avatar.springs.items())
    # 1/(2π·hz) · 2·0.7 is the time constant: 4 and 20 sixtieths of a second.
    for hz, drag in ((3.3, 4), (0.7, 20)):
        assert (f"drag_{hz * 10:.0f}_y", hz) in found
        assert 1.4 / (math.tau * hz) == pytest.approx(drag / 60, rel=0.06)


def test_what_swings_lags_behind_the_hop_and_turns_within_its_limits() -> None:
    part = part_of(drag=4, rotDrag=10, rLimitMin=-3, rLimitMax=90, stretchAmount=5)
    kinds = {type(deform): deform for deform in part.deform if str(deform.by).endswith("_y")}
    turn, stretch, move = kinds[Rotate], kinds[Scale], kinds[Move]
    assert isinstance(turn, Rotate)
    assert isinstance(stretch, Scale)
    assert isinstance(move, Move)
    # The spring is below 0 while the figure goes up: the part is then lower, turned clockwise for
    # a positive drag, and tall.
    assert -move.y > 0
    amounts = dict(turn.points)
    assert amounts[-1.0] > 0
    assert min(amounts.values()) == -3
    assert max(amounts.values()) <= 90
    assert dict(stretch.points)[-1.0] * stretch.y > 0


def test_what_ignores_the_bounce_does_not_swing_with_it() -> None:
    part = part_of(drag=4, rotDrag=10, ignoreBounce=True)
    assert {deform.by for deform in part.deform} == {"drag_33_x"}


def test_wobble_needs_amplitude_and_frequency() -> None:
    assert [d.by for d in part_of(xAmp=5, xFrq=0.1).deform] == ["breath"]
    assert part_of(xAmp=5).deform == []


def test_a_costume_hides_sprites_and_all_that_hangs_on_them() -> None:
    sprites = [
        plus_sprite(1, SMALL),
        plus_sprite(2, SMALL, costumeLayers="[0, 1, 1, 1, 1]"),
        plus_sprite(3, SMALL, parentId=2),
    ]
    first = read_save(plus(sprites), "fox")
    assert list(parts(first.avatar)) == ["figure", "layer-1"]
    assert "not in costume 1: layer 2, layer 3" in first.notes
    assert len(parts(read_save(plus(sprites), "fox", costume=2).avatar)) == 4
    # Costumes that an old file does not know show everything.
    assert len(parts(read_save(plus(sprites), "fox", costume=9).avatar)) == 4


def test_missing_fields_have_defaults() -> None:
    whole = plus_sprite(1, SMALL)
    bare = {key: whole[key] for key in ("imageData", "identification")}
    assert parts(read_save(plus([bare]), "fox").avatar)["1"].at == (0.0, 0.0)


def test_a_figure_whose_mouth_never_opens_hops_with_words() -> None:
    mute = read_save(plus([plus_sprite(1, SMALL)]), "fox").avatar.part[0]
    talks = read_save(plus([plus_sprite(1, SMALL, showTalk=2)]), "fox").avatar.part[0]
    assert "mouth_open" in {deform.by for deform in mute.deform}
    assert "mouth_open" not in {deform.by for deform in talks.deform}


def test_unknown_keys_and_parents_are_listed() -> None:
    made = read_save(plus([plus_sprite(1, SMALL, rotFrq=1, parentId=77)]), "fox")
    assert "layer 1: rotFrq: not known" in made.notes
    assert "layer 1: its parent is not there" in made.notes


NAN = plus([plus_sprite(1, SMALL)]).replace(b'"drag": 0', b'"drag": NaN')
HUGE = plus([plus_sprite(1, SMALL)]).replace(b'"drag": 0', b'"drag": 1e999')
LONG = plus([plus_sprite(1, SMALL)]).replace(b'"drag": 0', b'"drag": ' + b"9" * 5000)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"{}", "holds no sprites"),
        (b"[1]", "holds no sprites"),
        (b'{"0": {"type": "sprite"}}', "no sprites with pictures"),
        (NAN, "not finite"),
        (HUGE, "not finite"),
        (LONG, "no JSON"),
        (plus([plus_sprite(1, SMALL, pos="Vector2(nan, 0)")]), "not finite"),
        (plus([plus_sprite(1, SMALL, pos="os.system(1)")]), "where a place should"),
        (plus([plus_sprite(1, SMALL, zindex="1")]), "where a number should"),
        (plus([plus_sprite(1, SMALL, imageData="?")]), "picture is damaged"),
        (plus([plus_sprite(1, SMALL, imageData="AAAA")]), "no PNG, WebP or GIF"),
        (plus([plus_sprite(1, SMALL, frames=9999)]), "9999 frames"),
        (plus([plus_sprite(1, SMALL), plus_sprite(1, SMALL)]), "same identification"),
        (
            plus([plus_sprite(1, SMALL, parentId=2), plus_sprite(2, SMALL, parentId=1)]),
            "each other's parents: layer 1, layer 2",
        ),
        (plus([plus_sprite(1, SMALL, parentId=1)]), "each other's parents"),
        (
            plus([plus_sprite(1, SMALL), plus_sprite(2, SMALL, pos="Vector2(19999, 0)")]),
            "pixels large",
        ),
        (plus([plus_sprite(1, SMALL, costumeLayers="[0]")]), "no layer with a picture is shown"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_save(data, "fox")


_ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["Vector2(1, 2)", "[0, 1]", "[1]"]),
    st.lists(st.integers(), max_size=3),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sprites=st.lists(
        st.dictionaries(st.sampled_from(sorted(plus_sprite(1, SMALL))), _ANY, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_any_values_of_a_save_are_taken_or_refused(sprites: list[dict[str, Any]]) -> None:
    whole = [{**plus_sprite(i, SMALL), **changes} for i, changes in enumerate(sprites)]
    try:
        made = read_save(json.dumps({str(i): each for i, each in enumerate(whole)}).encode(), "x")
    except Unreadable:
        return
    assert "NaN" not in made.avatar.model_dump_json()


@pytest.mark.parametrize(("count", "kind"), [(3, "bend"), (20, "rotate")])
def test_few_layers_lean_from_the_foot_and_many_stiffly(count: int, kind: str) -> None:
    made = read_save(plus([plus_sprite(i, SMALL) for i in range(1, count + 1)]), "fox")
    assert [d.kind for d in made.avatar.part[0].deform if d.by == "head_z"] == [kind]
