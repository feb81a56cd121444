"""What the expression names of other apps' VMC mean, whichever way they are spelled."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from vtdrive.vocab import EMOTION_INDEX, SHAPES, emotion_named
from vtdrive.wire.names import VRM0

__all__ = ["EYELOOKS", "LOOKS", "VOWELS", "Meaning", "meaning"]

VOWELS: Final = ("aa", "ih", "ou", "ee", "oh")
LOOKS: Final = ("lookUp", "lookDown", "lookLeft", "lookRight")
EYELOOKS: Final = frozenset(i for i, name in enumerate(SHAPES) if name.startswith("eyeLook"))
"""Places of the shapes that tell of gaze."""
_LONGEST: Final = 64

Kind = Literal["shape", "vowel", "lids", "look", "emotion"]


class Meaning(NamedTuple):
    """What a name moves, and its place among its kind."""

    kind: Kind
    at: int
    """`vocab.SHAPES`; `VOWELS`; both lids, left, right; `LOOKS`; `vocab.EMOTIONS`."""
    share: float = 1.0


def meaning(name: str) -> Meaning | None:
    """What `name` means here; None for what vtdrive has no use for.

    Case makes no difference, so that VRM 0, VRM 1, PascalCase and camelCase are all understood.
    """
    if len(name) > _LONGEST:
        return None
    bare = name.casefold()
    found = _TABLE.get(bare)
    if found is not None:
        return found
    emotion = emotion_named(bare)
    if emotion is None or emotion == "neutral":
        return None
    return Meaning("emotion", EMOTION_INDEX[emotion])


def _table() -> dict[str, Meaning]:
    table = {name.casefold(): Meaning("shape", i) for i, name in enumerate(SHAPES)}
    for name, found in list(table.items()):
        # eyeBlink_L is how phones spell eyeBlinkLeft.
        for side in ("left", "right"):
            if name.endswith(side):
                table[f"{name.removesuffix(side)}_{side[0]}"] = found
    presets: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("vowel", VOWELS),
        ("lids", ("blink", "blinkLeft", "blinkRight")),
        ("look", LOOKS),
    )
    for kind, names in presets:
        for i, name in enumerate(names):
            table[name.casefold()] = table[VRM0[name].casefold()] = Meaning(kind, i)
    # Fun is a mild joy; full, it is half of it.
    table["fun"] = table["relaxed"] = Meaning("emotion", EMOTION_INDEX["happiness"], 0.5)
    table["sorrow"] = Meaning("emotion", EMOTION_INDEX["sadness"])
    return table


_TABLE: Final = _table()
