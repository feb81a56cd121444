"""ARKit to Unified Expressions, checked against a table written by hand from the standard."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.mirror import mirrored
from vtdrive.spaces import quat_from_euler
from vtdrive.types import FaceState, RigSchema, Status, frozen
from vtdrive.vocab import SHAPES
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.unified import BASE_SHAPES, V2
from vtdrive.wire.unified_signals import SIGNALS, row_matrix, signals

NAMES = list(V2)
MATRIX = row_matrix(list(V2.values()))


def rest() -> FaceState:
    return neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state


def state(
    shapes: dict[str, float] | None = None,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    head_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    gaze: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.0, 0.0)),
) -> FaceState:
    values = np.zeros(len(SHAPES), np.float32)
    for name, value in (shapes or {}).items():
        values[SHAPES.index(name)] = value
    turn = quat_from_euler(
        yaw=math.radians(yaw), pitch=math.radians(pitch), roll=math.radians(roll)
    )
    return replace(
        rest(),
        status=Status.LIVE,
        shapes=frozen(values),
        head_xyzw=frozen(turn),
        head_m=frozen(head_m),
        gaze_rad=frozen(np.radians(gaze)),
    )


def sent(of: FaceState) -> dict[str, float]:
    values = MATRIX @ signals(of.shapes, of, found=True)
    return dict(zip(NAMES, values.tolist(), strict=True))


# Which base shapes each ARKit shape raises; "-" takes the side of the shape.
ARKIT = {
    "eyeSquint-": "EyeSquint-", "eyeWide-": "EyeWide-", "browDown-": "BrowLowerer- BrowPinch-",
    "browInnerUp": "BrowInnerUpRight BrowInnerUpLeft", "browOuterUp-": "BrowOuterUp-",
    "cheekSquint-": "CheekSquint-", "cheekPuff": "CheekPuffRight CheekPuffLeft",
    "noseSneer-": "NoseSneer-", "jawOpen": "JawOpen", "jaw-": "Jaw-", "jawForward": "JawForward",
    "mouthClose": "MouthClosed", "mouth-": "MouthUpper- MouthLower-", "mouthSmile-":
    "MouthCornerPull- MouthCornerSlant-", "mouthFrown-": "MouthFrown-", "mouthDimple-":
    "MouthDimple-", "mouthStretch-": "MouthStretch-", "mouthPress-": "MouthPress-",
    "mouthLowerDown-": "MouthLowerDown-", "mouthUpperUp-": "MouthUpperUp-",
    "mouthRollUpper": "LipSuckUpperRight LipSuckUpperLeft",
    "mouthRollLower": "LipSuckLowerRight LipSuckLowerLeft",
    "mouthShrugUpper": "MouthRaiserUpper", "mouthShrugLower": "MouthRaiserLower",
    "mouthFunnel": "LipFunnelUpperRight LipFunnelUpperLeft LipFunnelLowerRight LipFunnelLowerLeft",
    "mouthPucker": "LipPuckerUpperRight LipPuckerUpperLeft LipPuckerLowerRight LipPuckerLowerLeft",
    "tongueOut": "TongueOut",
    # These are gaze and lids, which Unified Expressions has apart from the 88.
    **dict.fromkeys(("eyeBlink-", "eyeLookUp-", "eyeLookDown-", "eyeLookIn-", "eyeLookOut-"), ""),
}  # fmt: skip


def test_there_are_88_right_before_left() -> None:
    assert len(BASE_SHAPES) == len(set(BASE_SHAPES)) == 88
    order = {0: "EyeSquintRight", 1: "EyeSquintLeft", 8: "BrowInnerUpRight", 22: "JawOpen",
             23: "JawRight", 24: "JawLeft", 29: "MouthClosed", 36: "LipFunnelUpperRight",
             56: "MouthCornerPullRight", 66: "MouthRaiserUpper", 72: "TongueOut",
             75: "TongueRight", 87: "NeckFlexLeft"}  # fmt: skip
    assert {i: BASE_SHAPES[i] for i in order} == order


def test_every_shape_of_the_52_raises_what_the_standard_says() -> None:
    table: dict[str, set[str]] = {}
    for shape, raised in ARKIT.items():
        for side in ("Left", "Right") if "-" in shape else ("",):
            table[shape.replace("-", side)] = set(raised.replace("-", side).split())
    assert table.keys() == set(SHAPES)
    for shape, wanted in table.items():
        got = sent(state({shape: 0.5}))
        assert {n for n in BASE_SHAPES if got[n]} == wanted, shape
        assert all(got[name] == 0.5 for name in wanted)


def test_what_a_webcam_does_not_show_is_never_guessed() -> None:
    everything = sent(state(dict.fromkeys(SHAPES, 1.0)))
    for name in ("CheekSuckLeft", "TongueUp", "JawClench", "NeckFlexRight", "TongueX"):
        assert everything[name] == 0.0


@pytest.mark.parametrize(
    ("shapes", "want"),
    [
        ({}, {"EyeOpenLeft": 1, "EyeOpen": 1, "EyeClosed": 0, "EyeLid": 0.75, "SmileFrown": 0}),
        ({"eyeBlinkLeft": 1}, {"EyeClosedLeft": 1, "EyeClosedRight": 0, "EyeClosed": 0.5,
                               "EyeOpenLeft": 0, "EyeLidLeft": 0, "EyeLidRight": 0.75}),
        ({"eyeWideRight": 1}, {"EyeLidRight": 1, "EyeLidLeft": 0.75, "EyeWide": 1}),
        ({"eyeSquintLeft": 0.5, "eyeSquintRight": 0.25}, {"EyeSquint": 0.5, "EyesSquint": 0.5}),
        ({"browInnerUp": 0.5}, {"BrowUpLeft": 0.2, "BrowUp": 0.4, "BrowExpressionLeft": 0.25,
                                "BrowInnerUp": 0.5, "BrowExpression": 0.25}),
        ({"browOuterUpRight": 0.5}, {"BrowUpRight": 0.3, "BrowUpLeft": 0, "BrowOuterUp": 0.25}),
        ({"browDownLeft": 0.5}, {"BrowDownLeft": 0.5, "BrowDownRight": 0, "BrowDown": 0.5,
                                 "BrowExpressionLeft": -0.5, "BrowExpression": -0.25}),
        ({"mouthSmileLeft": 0.5}, {"MouthSmileLeft": 0.5, "SmileFrownLeft": 0.5,
                                   "SmileFrown": 0.25, "SmileSadLeft": 0.5, "SmileSadRight": 0,
                                   "MouthCornerYLeft": 0.5, "MouthCornerY": 0.25}),
        ({"mouthFrownLeft": 0.5, "mouthStretchLeft": 0.75, "mouthStretchRight": 0.25},
         {"MouthSadLeft": 0.75, "MouthSadRight": 0.25, "SmileSadLeft": -0.75, "SmileSad": -0.5,
          "SmileFrownLeft": -0.5, "MouthStretch": 0.5, "MouthTightenerStretch": -0.5}),
        ({"jawLeft": 0.5, "jawForward": 0.25}, {"JawX": -0.5, "JawZ": 0.25}),
        ({"mouthRight": 0.5}, {"MouthX": 0.5, "MouthUpperX": 0.5, "MouthLowerX": 0.5}),
        ({"cheekPuff": 0.5}, {"CheekPuffSuck": 0.5, "CheekPuffSuckLeft": 0.5, "CheekSuck": 0}),
        ({"mouthRollUpper": 0.5, "mouthFunnel": 0.25},
         {"LipSuckUpper": 0.5, "LipSuck": 0.25, "LipFunnel": 0.25, "LipSuckFunnelUpper": 0.25,
          "LipSuckFunnelLowerLeft": -0.25, "LipSuckFunnelLower": -0.25}),
        ({"mouthPucker": 0.5}, {"LipPucker": 0.5, "LipPuckerLeft": 0.5, "LipPuckerUpper": 0.5}),
        ({"mouthUpperUpLeft": 0.5, "mouthLowerDownLeft": 0.5, "mouthLowerDownRight": 0.5},
         {"MouthUpperUp": 0.25, "MouthLowerDown": 0.5, "MouthOpen": 0.375}),
        ({"noseSneerLeft": 0.5}, {"NoseSneer": 0.25, "NoseSneerLeft": 0.5, "NoseSneerRight": 0}),
    ],
)  # fmt: skip
def test_derived_parameters(shapes: dict[str, float], want: dict[str, float]) -> None:
    got = sent(state(shapes))
    assert {name: got[name] for name in want} == pytest.approx(want, abs=1e-6)


def test_gaze_is_positive_to_the_right_and_up_and_one_at_45_degrees() -> None:
    got = sent(state(gaze=((22.5, 45.0), (-45.0, -9.0))))
    want = {"EyeLeftX": -0.5, "EyeLeftY": 1.0, "EyeRightX": 1.0, "EyeRightY": -0.2, "EyeX": 0.25,
            "EyeY": 0.4}  # fmt: skip
    assert {name: got[name] for name in want} == pytest.approx(want, abs=1e-5)


@pytest.mark.parametrize(
    ("turned_to", "name"),
    [(state(yaw=45.0), "Yaw"), (state(pitch=45.0), "Pitch"), (state(roll=45.0), "Roll")],
    ids=["left", "up", "right shoulder"],
)
def test_head_axes_are_left_handed(turned_to: FaceState, name: str) -> None:
    """45 degrees to my left, up, or towards my right shoulder: each is negative in VRChat."""
    got = sent(turned_to)
    assert got.pop(f"Head/{name}") == pytest.approx(-0.5, abs=1e-5)
    assert all(abs(value) < 1e-5 for key, value in got.items() if key.startswith("Head/"))


def test_head_position_is_in_half_metres_to_the_right_up_and_forward() -> None:
    got = sent(state(head_m=(0.25, 0.125, 0.0625)))
    place = [got[f"Head/Pos{axis}"] for axis in "XYZ"]
    assert place == pytest.approx([-0.5, 0.25, 0.125])


def swapped(name: str) -> str:
    for a, b in (("Left", "Right"), ("Right", "Left")):
        if a in name:
            return name.replace(a, b)
    return name


def turned(name: str) -> bool:
    """Whether the mirror image changes the sign."""
    return name.endswith("X") or name in ("Head/Yaw", "Head/Roll")


@given(st.integers(0, 2**32 - 1))
def test_a_mirrored_face_gives_mirrored_parameters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    face = replace(
        state(yaw=float(rng.normal(0, 20)), pitch=float(rng.normal(0, 20)), roll=10.0),
        shapes=frozen(rng.random(52)),
        gaze_rad=frozen(rng.normal(0, 0.3, (2, 2))),
        head_m=frozen(rng.normal(0, 0.1, 3)),
    )
    plain, other = sent(face), sent(mirrored(face))
    for name in NAMES:
        sign = -1.0 if turned(name) else 1.0
        assert other[swapped(name)] == pytest.approx(sign * plain[name], abs=2e-6), name


@given(st.integers(0, 2**32 - 1))
def test_values_stay_in_range_but_for_the_brows_sums(seed: int) -> None:
    rng = np.random.default_rng(seed)
    got = sent(replace(rest(), shapes=frozen(rng.random(52) ** 0.2)))
    for name, value in got.items():
        assert abs(value) <= (2.0 if name in ("BrowUp", "BrowDown") else 1.0) + 1e-6, name


def test_emotion_and_status_are_signals() -> None:
    weights = frozen([0, 0.25, 0, 0, 0.75, 0, 0, 0])
    face = replace(rest(), emotion=replace(rest().emotion, weights=weights, shown=4))
    got = dict(zip(SIGNALS, signals(face.shapes, face, found=False).tolist(), strict=True))
    assert (got["weight.neutral"], got["weight.happiness"], got["weight.anger"]) == (
        0.25,
        0.25,
        0.75,
    )
    assert (got["emotion"], got["found"], got["one"]) == (4.0, 0.0, 1.0)


def test_what_is_not_finite_counts_as_nothing() -> None:
    shapes = np.full(52, np.nan, np.float32)
    shapes[SHAPES.index("jawOpen")] = np.inf
    broken = replace(
        rest(),
        head_m=frozen([np.nan, 0.1, 0]),
        gaze_rad=frozen(np.full((2, 2), -np.inf)),
    )
    got = signals(shapes, broken, found=True)
    assert np.isfinite(got).all()
    assert got[SIGNALS.index("head.y")] == np.float32(0.1)
    assert got[SIGNALS.index("gaze.leftYaw")] == 0.0
    assert got[SIGNALS.index("jawOpen")] == 0.0
