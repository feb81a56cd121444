"""Unified Expressions: the 88 base shapes of VRCFaceTracking and what avatars derive from them.

Each is a weighted sum of `unified_signals.SIGNALS`. What a webcam does not show (tongue bends,
cheeks sucked in) is an empty sum: always 0, never guessed. Left and right are the subject's own; x
and yaw are positive to the right, y is up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from vtdrive.vocab import EMOTIONS
from vtdrive.wire.unified_signals import Row

__all__ = ["BASE_SHAPES", "EMOTION_NAMES", "V2"]


def _sum(*terms: tuple[float, Row]) -> Row:
    out: dict[str, float] = {}
    for factor, row in terms:
        for name, weight in row.items():
            out[name] = out.get(name, 0.0) + factor * weight
    return {name: weight for name, weight in out.items() if weight}


def _mean(*rows: Row) -> Row:
    return _sum(*((1.0 / len(rows), row) for row in rows))


def _less(a: Row, b: Row) -> Row:
    return _sum((1.0, a), (-1.0, b))


_SIDES: Final = ("Right", "Left")  # the standard's order
# One value for both sides in ARKit, one for each in Unified Expressions.
_SAME: Final = {"BrowInnerUp": "browInnerUp", "CheekPuff": "cheekPuff"}
_LIPS: Final = {
    "LipSuckUpper": "mouthRollUpper",
    "LipSuckLower": "mouthRollLower",
    "LipFunnelUpper": "mouthFunnel",
    "LipFunnelLower": "mouthFunnel",
    "LipPuckerUpper": "mouthPucker",
    "LipPuckerLower": "mouthPucker",
}
_SIDED: Final = {
    "EyeSquint": "eyeSquint",
    "EyeWide": "eyeWide",
    "BrowPinch": "browDown",
    "BrowLowerer": "browDown",
    "BrowOuterUp": "browOuterUp",
    "CheekSquint": "cheekSquint",
    "MouthUpperUp": "mouthUpperUp",
    "NoseSneer": "noseSneer",
    "MouthLowerDown": "mouthLowerDown",
    "MouthUpper": "mouth",
    "MouthLower": "mouth",
    "MouthCornerPull": "mouthSmile",
    "MouthCornerSlant": "mouthSmile",
    "MouthFrown": "mouthFrown",
    "MouthStretch": "mouthStretch",
    "MouthDimple": "mouthDimple",
    "MouthPress": "mouthPress",
    "Jaw": "jaw",
}
_SINGLE: Final = {
    "JawOpen": "jawOpen",
    "JawForward": "jawForward",
    "MouthClosed": "mouthClose",
    "MouthRaiserUpper": "mouthShrugUpper",
    "MouthRaiserLower": "mouthShrugLower",
    "TongueOut": "tongueOut",
}

_BASE: Final = """
    EyeSquint± EyeWide± BrowPinch± BrowLowerer± BrowInnerUp± BrowOuterUp± NasalDilation±
    NasalConstrict± CheekSquint± CheekPuff± CheekSuck± JawOpen Jaw± JawForward JawBackward JawClench
    JawMandibleRaise MouthClosed LipSuckUpper± LipSuckLower± LipSuckCorner± LipFunnelUpper±
    LipFunnelLower± LipPuckerUpper± LipPuckerLower± MouthUpperUp± MouthUpperDeepen± NoseSneer±
    MouthLowerDown± MouthUpper± MouthLower± MouthCornerPull± MouthCornerSlant± MouthFrown±
    MouthStretch± MouthDimple± MouthRaiserUpper MouthRaiserLower MouthPress± MouthTightener±
    TongueOut TongueUp TongueDown Tongue± TongueRoll TongueBendDown TongueCurlUp TongueSquish
    TongueFlat TongueTwist± SoftPalateClose ThroatSwallow NeckFlex±
