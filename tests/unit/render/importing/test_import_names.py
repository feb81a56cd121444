"""What names of pictures say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.render.importing.names import Said, expression_of, read_names, slug

REST = Said()
OPEN = Said(mouth_open=True)
BLINK = Said(eyes_shut=True)
BOTH = Said(mouth_open=True, eyes_shut=True)


def said(*names: str) -> list[Said]:
    return read_names([name.split("/") for name in names])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("eo_mc", "eo_mo", "ec_mc", "ec_mo"), [REST, OPEN, BLINK, BOTH]),
        (
            ("Fox-idle", "Fox-speaking", "Fox-blink", "Fox-speaking-blink"),
            [REST, OPEN, BLINK, BOTH],
        ),
        (("closed", "open", "Blink", "open blink"), [REST, OPEN, BLINK, BOTH]),
        (
            ("EyesOpenMouthClosed", "EyesOpenMouthOpen", "EyesClosedMouthShut"),
            [REST, OPEN, BLINK],
        ),
        (("closed eyes", "open mouth closed eyes", "shut mouth"), [BLINK, BOTH, REST]),
        (("idle_image", "talking_image"), [REST, OPEN]),
        (
            ("idle/00", "idle/01", "speaking/00", "speaking/01"),
            [REST, Said(frame=1), OPEN, Said(mouth_open=True, frame=1)],
        ),
    ],
)
def test_sets_seen_in_the_wild(names: tuple[str, ...], expected: list[Said]) -> None:
    assert said(*names) == expected


@pytest.mark.parametrize(
    ("name", "feeling"),
    [
        ("happy_open", "happiness"), ("AngryTalk", "anger"), ("sad.blink", "sadness"),
        ("wow", "surprise"), ("gross", "disgust"), ("panic", "fear"), ("smug_open", "contempt"),
        ("normal", "neutral"),
    ],
)  # fmt: skip
def test_every_expression_has_words(name: str, feeling: str) -> None:
    assert said(name, "x")[0].feeling == feeling
    assert said(name, "x")[0].strange == ""


def test_the_character_s_name_is_passed_over_and_other_words_are_not() -> None:
    found = said("my fox/fox-idle", "my fox/fox-happy", "my fox/fox-brb")
    assert [each.strange for each in found] == ["", "", "brb"]
    assert found[1].feeling == "happiness"


def test_a_name_that_says_something_is_never_taken_for_the_character_s() -> None:
    assert [each.feeling for each in said("happy_open", "happy_closed")] == ["happiness"] * 2


def test_t_is_a_talking_mouth_only_beside_its_plain_picture() -> None:
    found = said("happy", "happy_t", "sad_t")
    assert [each.mouth_open for each in found] == [False, True, False]
    assert [each.strange for each in found] == ["", "", "t"]


def test_what_is_loud_comes_after_all_other_open_mouths() -> None:
    quiet, wide, loud = said("talk1", "talk22", "scream")
    assert quiet.frame < wide.frame < loud.frame
    assert loud.mouth_open


def test_states_are_named_like_pictures() -> None:
    assert expression_of("Very Happy!") == "happiness"
    assert expression_of("BRB") is None


@given(names=st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=3), max_size=6))
def test_any_names_are_read(names: list[list[str]]) -> None:
    assert len(read_names(names)) == len(names)


@given(text=st.text())
def test_a_slug_is_a_safe_file_name(text: str) -> None:
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(slug(text)) <= 40
