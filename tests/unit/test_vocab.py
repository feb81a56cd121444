"""`vtdrive.vocab`: the names, and what a mirror does to them."""

from __future__ import annotations

import pytest

from vtdrive.vocab import (
    EMOTION_ALIASES,
    EMOTION_INDEX,
    EMOTIONS,
    MIRROR_SHAPE,
    SHAPE_INDEX,
    SHAPES,
    UNSUPPORTED_SHAPES,
    emotion_named,
    mirror_name,
    pascal,
)


def test_there_are_52_shapes_and_8_emotions_each_once() -> None:
    assert len(set(SHAPES)) == len(SHAPES) == 52
    assert len(set(EMOTIONS)) == len(EMOTIONS) == 8


def test_indices_are_the_phones_enum() -> None:
    # Spot checks of Live Link Face's order, written from its documentation and not from SHAPES.
    expected = {
        "eyeBlinkLeft": 0,
        "eyeLookDownLeft": 1,
        "eyeBlinkRight": 7,
        "jawForward": 14,
        "jawOpen": 17,
        "mouthClose": 18,
        "mouthSmileLeft": 23,
        "browDownLeft": 41,
        "browInnerUp": 43,
        "noseSneerRight": 50,
        "tongueOut": 51,
    }
    assert {name: SHAPE_INDEX[name] for name in expected} == expected


def test_emotions_are_in_fer_plus_order() -> None:
    assert EMOTION_INDEX == {
        "neutral": 0,
        "happiness": 1,
        "surprise": 2,
        "sadness": 3,
        "anger": 4,
        "disgust": 5,
        "fear": 6,
        "contempt": 7,
    }


@pytest.mark.parametrize("name", SHAPES)
def test_mirroring_a_name_twice_gives_it_back(name: str) -> None:
    assert mirror_name(name) in SHAPE_INDEX
    assert mirror_name(mirror_name(name)) == name


def test_mirror_permutation_is_its_own_inverse_and_moves_only_sides() -> None:
    assert [MIRROR_SHAPE[i] for i in MIRROR_SHAPE] == list(range(52))
    for i, j in enumerate(MIRROR_SHAPE):
        assert (i != j) == SHAPES[i].endswith(("Left", "Right"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("mouthSmileLeft", "mouthSmileRight"),
        ("eyeLookInLeft", "eyeLookInRight"),
        ("jawRight", "jawLeft"),
        ("Blink_L", "Blink_R"),
        ("gaze.left.yaw_deg", "gaze.right.yaw_deg"),
        ("LeftEye", "LeftEye"),
        ("browInnerUp", "browInnerUp"),
        ("blinkRight", "blinkLeft"),
    ],
)
def test_mirrored_names(name: str, other: str) -> None:
    assert mirror_name(name) == other


def test_unsupported_shapes_are_shapes() -> None:
    assert set(SHAPES) >= UNSUPPORTED_SHAPES


def test_pascal_changes_only_the_first_letter() -> None:
    assert pascal("jawOpen") == "JawOpen"
    assert pascal("") == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((name, name) for name in EMOTIONS),
        ("Happy", "happiness"),
        ("SAD", "sadness"),
        ("angry", "anger"),
        ("Surprised", "surprise"),
        ("disgusted", "disgust"),
        ("fearful", "fear"),
        ("afraid", "fear"),
        ("hatred", "contempt"),
        ("No-Emotion", "neutral"),
        ("no_emotion", "neutral"),
    ],
)
def test_emotions_go_by_other_names(written: str, meant: str) -> None:
    assert emotion_named(written) == meant
    assert emotion_named(f" {written.upper()} ") == meant


@pytest.mark.parametrize("name", ["", "bored", "happ", "surprises", "0", "neutral/happy"])
def test_a_word_for_no_emotion_is_none(name: str) -> None:
    assert emotion_named(name) is None


def test_no_alias_means_two_emotions() -> None:
    assert EMOTION_ALIASES.keys() == set(EMOTIONS)
    for name, aliases in EMOTION_ALIASES.items():
        assert {emotion_named(alias) for alias in aliases} == {name}