"""
"""± stands for both sides, right before left."""

BASE_SHAPES: Final[tuple[str, ...]] = tuple(
    name
    for stem in _BASE.split()
    for name in ([stem[:-1] + side for side in _SIDES] if stem.endswith("±") else [stem])
)
"""The 88, in the order of the standard."""


def _base_row(name: str) -> Row:
    if name in _SINGLE:
        return {_SINGLE[name]: 1.0}
    stem, side = next(((name.removesuffix(s), s) for s in _SIDES if name.endswith(s)), (name, ""))
    if stem in _SIDED:
        return {_SIDED[stem] + side: 1.0}
    shape = _SAME.get(stem) or _LIPS.get(stem)
    return {shape: 1.0} if shape else {}


def _derived(base: Mapping[str, Row]) -> dict[str, Row]:
    """What avatars use besides the 88, as VRCFaceTracking 5 names and weighs it."""
    out: dict[str, Row] = {}

    def both(name: str, right: Row, left: Row) -> None:
        out[f"{name}Right"], out[f"{name}Left"], out[name] = right, left, _mean(right, left)

    def pair(stem: str) -> tuple[Row, Row]:
        return base[f"{stem}Right"], base[f"{stem}Left"]

    for stem in ("BrowInnerUp", "BrowOuterUp", "CheekSquint", "CheekSuck", "LipSuckUpper",
                 "LipSuckLower", "LipFunnelUpper", "LipFunnelLower", "LipPuckerUpper",
                 "LipPuckerLower", "MouthUpperUp", "MouthLowerDown", "MouthStretch",
                 "MouthTightener", "MouthPress", "MouthDimple", "NoseSneer"):  # fmt: skip
        out[stem] = _mean(*pair(stem))
    for stem in ("LipSuck", "LipFunnel", "LipPucker"):
        out[stem] = _mean(*pair(f"{stem}Upper"), *pair(f"{stem}Lower"))
    for k, side in enumerate(_SIDES):
        # Pucker alone is also asked for by side.
        upper, lower = pair("LipPuckerUpper")[k], pair("LipPuckerLower")[k]
        out[f"LipPucker{side}"] = _mean(upper, lower)
    for half in ("Upper", "Lower"):
        suck, funnel = pair(f"LipSuck{half}"), pair(f"LipFunnel{half}")
        both(f"LipSuckFunnel{half}", *(_less(*sides) for sides in zip(suck, funnel, strict=True)))
        out[f"Mouth{half}X"] = _less(*pair(f"Mouth{half}"))
    out["MouthX"] = _mean(out["MouthUpperX"], out["MouthLowerX"])
    out["MouthOpen"] = _mean(out["MouthUpperUp"], out["MouthLowerDown"])
    out["JawX"] = _less(*pair("Jaw"))
    out["JawZ"] = _less(base["JawForward"], base["JawBackward"])
    for name, plus, minus in (
        ("CheekPuffSuck", "CheekPuff", "CheekSuck"),
        ("MouthTightenerStretch", "MouthTightener", "MouthStretch"),
        ("MouthCornerY", "MouthCornerSlant", "MouthFrown"),
    ):
        both(name, *(_less(a, b) for a, b in zip(pair(plus), pair(minus), strict=True)))
    _brows_and_smiles(out, base)
    _tongue(out, base)
    _eyes(out)
    return out


def _brows_and_smiles(out: dict[str, Row], base: Mapping[str, Row]) -> None:
    for side in _SIDES:
        inner, outer = base[f"BrowInnerUp{side}"], base[f"BrowOuterUp{side}"]
        low, pinch = base[f"BrowLowerer{side}"], base[f"BrowPinch{side}"]
        down = _sum((0.75, low), (0.25, pinch))
        out[f"BrowUp{side}"] = _sum((0.6, outer), (0.4, inner))
        out[f"BrowDown{side}"] = down
        out[f"BrowExpression{side}"] = _less(_mean(inner, outer), down)
        smile = _sum((0.8, base[f"MouthCornerPull{side}"]), (0.2, base[f"MouthCornerSlant{side}"]))
        sad: Row = {f"sad{side}": 1.0}
        out[f"MouthSmile{side}"], out[f"MouthSad{side}"] = smile, sad
        out[f"SmileFrown{side}"] = _less(smile, base[f"MouthFrown{side}"])
        out[f"SmileSad{side}"] = _less(smile, sad)
    # Of these two the whole is the sum of the sides, cut at 1.
    for name in ("BrowUp", "BrowDown"):
        out[name] = _sum((1.0, out[f"{name}Right"]), (1.0, out[f"{name}Left"]))
    for name in ("BrowExpression", "SmileFrown", "SmileSad"):
        out[name] = _mean(out[f"{name}Right"], out[f"{name}Left"])


def _tongue(out: dict[str, Row], base: Mapping[str, Row]) -> None:
    for name, plus, minus in (
        ("X", "Right", "Left"),
        ("Y", "Up", "Down"),
        ("ArchY", "CurlUp", "BendDown"),
        ("Shape", "Flat", "Squish"),
    ):
        out[f"Tongue{name}"] = _less(base[f"Tongue{plus}"], base[f"Tongue{minus}"])


def _eyes(out: dict[str, Row]) -> None:
    full = 4.0 / math.pi  # 1 is 45 degrees
    for side in _SIDES:
        eye = side.lower()
        out[f"Eye{side}X"] = {f"gaze.{eye}Yaw": -full}
        out[f"Eye{side}Y"] = {f"gaze.{eye}Pitch": full}
        out[f"EyeClosed{side}"] = {f"eyeBlink{side}": 1.0}
        out[f"EyeOpen{side}"] = {"one": 1.0, f"eyeBlink{side}": -1.0}
        wide: Row = {f"eyeWide{side}": 1.0}
        out[f"EyeLid{side}"] = _sum((0.75, out[f"EyeOpen{side}"]), (0.25, wide))
    for axis in "XY":
        out[f"Eye{axis}"] = _mean(out[f"EyeRight{axis}"], out[f"EyeLeft{axis}"])
    for name in ("EyeClosed", "EyeOpen", "EyeLid"):
        out[name] = _mean(out[f"{name}Right"], out[f"{name}Left"])
    out["EyeWide"] = {"eyeWide": 1.0}
    out["EyeSquint"] = out["EyesSquint"] = {"eyeSquint": 1.0}


_ROWS: Final = {name: _base_row(name) for name in BASE_SHAPES}
_QUARTER: Final = 2.0 / math.pi  # 1 is 90 degrees
_HEAD: Final[dict[str, Row]] = {
    "Head/Yaw": {"head.yaw": -_QUARTER},
    "Head/Pitch": {"head.pitch": -_QUARTER},
    "Head/Roll": {"head.roll": -_QUARTER},
    "Head/PosX": {"head.x": -2.0},
    "Head/PosY": {"head.y": 2.0},
    "Head/PosZ": {"head.z": 2.0},
}
"""Left-handed: yaw + right, pitch + down, roll + to the left shoulder; positions in half metres."""

V2: Final[dict[str, Row]] = _ROWS | _derived(_ROWS) | _HEAD
"""Every v2 parameter that vtdrive sends, by its name after `v2/`; values belong in [-1, 1]."""

EMOTION_NAMES: Final[dict[str, str]] = {name.capitalize(): f"weight.{name}" for name in EMOTIONS}
"""`Happiness` -> its signal: the parameters after `vtdrive/`."""
