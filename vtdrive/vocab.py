"""The names every part shares. Addressed by name; an order is only a storage layout.

Sources: the ARKit face enum as phones send it (Live Link Face, entries 0-51) for `SHAPES`;
FER+ (Barsoum 2016) for `EMOTIONS`.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "EMOTIONS",
    "EMOTION_ALIASES",
    "EMOTION_INDEX",
    "MIRROR_SHAPE",
    "SHAPES",
    "SHAPE_INDEX",
    "UNSUPPORTED_SHAPES",
    "emotion_named",
    "mirror_name",
    "pascal",
]

_EYE: Final = (
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
)


def _pair(*stems: str) -> tuple[str, ...]:
    return tuple(f"{stem}{side}" for stem in stems for side in ("Left", "Right"))


SHAPES: Final[tuple[str, ...]] = (
    *(f"{stem}Left" for stem in _EYE),
    *(f"{stem}Right" for stem in _EYE),
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    *_pair("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    *_pair("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown"),
    "browInnerUp",
    *_pair("browOuterUp"),
    "cheekPuff",
    *_pair("cheekSquint", "noseSneer"),
    "tongueOut",
)
"""The 52 ARKit blendshapes, left and right being the subject's own."""

SHAPE_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(SHAPES)}

UNSUPPORTED_SHAPES: Final[frozenset[str]] = frozenset({"cheekPuff", "jawForward", "tongueOut"})
"""Shapes that face mesh points do not show. They are sent as 0, never guessed."""

EMOTIONS: Final[tuple[str, ...]] = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""FER+'s eight, in FER+'s order, which is the order of every probability vector."""

EMOTION_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(EMOTIONS)}

EMOTION_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "neutral": ("neu", "neutrality", "calm", "calmness", "normal", "natural", "expressionless",
                "no emotion"),
    "happiness": ("hap", "happy", "joy", "joyful", "joyous", "cheerful", "delight", "delighted",
                  "smile", "smiling", "laughter", "laughing", "amusement", "amused"),
    "surprise": ("sur", "surprised", "surprising", "astonishment", "astonished", "amazement",
                 "amazed", "startled"),
    "sadness": ("sad", "sorrow", "sorrowful", "unhappy", "unhappiness", "grief"),
    "anger": ("ang", "angry", "mad", "rage", "fury", "furious", "annoyed", "annoyance"),
    "disgust": ("dis", "disgusted", "disgusting", "revulsion"),
    "fear": ("fea", "fearful", "fearfulness", "afraid", "scared", "frightened", "fright", "terror",
             "terrified"),
    "contempt": ("con", "contemptuous", "scorn", "scornful", "disdain", "disdainful", "hatred",
                 "hate"),
}  # fmt: skip
"""What other models and data sets call the eight, as `emotion_named` reads them."""


def emotion_named(name: str) -> str | None:
    """The one of `EMOTIONS` that `name` means, itself or an alias; None where it means none.

    Case, spaces, hyphens and underscores make no difference: `Happy`, `no_emotion`.
    """
    return _BY_ALIAS.get(_bare(name))


def _bare(name: str) -> str:
    return name.casefold().replace(" ", "").replace("-", "").replace("_", "")


_BY_ALIAS: Final = {
    _bare(alias): name for name in EMOTIONS for alias in (name, *EMOTION_ALIASES[name])
}


def mirror_name(name: str) -> str:
    """The name with its side swapped: `mouthSmileLeft` becomes `mouthSmileRight`.

    Gaze shapes keep In and Out, since toward the nose stays toward the nose. Names without a side
    come back as they are. Both `Left` / `left` and the VRM 0 endings `_L` / `_R` are understood.
    """
    for left, right in (("Left", "Right"), ("left", "right")):
        for a, b in ((left, right), (right, left)):
            if name.endswith(a) or f".{a}." in name or name.startswith(f"{a}."):
                return name.replace(a, b)
    if name.endswith("_L"):
        return f"{name[:-2]}_R"
    if name.endswith("_R"):
        return f"{name[:-2]}_L"
    return name


MIRROR_SHAPE: Final[tuple[int, ...]] = tuple(SHAPE_INDEX[mirror_name(name)] for name in SHAPES)
"""`shapes[list(MIRROR_SHAPE)]` swaps the sides of a (52,) vector."""


def pascal(name: str) -> str:
    """`jawOpen` becomes `JawOpen`: how perfect-sync avatars spell their clips."""
    return name[:1].upper() + name[1:]
