from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from avatar_frames import BONES, FULL, posed

from vtdrive.spaces import quat_from_euler
from vtdrive.types import Pose, RigSchema, Status, frozen
from vtdrive.vocab import SHAPES, pascal
from vtdrive.wire import osc
from vtdrive.wire.names import LOOK_PRESETS, VRM0
from vtdrive.wire.packets import MAX_DATAGRAM_BYTES
from vtdrive.wire.vmc import VmcFrame, decode
from vtdrive.wire.vmc_assistant import LOOK_AT_M, AssistantTemplate


def sent(pose: Pose, *, status: Status = Status.LIVE, **options: Any) -> VmcFrame:
    return decode([bytes(d) for d in AssistantTemplate(FULL, **options).fill(pose, status=status)])


def looking(*, yaw: float = 0, pitch: float = 0, inward: float = 0) -> Pose:
    """Both eyes `yaw` to my left and `pitch` up, in degrees, and converging."""
    turns = {
        bone: tuple(
            quat_from_euler(yaw=math.radians(yaw + side), pitch=math.radians(pitch), roll=0)
        )
        for bone, side in (("LeftEye", -inward), ("RightEye", inward))
    }
    return posed(FULL, bones=turns)


def test_only_what_an_assistant_may_send() -> None:
    frame = sent(posed(FULL, {"happy": 0.5}, {"Head": (0, 1, 0, 0)}, root_m=(1, 1, 1)))
    assert frame.addresses == [
        "/VMC/Ext/Set/Eye",
        *["/VMC/Ext/Blend/Val"] * len(FULL.params),
        "/VMC/Ext/Blend/Apply",
    ]
    assert not frame.bones
    assert frame.values["Joy"] == 0.5
    assert set(map(pascal, SHAPES)) <= set(frame.values)


def test_the_point_is_where_the_eyes_look() -> None:
    """Absolute: in Unity my left is the avatar's -X."""
    on, x, y, z = sent(looking(yaw=30)).eye
    assert (on, y) == (1, 0)
    assert (x, z) == pytest.approx((-LOOK_AT_M / 2, LOOK_AT_M * math.sqrt(0.75)), abs=1e-4)
    _, x, y, z = sent(looking(pitch=30)).eye
    assert (x, y, z) == pytest.approx((0, LOOK_AT_M / 2, LOOK_AT_M * math.sqrt(0.75)), abs=1e-4)
    assert sent(looking(inward=6)).eye == pytest.approx((1, 0, 0, LOOK_AT_M), abs=1e-4)


def test_a_left_wink_winks_left_and_only_there() -> None:
    values = sent(posed(FULL, {"blinkLeft": 0.75, "eyeBlinkLeft": 1.0})).values
    assert {name: v for name, v in values.items() if v} == {"Blink_L": 0.75, "EyeBlinkLeft": 1.0}


def test_gaze_is_a_point_or_expressions_never_both() -> None:
    values = {"lookLeft": 1.0, "eyeLookOutLeft": 0.5}
    frame = sent(posed(FULL, values))
    assert [frame.values[VRM0[name]] for name in sorted(LOOK_PRESETS)] == [0.0] * 4
    assert frame.values["EyeLookOutLeft"] == 0.0
    frame = sent(posed(FULL, values), eyes="shapes")
    assert "/VMC/Ext/Set/Eye" not in frame.addresses
    assert (frame.values["LookLeft"], frame.values["EyeLookOutLeft"]) == (1.0, 0.5)


def test_the_performer_gets_its_eyes_back_once_they_rest() -> None:
    assert sent(looking(yaw=5), status=Status.LOST).eye[0] == 1
    assert sent(posed(FULL), status=Status.LOST).eye[0] == 0
    assert sent(posed(FULL), status=Status.HELD).eye[0] == 1
    assert sent(posed(FULL), status=Status.LIVE).eye[0] == 1


def test_a_rig_without_eyes_has_no_gaze_to_send() -> None:
    schema = RigSchema(FULL.params, ("Head",))
    (*_, last) = AssistantTemplate(schema).fill(posed(schema), status=Status.LIVE)
    assert osc.decode(last)[-1].address == "/VMC/Ext/Blend/Apply"
    frame = decode(AssistantTemplate(schema).fill(posed(schema), status=Status.LIVE))
    assert frame.eye == ()


@pytest.mark.parametrize("bundle", ["auto", "off"])
def test_no_datagram_is_fragmented_and_apply_ends_the_last(bundle: Any) -> None:
    template = AssistantTemplate(FULL, names="both", bundle=bundle)
    datagrams = [bytes(d) for d in template.fill(posed(FULL), status=Status.LIVE)]
    assert max(map(len, datagrams)) <= MAX_DATAGRAM_BYTES
    assert osc.decode(datagrams[-1])[-1].address == "/VMC/Ext/Blend/Apply"
    assert all(d.startswith(b"#bundle") for d in datagrams) is (bundle == "auto")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_looks_ahead(bad: float) -> None:
    turns = np.tile(np.array([0, 0, 0, 1], np.float32), (len(BONES), 1))
    turns[BONES.index("LeftEye"), 1] = bad
    pose = Pose(posed(FULL).params, frozen(turns), frozen([0, 0, 0]))
    template = AssistantTemplate(FULL)
    frame = decode([bytes(d) for d in template.fill(pose, status=Status.LIVE)])
    assert list(frame.eye) == [1, 0, 0, LOOK_AT_M]
    assert template.replaced == 3
