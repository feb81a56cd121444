"""Models made here: both VRMs, nodes between bones, turned and scaled nodes, and broken files."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vrm_models import glb, vrm0, vrm1

from vtdrive.spaces import quat_from_euler, quat_mul, rotate
from vtdrive.wire.gltf_humanoid import (
    GLB_HEAD_BYTES,
    UnreadableModel,
    humanoid,
    json_bytes,
    raw_rotation,
)

HALF = math.sqrt(0.5)


def joints(model: dict[str, Any]) -> Any:
    data = glb(model)
    size = json_bytes(data[:GLB_HEAD_BYTES])
    return humanoid(data[GLB_HEAD_BYTES : GLB_HEAD_BYTES + size])


def test_vrm_1_stands_in_our_space() -> None:
    found = joints(vrm1())
    assert found["Head"].offset_m == pytest.approx((0, 0.1, 0.02))
    assert found["Neck"].offset_m == pytest.approx((0, 0.3, 0))
    # Absolute: the left eye is on +X.
    assert found["LeftEye"].offset_m == pytest.approx((0.03, 0.06, 0.05))


def test_vrm_0_faces_the_other_way_in_its_file() -> None:
    # The same model: its left is -X there and its face looks along -Z.
    found = joints(vrm0())
    assert found["LeftEye"].offset_m == pytest.approx((0.03, 0.06, 0.05))
    assert found["Head"].offset_m == pytest.approx((0, 0.1, 0.02))


def test_nodes_between_bones_are_included_but_not_in_the_local_position() -> None:
    model = vrm1()
    nodes = model["nodes"]
    neck, head = (model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"][b]["node"]
                  for b in ("neck", "head"))  # fmt: skip
    nodes[neck]["children"] = [len(nodes)]
    nodes.append({"translation": [0, 0.04, 0], "children": [head]})
    nodes[head]["translation"] = [0, 0.06, 0.02]
    found = joints(model)
    assert found["Head"].offset_m == pytest.approx((0, 0.1, 0.02))
    assert found["Head"].local_m == pytest.approx((0, 0.06, 0.02))


def test_thumbs_keep_the_names_that_unity_has() -> None:
    model = vrm1()
    bones = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    for name in ("leftThumbMetacarpal", "leftThumbProximal", "leftThumbDistal"):
        bones[name] = {"node": len(model["nodes"])}
        model["nodes"].append({})
    assert {name for name in joints(model) if "Thumb" in name} == {
        "LeftThumbProximal", "LeftThumbIntermediate", "LeftThumbDistal",
    }  # fmt: skip


def test_a_turned_bone_is_measured_along_the_models_axes() -> None:
    model = vrm1()
    bones = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    neck, head = model["nodes"][bones["neck"]["node"]], model["nodes"][bones["head"]["node"]]
    neck["rotation"] = [HALF, 0, 0, HALF]  # its own Y points to the model's +Z
    head["translation"] = [0, 0.02, -0.1]  # ... so this is (0, 0.1, 0.02) in the model's axes
    found = joints(model)
    assert found["Head"].offset_m == pytest.approx((0, 0.1, 0.02))
    assert found["Head"].local_m == pytest.approx((0, 0.02, -0.1))
    assert found["Neck"].is_turned
    assert not found["Hips"].is_turned


def test_matrices_and_sizes_count() -> None:
    model = vrm1()
    hips = model["nodes"][0]
    x, y, z = hips.pop("translation")
    hips["matrix"] = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, x, y, z, 1]
    found = joints(model)
    assert found["Head"].offset_m == pytest.approx((0, 0.2, 0.04))
    assert found["Head"].local_m == pytest.approx((0, 0.1, 0.02))


def test_raw_rotations_turn_the_model_as_normalised_ones_turn_a_plain_one() -> None:
    """Forward kinematics of both, down to where an eye ends up."""
    model = vrm1()
    bones = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    for bone, turn in (("neck", (0.3, -0.4, 0.1)), ("head", (-0.2, 0.9, 0.5))):
        rest = quat_from_euler(yaw=turn[0], pitch=turn[1], roll=turn[2])
        model["nodes"][bones[bone]["node"]]["rotation"] = rest.tolist()
    found = joints(model)
    neck, head = (quat_from_euler(yaw=0.4, pitch=0.2, roll=-0.1),
                  quat_from_euler(yaw=-0.7, pitch=0.3, roll=0.2))  # fmt: skip
    plain = found["Head"].offset_m + rotate(head, found["LeftEye"].offset_m)
    plain = rotate(neck, plain)
    raw_neck, raw_head = raw_rotation(found["Neck"], neck), raw_rotation(found["Head"], head)
    real = found["Head"].local_m + rotate(raw_head, found["LeftEye"].local_m)
    # Nothing above the neck is turned in this model.
    assert rotate(raw_neck, real) == pytest.approx(plain, abs=1e-6)
    assert quat_mul(raw_neck, raw_head) == pytest.approx(
        quat_mul(quat_mul(neck, head), found["Head"].rest_xyzw), abs=1e-6
    )


def test_an_unset_bone_of_vrm_0_is_left_out() -> None:
    model = vrm0()
    model["extensions"]["VRM"]["humanoid"]["humanBones"].append({"bone": "jaw", "node": -1})
    assert "Jaw" not in joints(model)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"", "no binary glTF"),
        (b"PK\x03\x04" + bytes(16), "no binary glTF"),
        (b"glTF" + struct.pack("<4I", 1, 20, 0, 0), "no binary glTF 2"),
        (b"glTF" + struct.pack("<4I", 2, 20, 8, 0x004E4942), "begins with its JSON"),
        (b"glTF" + struct.pack("<4I", 2, 20, 2**31, 0x4E4F534A), "more than"),
    ],
)
def test_other_files_are_refused(head: bytes, why: str) -> None:
    with pytest.raises(UnreadableModel, match=why):
        json_bytes(head)


def bones_of(model: dict[str, Any]) -> dict[str, Any]:
    bones: dict[str, Any] = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    return bones


def chain(model: dict[str, Any]) -> None:
    model["nodes"] = [*({"children": [i + 1]} for i in range(3000)), {}]
    bones_of(model)["head"]["node"] = 3000


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "circle": lambda m: m["nodes"][-1].update(children=[0]),
    "two above": lambda m: m["nodes"].append({"children": [1]}),
    "no such node": lambda m: bones_of(m)["head"].update(node=99),
    "negative node": lambda m: bones_of(m)["head"].update(node=-1),
    "short": lambda m: m["nodes"][0].update(translation=[0, 1]),
    "far": lambda m: m["nodes"][0].update(translation=[0, 1e30, 0]),
    "no rotation": lambda m: m["nodes"][0].update(rotation=[0, 0, 0, 0]),
    "flat": lambda m: m["nodes"][0].update(matrix=[0] * 16),
    "small matrix": lambda m: m["nodes"][0].update(matrix=[1] * 9),
    "text": lambda m: m["nodes"][0].update(translation="abc"),
    "huge": lambda m: m["nodes"][0].update(translation=[0, 10**400, 0]),
    "nan": lambda m: m["nodes"][0].update(translation=[0, math.nan, 0]),
    "many nodes": lambda m: m.update(nodes=[{}] * 70_000),
    "many bones": lambda m: bones_of(m).update({f"b{i}": {"node": 0} for i in range(300)}),
    "deep nodes": chain,
    "no bones": lambda m: m["extensions"]["VRMC_vrm"]["humanoid"].update(humanBones=3),
    "no VRM": lambda m: m.pop("extensions"),
}


def refused(text: bytes) -> None:
    with pytest.raises(UnreadableModel) as caught:
        humanoid(text)
    assert 10 < len(str(caught.value)) < 250


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_models_are_refused_with_a_reason(kind: str) -> None:
    model = vrm1()
    BROKEN[kind](model)
    refused(json.dumps(model).encode())


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"7", b"[" * 100_000, b'{"a": "\xff"}', json.dumps(vrm1()).encode()[:-9]],
    ids=["empty", "list", "number", "deep", "latin", "cut"],
)
def test_broken_json_is_refused_with_a_reason(text: bytes) -> None:
    refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=150)
@given(JSON, JSON, JSON)
def test_hostile_models_do_nothing_worse(nodes: Any, bones: Any, node: Any) -> None:
    model = {
        "nodes": nodes if isinstance(nodes, list) else [node, {"children": nodes}],
        "extensions": {"VRMC_vrm": {"humanoid": {"humanBones": bones or {"head": {"node": 0}}}}},
    }
    try:
        humanoid(json.dumps(model).encode())
    except UnreadableModel:
        return


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_noise_does_nothing_worse(noise: bytes) -> None:
    for data in (noise, b"glTF" + noise, b'{"nodes":[' + noise):
        try:
            json_bytes(data[:GLB_HEAD_BYTES])
            humanoid(data)
        except UnreadableModel:
            continue
