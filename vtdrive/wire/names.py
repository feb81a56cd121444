"""How a parameter is spelled on the wire. Inside, presets are VRM 1.0 and shapes are camelCase."""

from __future__ import annotations

import re
from typing import Final, Literal

from vtdrive.types import Param
from vtdrive.vocab import pascal

__all__ = [
    "EYE_BONES",
    "LOOK_PRESETS",
    "VRM0",
    "Names",
    "Shapes",
    "is_look",
    "osc_part",
    "vmc_names",
]

Names = Literal["vrm0", "vrm1", "both"]
Shapes = Literal["pascal", "camel", "off"]

VRM0: Final[dict[str, str]] = {
    "happy": "Joy",
    "angry": "Angry",
    "sad": "Sorrow",
    "relaxed": "Fun",
    # No preset of VRM 0, but the clip that users add where they want one.
    "surprised": "Surprised",
    "aa": "A",
    "ih": "I",
    "ou": "U",
    "ee": "E",
    "oh": "O",
    "blink": "Blink",
    "blinkLeft": "Blink_L",
    "blinkRight": "Blink_R",
    "lookUp": "LookUp",
    "lookDown": "LookDown",
    "lookLeft": "LookLeft",
    "lookRight": "LookRight",
    "neutral": "Neutral",
}
"""VRM 1.0 preset -> its VRM 0 spelling."""

LOOK_PRESETS: Final[frozenset[str]] = frozenset({"lookUp", "lookDown", "lookLeft", "lookRight"})
EYE_BONES: Final[frozenset[str]] = frozenset({"LeftEye", "RightEye"})

_RESERVED = re.compile(r"[\s#*,?\[\]{}]")


def vmc_names(param: Param, *, names: Names, shapes: Shapes) -> tuple[str, ...]:
    """The expression names a parameter is sent under: none, one, or one per VRM version."""
    if param.kind == "custom":
        return (param.name,)
    if param.kind == "shape":
        return {"off": (), "camel": (param.name,), "pascal": (pascal(param.name),)}[shapes]
    old = VRM0.get(param.name, param.name)
    both = (old, param.name)
    return tuple(dict.fromkeys({"vrm0": both[:1], "vrm1": both[1:], "both": both}[names]))


def is_look(param: Param) -> bool:
    """Whether a parameter moves the eyes by itself: a look preset, or one of the EyeLook shapes."""
    if param.kind == "shape":
        return param.name.startswith("eyeLook")
    return param.kind == "preset" and param.name in LOOK_PRESETS


def osc_part(name: str) -> str:
    """`name` as part of an OSC address: what OSC reserves becomes an underscore, `/` stays."""
    return _RESERVED.sub("_", name)
