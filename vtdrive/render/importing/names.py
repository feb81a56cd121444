"""What a picture's name says: whose mouth is open, whose eyes are shut, which expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Said", "expression_of", "read_names", "slug"]

_MOUTH_OPEN: Final = {
    "open", "talk", "talking", "speak", "speaking", "mo", "mouthopen", "openmouth", "loud",
    "scream",
}  # fmt: skip
_MOUTH_SHUT: Final = {
    "closed", "close", "idle", "silent", "quiet", "mc", "listening", "mouthclosed", "mouthshut",
    "mouthclose",
}  # fmt: skip
_EYES_SHUT: Final = {"blink", "blinking", "ec", "eyesclosed", "eyeclosed", "eyesshut", "shut"}
_EYES_OPEN: Final = {"eo", "eyesopen", "eyeopen"}
_LOUD: Final = {"loud", "scream"}
_NOUNS: Final = {"eye": "eyes", "eyes": "eyes", "mouth": "mouth"}
_STATES: Final = {"open", "closed", "close", "shut"}
"""Bare, all but `shut` are about the mouth."""
_FEELINGS: Final = {
    "neutral": ("neutral", "normal", "default", "base"),
    "happiness": ("happiness", "happy", "joy", "smile", "laugh", "laughing", "smiling"),
    "surprise": ("surprise", "surprised", "shock", "shocked", "wow"),
    "sadness": ("sadness", "sad", "cry", "crying", "troubled"),
    "anger": ("anger", "angry", "mad", "rage"),
    "disgust": ("disgust", "disgusted", "gross", "eww"),
    "fear": ("fear", "scared", "afraid", "panic", "nervous"),
    "contempt": ("contempt", "smug", "smirk", "deadpan"),
}
_FEELING_OF: Final = {word: feeling for feeling, all_ in _FEELINGS.items() for word in all_}
_FILLER: Final = {"image", "img", "png", "pngtuber", "frame", "sprite", "avatar", "and", "the"}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What one name says."""

    feeling: str = "neutral"
    mouth_open: bool = False
    eyes_shut: bool = False
    frame: int = 0
    """Order within pictures that say the same."""
    strange: str = ""
    """The words that say nothing known, with a space between; such a picture is not shown."""


def slug(text: str) -> str:
    """`text` as a part of a file's name: lower case letters, digits and hyphens; may be empty."""
    return re.sub(r"[^a-z0-9]+", "-", text[:_MAX_NAME].lower()).strip("-")[:40].strip("-")


def expression_of(text: str) -> str | None:
    """The expression that a state's name means, or None."""
    found = [_FEELING_OF[word] for word in _words(text) if word in _FEELING_OF]
    return found[0] if found else None


def read_names(names: Sequence[Sequence[str]]) -> list[Said]:
    """What each name says; a name is its folders and its stem: `("happy", "talk01")`.

    Words that all names begin with (the character's name) are passed over.
    """
    words = [[word for part in name for word in _words(part)] for name in names]
    shared = _shared_start(words)
    found = [_said(each[shared:]) for each in words]
    # `happy_t` is a picture of a talking mouth where there is a `happy` beside it.
    plain = {tuple(each[shared:]) for each in words}
    for i, each in enumerate(words):
        rest = tuple(each[shared:])
        if len(rest) > 1 and rest[-1] == "t" and rest[:-1] in plain:
            base = _said(list(rest[:-1]))
            found[i] = Said(base.feeling, True, base.eyes_shut, base.frame, base.strange)
    return found


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text[:_MAX_NAME])]


def _shared_start(words: Sequence[Sequence[str]]) -> int:
    """How many words all begin with, none of which says anything."""
    if len(words) < 2:
        return 0
    count = 0
    for column in zip(*words, strict=False):
        if len(set(column)) > 1 or _known(column[0]):
            break
        count += 1
    return count


def _known(word: str) -> bool:
    return word in (
        {"a"}
        | _MOUTH_OPEN
        | _MOUTH_SHUT
        | _EYES_SHUT
        | _EYES_OPEN
        | _NOUNS.keys()
        | _FEELING_OF.keys()
    )


def _said(words: list[str]) -> Said:
    numbers = [int(word[:9]) for word in words if word.isdecimal()]
    words = [word for word in words if not word.isdecimal() and word not in _FILLER]
    feeling, mouth_open, eyes_shut, loud = "neutral", False, False, False
    strange: list[str] = []
    for word, of in _with_nouns(words):
        if of == "eyes" and word in _STATES:
            eyes_shut = word != "open"
        elif of == "mouth" and word in _STATES:
            mouth_open = word == "open"
        elif word in _EYES_SHUT:
            eyes_shut = True
        elif word in _MOUTH_OPEN or (word == "a" and word is words[-1]):
            mouth_open, loud = True, loud or word in _LOUD
        elif word in _MOUTH_SHUT:
            mouth_open = False
        elif word in _FEELING_OF:
            feeling = _FEELING_OF[word]
        elif word not in _EYES_OPEN:
            strange.append(word)
    # What is loud is the widest of the open mouths.
    frame = min(sum(numbers[-1:]), 99_999) + 100_000 * loud
    return Said(feeling, mouth_open, eyes_shut, frame, " ".join(strange))


def _with_nouns(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each word with whose state it tells: `eyes closed` and `closed eyes` are the same."""
    of = ""
    left = list(reversed(words))
    while left:
        word = left.pop()
        if word in _NOUNS:
            of = _NOUNS[word]
            continue
        if not of and word in _STATES and left and left[-1] in _NOUNS:
            of = _NOUNS[left.pop()]
        yield word, of
        of = ""
