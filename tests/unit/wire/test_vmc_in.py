"""What other apps send, by hand-written messages; and our own sender, back exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from avatar_frames import BONES, FULL, posed
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.spaces import euler_from_quat, quat_from_euler, quat_mul
from vtdrive.types import F32, Incoming, Pose, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, MIRROR_SHAPE, SHAPE_INDEX, SHAPES, pascal
from vtdrive.wire import osc
from vtdrive.wire.names import VRM0
from vtdrive.wire.vmc import VmcTemplate
from vtdrive.wire.vmc_assistant import AssistantTemplate
from vtdrive.wire.vmc_in import VmcReader
from vtdrive.wire.vmc_names_in import meaning

MS = 1_000_000
LEFT, RIGHT = SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]
LOOKS = np.array([name.startswith("eyeLook") for name in SHAPES])
UNTURNED = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def message(address: str, *args: float | int | str) -> osc.Message:
    (made,) = osc.decode(osc.encode(f"/VMC/Ext/{address}", *args))
    return made


def val(name: str, value: float) -> osc.Message:
    return message("Blend/Val", name, value)


APPLY = message("Blend/Apply")


def read(*messages: osc.Message, t_ns: int = 0, **options: bool) -> Incoming:
    """What a reader makes of one frame, closed by Apply."""
    reader = VmcReader(**options)
    done = [reader.take(m, t_ns) for m in (*messages, APPLY)]
    assert done == [False] * len(messages) + [True]
    return reader.frame(t_ns)


def from_us(template: VmcTemplate | AssistantTemplate, pose: Pose, **options: bool) -> Incoming:
    datagrams = (
        template.fill(pose, t_s=1.0, status=Status.LIVE)
        if isinstance(template, VmcTemplate)
        else template.fill(pose, status=Status.LIVE)
    )
    return read(*[m for d in datagrams for m in osc.decode(d)][:-1], **options)


def of(part: F32 | None) -> F32:
    """A part of the face that must have been measured."""
    assert part is not None
    return part


def shape(seen: Incoming, name: str) -> float:
    return float(seen.shapes[SHAPE_INDEX[name]])


# Absolute: Unity's +Y rotation turns to the avatar's right, +X looks down, +Z tilts left.


@pytest.mark.parametrize(
    ("axis", "told"),
    [((0, 1, 0), (-30, 0, 0)), ((1, 0, 0), (0, -30, 0)), ((0, 0, 1), (0, 0, -30))],
)
def test_unitys_turns(axis: tuple[float, float, float], told: tuple[float, float, float]) -> None:
    s, c = math.sin(math.radians(15)), math.cos(math.radians(15))
    x, y, z = (s * a for a in axis)
    seen = read(message("Bone/Pos", "Head", 0.0, 1.0, 0.0, x, y, z, c))
    assert seen.head_xyzw is not None
    yaw, pitch, roll = map(math.degrees, euler_from_quat(seen.head_xyzw))
    # A turn to the avatar's right is negative yaw here, looking down negative pitch, and a tilt to
    # the left negative roll.
    assert (yaw, pitch, roll) == pytest.approx(told, abs=1e-3)


def test_a_left_wink_is_the_left_eye_in_every_spelling() -> None:
    for name in ("Blink_L", "blinkLeft", "EyeBlinkLeft", "eyeBlinkLeft", "eyeBlink_L"):
        seen = read(val(name, 0.75))
        assert (seen.shapes[LEFT], seen.shapes[RIGHT]) == (0.75, 0.0), name
        assert seen.known[LEFT]


@pytest.mark.parametrize("names", ["vrm0", "vrm1", "both"])
@pytest.mark.parametrize("shapes", ["pascal", "camel"])
@pytest.mark.parametrize("eyes", ["bones", "shapes"])
def test_our_own_sender_comes_back_exactly(names: Any, shapes: Any, eyes: Any) -> None:
    rng = np.random.default_rng(5)
    params = rng.random(len(FULL.params))
    neck = quat_from_euler(yaw=0.1, pitch=-0.05, roll=0.02)
    head = quat_from_euler(yaw=0.3, pitch=0.2, roll=-0.1)
    looks = [
        quat_from_euler(yaw=0.2, pitch=0.1, roll=0),
        quat_from_euler(yaw=0.15, pitch=0.1, roll=0),
    ]
    bones = np.array([neck, head, *looks])
    pose = Pose(frozen(params), frozen(bones), frozen([0.03, -0.01, 0.02]))
    seen = from_us(VmcTemplate(FULL, names=names, shapes=shapes, eyes=eyes), pose, root=True)
    wanted = pose.params[[FULL.names.index(name) for name in SHAPES]]
    assert seen.found
    assert seen.known.all()
    kept = ~LOOKS if eyes == "bones" else np.ones(len(SHAPES), bool)
    np.testing.assert_array_equal(seen.shapes[kept], wanted[kept])
    np.testing.assert_allclose(of(seen.head_xyzw), quat_mul(neck, head), atol=1e-6)
    np.testing.assert_array_equal(of(seen.head_m), pose.root_m)
    assert seen.gaze_rad is not None
    if eyes == "bones":
        np.testing.assert_allclose(seen.gaze_rad, [[0.2, 0.1], [0.15, 0.1]], atol=1e-6)


def test_the_whole_frame_is_mirrored_on_request() -> None:
    turn = quat_from_euler(yaw=0.3, pitch=0.2, roll=-0.1)
    look = quat_from_euler(yaw=0.2, pitch=0.1, roll=0)
    pose = posed(
        FULL,
        {"eyeBlinkLeft": 1.0, "mouthSmileRight": 0.5},
        {"Head": tuple(turn), "LeftEye": tuple(look)},
        root_m=(0.1, 0.2, 0.3),
    )
    plain = from_us(VmcTemplate(FULL), pose, root=True)
    turned = from_us(VmcTemplate(FULL), pose, root=True, mirror=True)
    assert shape(turned, "eyeBlinkRight") == shape(plain, "eyeBlinkLeft") == 1.0
    np.testing.assert_array_equal(turned.shapes, plain.shapes[list(MIRROR_SHAPE)])
    assert turned.head_xyzw is not None
    assert turned.gaze_rad is not None
    yaw, pitch, roll = euler_from_quat(turned.head_xyzw)
    assert (yaw, pitch, roll) == pytest.approx((-0.3, 0.2, 0.1), abs=1e-6)
    np.testing.assert_allclose(turned.gaze_rad, [[0.0, 0.0], [-0.2, 0.1]], atol=1e-6)
    np.testing.assert_allclose(of(turned.head_m), [-0.1, 0.2, 0.3])


def test_look_shapes_and_presets_of_ours_become_the_gaze_they_came_from() -> None:
    # 0.5 of LookLeft is 15.5 degrees in our mapping, 0.5 of EyeLookUp 53 % of 25 degrees.
    seen = from_us(VmcTemplate(FULL, eyes="shapes", shapes="off"), posed(FULL, {"lookLeft": 0.5}))
    assert np.degrees(of(seen.gaze_rad)) == pytest.approx(np.array([[15.5, 0]] * 2))
    assert shape(seen, "eyeLookOutLeft") == shape(seen, "eyeLookInRight") > 0.4
    assert shape(seen, "eyeLookInLeft") == shape(seen, "eyeLookOutRight") == 0.0
    seen = from_us(
        VmcTemplate(FULL, eyes="shapes"),
        posed(FULL, {"eyeLookUpLeft": 0.5, "eyeLookUpRight": 0.5, "eyeLookInRight": 1.0}),
    )
    up = 25 * 0.53
    assert np.degrees(of(seen.gaze_rad)) == pytest.approx(np.array([[0, up], [30, up]]))


def test_eye_bones_win_over_look_shapes_which_stay_as_sent() -> None:
    turn = quat_from_euler(yaw=math.radians(-12), pitch=0, roll=0)  # + in Unity
    bone = message("Bone/Pos", "LeftEye", 0.0, 0.0, 0.0, *turn.tolist())
    seen = read(bone, val("EyeLookUpLeft", 0.25), val("LookUp", 1.0))
    assert np.degrees(of(seen.gaze_rad)) == pytest.approx(np.array([[12, 0], [0, 0]]), abs=1e-4)
    assert shape(seen, "eyeLookUpLeft") == 0.25
    assert not seen.known[SHAPE_INDEX["eyeLookOutLeft"]]


def test_an_assistants_gaze_comes_back() -> None:
    turn = quat_from_euler(yaw=math.radians(12), pitch=math.radians(-7), roll=0)
    pose = posed(FULL, bones={"LeftEye": tuple(turn), "RightEye": tuple(turn)})
    seen = from_us(AssistantTemplate(FULL), pose)
    assert np.degrees(of(seen.gaze_rad)) == pytest.approx(np.array([[12, -7]] * 2), abs=1e-4)
    assert seen.head_xyzw is None


def test_a_point_behind_the_head_turns_no_eye_out_of_it() -> None:
    seen = read(message("Set/Eye", 1, 1.0, 0.0, -5.0))
    assert np.degrees(of(seen.gaze_rad)) == pytest.approx(np.array([[-60, 0]] * 2))
    assert read(message("Set/Eye", 0, 1.0, 0.0, 5.0)).gaze_rad is None
    assert read(message("Set/Eye", 1, 0.0, 0.0, 0.0)).gaze_rad is None


def test_what_never_moves_is_not_measured() -> None:
    """A full-body app sends eye bones, vowels and Joy that nobody drives."""
    still = [message("Bone/Pos", b, *UNTURNED) for b in BONES]
    seen = read(*still, val("Joy", 0.0), val("LookUp", 0.0), val("EyeLookUpLeft", 0.0))
    assert seen.gaze_rad is None
    assert seen.weights is None
    assert not seen.known[LOOKS].any()
    assert seen.head_xyzw is not None


@pytest.mark.parametrize(
    ("vowel", "most"),
    [("A", "jawOpen"), ("ih", "mouthStretchLeft"), ("U", "mouthPucker"),
     ("ee", "mouthStretchLeft"), ("O", "mouthFunnel")],
)  # fmt: skip
def test_vowels_move_the_mouth(vowel: str, most: str) -> None:
    seen = read(val(vowel, 1.0))
    assert SHAPES[int(np.argmax(seen.shapes))] == most
    half = read(val(vowel, 0.5))
    np.testing.assert_allclose(half.shapes * 2, seen.shapes, atol=1e-6)
    assert seen.known[SHAPE_INDEX["jawOpen"]]
    assert not seen.known[LEFT]


def test_presets_do_not_disturb_what_the_52_tell() -> None:
    seen = read(val("JawOpen", 0.25), val("EyeBlinkLeft", 0.5), val("A", 1.0), val("Blink", 1.0))
    assert (shape(seen, "jawOpen"), shape(seen, "eyeBlinkLeft")) == (0.25, 0.5)
    assert not seen.known[RIGHT]


def test_presets_count_where_the_52_are_always_at_rest() -> None:
    rest = [val(pascal(name), 0.0) for name in SHAPES]
    seen = read(*rest, val("A", 1.0), val("Blink_R", 0.5))
    assert shape(seen, "jawOpen") == pytest.approx(0.7)
    assert (seen.shapes[LEFT], seen.shapes[RIGHT]) == (0.0, 0.5)


def test_expressions_by_emotion() -> None:
    names = {"Joy": "happiness", "angry": "anger", "Sorrow": "sadness", "Surprised": "surprise",
             "Disgust": "disgust", "fear": "fear", "contempt": "contempt"}  # fmt: skip
    for name, emotion in names.items():
        weights = read(val(name, 0.75)).weights
        assert weights is not None
        assert {i: w for i, w in enumerate(weights.tolist()) if w} == {EMOTION_INDEX[emotion]: 0.75}
    fun = read(val("Fun", 1.0)).weights
    assert fun is not None
    assert fun[EMOTION_INDEX["happiness"]] == 0.5
    assert read(val("Neutral", 1.0)).weights is None


def test_of_two_spellings_the_larger_counts() -> None:
    weights = read(val("Joy", 0.25), val("happy", 0.5)).weights
    assert weights is not None
    assert weights[EMOTION_INDEX["happiness"]] == 0.5


def test_values_are_committed_by_apply_only() -> None:
    reader = VmcReader()
    for m in (val("A", 0.5), APPLY, val("A", 1.0)):
        reader.take(m, 0)
    assert shape(reader.frame(0), "jawOpen") == pytest.approx(0.35)
    assert reader.take(APPLY, MS)
    assert shape(reader.frame(MS), "jawOpen") == pytest.approx(0.7)


def test_without_apply_a_frame_ends_where_the_next_begins() -> None:
    reader = VmcReader()
    head = message("Bone/Pos", "Head", *UNTURNED)
    assert [reader.take(m, 0) for m in (val("A", 0.5), val("I", 0.0), head)] == [False] * 3
    assert reader.take(val("A", 1.0), 16 * MS)  # again: the one before was whole
    assert shape(reader.frame(16 * MS), "jawOpen") == pytest.approx(0.35)
    assert reader.take(message("T", 1.0), 33 * MS)
    assert shape(reader.frame(33 * MS), "jawOpen") == pytest.approx(0.7)
    assert not reader.take(message("OK", 1), 33 * MS)  # the same boundary
    assert not reader.take(head, 34 * MS)
    assert reader.take(head, 50 * MS)


def test_an_app_that_stops_applying_is_still_read() -> None:
    reader = VmcReader()
    for m in (val("A", 0.5), APPLY, val("A", 0.75)):
        reader.take(m, 0)
    assert not reader.take(message("T", 1.0), 20 * MS)
    assert reader.take(message("T", 2.0), 600 * MS)
    assert shape(reader.frame(600 * MS), "jawOpen") == pytest.approx(0.525)


def test_zeros_may_be_left_out() -> None:
    reader = VmcReader()
    for m in (val("JawOpen", 1.0), APPLY):
        reader.take(m, 0)
    for ms in (300, 600):
        reader.take(val("MouthPucker", 0.5), ms * MS)
        reader.take(APPLY, ms * MS)
        seen = reader.frame(ms * MS)
        assert shape(seen, "jawOpen") == (1.0 if ms == 300 else 0.0)
        assert seen.known[SHAPE_INDEX["jawOpen"]]


@pytest.mark.parametrize(
    ("ok", "found"), [((1,), True), ((0,), False), ((1, 3, 0, 1), True), ((1, 3, 0, 0), False)]
)
def test_status(ok: tuple[int, ...], found: bool) -> None:
    reader = VmcReader()
    assert reader.take(message("OK", *ok), 0) is not found  # a loss is told at once
    reader.take(APPLY, 0)
    assert reader.frame(0).found is found


def test_a_sender_that_was_started_again_is_forgotten() -> None:
    reader = VmcReader()
    for m in (message("T", 100.0), val("JawOpen", 1.0), APPLY, message("T", 0.1), APPLY):
        reader.take(m, 0)
    assert not reader.frame(0).known.any()
    # ... but not for datagrams that overtook each other.
    for m in (val("JawOpen", 1.0), message("T", 5.0), APPLY, message("T", 4.9), APPLY):
        reader.take(m, 0)
    assert reader.frame(0).known.any()


def test_ints_are_numbers_and_surplus_arguments_are_skipped() -> None:
    seen = read(message("OK", 1, 3, 0, 1, 7, "x"), message("Blend/Val", "JawOpen", 1, "more"))
    assert shape(seen, "jawOpen") == 1.0
    rotated = message("Bone/Pos", "Head", 0, 0, 0, 0, 0, 0, 1, 5.0)
    assert read(rotated).head_xyzw is not None


@pytest.mark.parametrize(
    "wrong",
    [
        message("Blend/Val", "JawOpen"),
        message("Blend/Val", 1.0, "JawOpen"),
        message("Blend/Val", "JawOpen", "1"),
        message("Blend/Val", "JawOpen", math.nan),
        message("Blend/Val", "JawOpen", math.inf),
        message("Bone/Pos", "Head", *UNTURNED[:-1]),
        message("Bone/Pos", "Head", *(0.0,) * 7),
        message("OK"),
        message("T", "now"),
        message("Root/Pos", "root", 1.0),
        message("Set/Eye", 1, 0.0, 0.0),
        osc.Message("/VMC/Ext/Blend/Val", ("JawOpen", True), "sT"),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(wrong: osc.Message) -> None:
    reader = VmcReader()
    with pytest.raises(ValueError, match=r"/VMC/Ext/|rotation"):
        reader.take(wrong, 0)
    reader.take(APPLY, 0)
    assert not reader.frame(0).known.any()
    assert reader.frame(0).head_xyzw is None


def test_other_messages_are_skipped() -> None:
    reader = VmcReader()
    for m in (
        message("Cam", "Camera", *UNTURNED, 60.0),
        message("Bone/Pos", "Hips", *UNTURNED),
        message("Blend/Val", "Hat", 1.0),
        message("Blend/Val", "x" * 5000, 1.0),
        osc.Message("/elsewhere", (), ""),
    ):
        assert not reader.take(m, 0)


def test_names_without_end_take_no_memory() -> None:
    reader = VmcReader()
    for i in range(3000):
        # All of these mean happiness, however they are broken up.
        reader.take(val("j" + "_" * (i % 20) + "o" + "-" * (i // 50) + "y", 1.0), 0)
        reader.take(val(f"name {i}", 1.0), 0)
        if i % 100 == 0:
            reader.take(APPLY, 0)
    reader.take(APPLY, 0)
    assert len(reader._values) == 512
    assert len(reader._pending) == 0


def test_every_preset_has_a_meaning_in_both_spellings() -> None:
    for new, old in VRM0.items():
        assert meaning(new) == meaning(old)
        assert (meaning(new) is None) == (new == "neutral")


ARG = st.one_of(
    st.floats(), st.integers(-(2**31), 2**31 - 1), st.text(max_size=4), st.booleans(), st.none(),
    st.binary(max_size=4), st.sampled_from(["Head", "LeftEye", "JawOpen", "Joy", "A", "LookUp"]),
)  # fmt: skip
ADDRESS = st.sampled_from(
    [f"/VMC/Ext/{a}" for a in
     ("OK", "T", "Bone/Pos", "Root/Pos", "Blend/Val", "Blend/Apply", "Set/Eye")]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(ADDRESS, st.lists(ARG, max_size=9)), max_size=12), st.booleans())
def test_hostile_messages_do_nothing_worse(rows: list[tuple[str, list[Any]]], mirror: bool) -> None:
    reader = VmcReader(mirror=mirror, root=True)
    for i, (address, args) in enumerate(rows):
        try:
            reader.take(osc.Message(address, tuple(args), "?"), i * MS)
        except ValueError:
            continue
    seen = reader.frame(len(rows) * MS)
    assert np.isfinite(seen.shapes).all()
    assert seen.shapes.min() >= 0.0
    assert seen.shapes.max() <= 1.0
    for part in (seen.head_xyzw, seen.gaze_rad, seen.head_m, seen.weights):
        assert part is None or np.isfinite(part).all()
    if seen.head_xyzw is not None:
        assert float(np.linalg.norm(seen.head_xyzw)) == pytest.approx(1.0, abs=1e-4)
