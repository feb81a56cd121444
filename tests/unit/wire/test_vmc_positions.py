"""Bones in the resting places of a model."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from avatar_frames import BONES, posed
from vrm_models import vrm0, vrm1

from vtdrive.spaces import quat_from_euler
from vtdrive.types import Pose, RigSchema, Status, frozen
from vtdrive.wire.gltf_humanoid import Joint, humanoid, raw_rotation
from vtdrive.wire.vmc import VmcFrame, VmcTemplate, decode

SCHEMA = RigSchema((), (*BONES, "UpperChest"))


def bones_of(model: dict[str, Any]) -> dict[str, Joint]:
    return humanoid(json.dumps(model).encode())


def sent(pose: Pose, rest: dict[str, Joint], *, raw: bool = False) -> VmcFrame:
    template = VmcTemplate(SCHEMA, rest=rest, raw=raw)
    return decode([bytes(d) for d in template.fill(pose, t_s=0, status=Status.LIVE)])


@pytest.mark.parametrize("model", [vrm0(), vrm1()], ids=["vrm0", "vrm1"])
def test_each_bone_stands_where_it_rests_in_unity(model: dict[str, Any]) -> None:
    frame = sent(posed(SCHEMA), bones_of(model))
    # Absolute: Unity's +X is the avatar's right, so its left eye stands at -X.
    assert frame.bones["LeftEye"] == pytest.approx((-0.03, 0.06, 0.05, 0, 0, 0, 1))
    assert frame.bones["RightEye"] == pytest.approx((0.03, 0.06, 0.05, 0, 0, 0, 1))
    assert frame.bones["Head"] == pytest.approx((0, 0.1, 0.02, 0, 0, 0, 1))
    assert frame.bones["Neck"] == pytest.approx((0, 0.3, 0, 0, 0, 0, 1))


def test_bones_that_the_model_lacks_are_left_out() -> None:
    assert [*sent(posed(SCHEMA), bones_of(vrm1())).bones] == [*BONES]


def test_rotations_stay_as_without_a_model() -> None:
    turn = quat_from_euler(yaw=math.radians(30), pitch=0, roll=0)
    frame = sent(posed(SCHEMA, bones={"Head": tuple(turn)}), bones_of(vrm0()))
    _, y, _, w = frame.bones["Head"][3:]
    assert math.degrees(2 * math.atan2(y, w)) == pytest.approx(-30, abs=1e-3)


def turned() -> dict[str, Joint]:
    model = vrm1()
    bones = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    for bone, yaw in (("neck", 0.4), ("head", -0.9)):
        rest = quat_from_euler(yaw=yaw, pitch=0.3, roll=0.2)
        model["nodes"][bones[bone]["node"]]["rotation"] = rest.tolist()
    return bones_of(model)


def test_raw_bones_rest_as_the_file_has_them() -> None:
    rest = turned()
    frame = sent(posed(SCHEMA), rest, raw=True)
    want = raw_rotation(rest["Head"], (0, 0, 0, 1))
    x, y, z, w = want
    assert frame.bones["Head"][3:] == pytest.approx((x, -y, -z, w), abs=1e-6)
    assert frame.bones["Head"][:3] == pytest.approx((0, 0.1, 0.02))
    # Before the first fill too, and where values break.
    template = VmcTemplate(SCHEMA, rest=rest, raw=True)
    at_rest = decode([bytes(d) for d in template.datagrams])
    assert at_rest.bones == frame.bones
    turns = posed(SCHEMA).bones_xyzw.copy()
    turns[1, 2] = math.inf
    broken = sent(Pose(frozen([]), frozen(turns), frozen([0, 0, 0])), rest, raw=True)
    assert broken.bones["Head"] == frame.bones["Head"]


def test_raw_and_normalised_are_one_for_a_plain_model() -> None:
    rng = np.random.default_rng(2)
    turns = rng.normal(size=(len(SCHEMA.bones), 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    pose = Pose(frozen([]), frozen(turns), frozen([0, 0, 0]))
    rest = bones_of(vrm0())
    plain, raw = sent(pose, rest), sent(pose, rest, raw=True)
    for bone, values in plain.bones.items():
        assert raw.bones[bone] == pytest.approx(values, abs=1e-6)
