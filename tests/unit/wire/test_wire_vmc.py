from __future__ import annotations

import math

import numpy as np
import pytest
from avatar_frames import BONES, FULL, SMALL, posed
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from vtdrive.spaces import quat_from_euler
from vtdrive.types import Param, Pose, RigSchema, Status, frozen
from vtdrive.vocab import SHAPES, pascal
from vtdrive.wire import osc
from vtdrive.wire.names import LOOK_PRESETS, VRM0
from vtdrive.wire.packets import MAX_DATAGRAM_BYTES
from vtdrive.wire.vmc import VmcFrame, VmcTemplate, decode

LIVE = Status.LIVE
UNIT = st.floats(0, 1, width=32)


def sent(pose: Pose, schema: RigSchema = FULL, t_s: float = 0.0, **options: str) -> VmcFrame:
    template = VmcTemplate(schema, **options)  # type: ignore[arg-type]
    return decode([bytes(d) for d in template.fill(pose, t_s=t_s, status=LIVE)])


def unity_degrees(rotation: tuple[float, ...]) -> tuple[float, float, float]:
    """(x, y, z) angles of a turn about one axis, as Unity's inspector shows them."""
    x, y, z, w = rotation[3:]
    turns = [math.degrees(2 * math.atan2(v, w)) for v in (x, y, z)]
    return turns[0], turns[1], turns[2]


def head(*, yaw: float = 0, pitch: float = 0, roll: float = 0) -> VmcFrame:
    turn = quat_from_euler(
        yaw=math.radians(yaw), pitch=math.radians(pitch), roll=math.radians(roll)
    )
    return sent(posed(FULL, bones={"Head": tuple(turn.tolist())}))


# Absolute: Unity's avatar faces +Z with +X on its right, so +Y turns right, +X looks down and
# +Z tilts left.


def test_turning_to_my_left_is_negative_y() -> None:
    assert unity_degrees(head(yaw=30).bones["Head"]) == pytest.approx((0, -30, 0), abs=1e-4)


def test_looking_up_is_negative_x() -> None:
    assert unity_degrees(head(pitch=20).bones["Head"]) == pytest.approx((-20, 0, 0), abs=1e-4)


def test_tilting_to_my_right_shoulder_is_negative_z() -> None:
    assert unity_degrees(head(roll=10).bones["Head"]) == pytest.approx((0, 0, -10), abs=1e-4)


def test_moving_to_my_left_is_negative_x() -> None:
    frame = sent(posed(FULL, root_m=(0.25, 0.5, -0.125)))
    assert frame.root == (-0.25, 0.5, -0.125, 0, 0, 0, 1)


def test_a_left_wink_winks_left_and_only_there() -> None:
    values = sent(posed(FULL, {"blinkLeft": 0.75, "eyeBlinkLeft": 1.0})).values
    assert {name: v for name, v in values.items() if v} == {"Blink_L": 0.75, "EyeBlinkLeft": 1.0}
    assert values["Blink_R"] == values["EyeBlinkRight"] == 0.0


def test_left_eye_bone_is_the_left_eye() -> None:
    turn = quat_from_euler(yaw=math.radians(12), pitch=0, roll=0)
    frame = sent(posed(FULL, bones={"LeftEye": tuple(turn.tolist())}))
    assert unity_degrees(frame.bones["LeftEye"]) == pytest.approx((0, -12, 0), abs=1e-4)
    assert frame.bones["RightEye"] == (0, 0, 0, 0, 0, 0, 1)


def test_each_frame_is_whole_and_in_order() -> None:
    frame = sent(posed(FULL))
    assert frame.addresses == [
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
        "/VMC/Ext/Root/Pos",
        *["/VMC/Ext/Bone/Pos"] * 4,
        *["/VMC/Ext/Blend/Val"] * len(FULL.params),
        "/VMC/Ext/Blend/Apply",
    ]
    assert set(frame.values.values()) == {0.0}
    assert [*frame.bones] == [*BONES]
    assert set(map(pascal, SHAPES)) <= set(frame.values)
    assert frame.ok == (1, 3, 0, 1)


@given(st.lists(UNIT, min_size=len(FULL.params), max_size=len(FULL.params)))
def test_any_weights_arrive(weights: list[float]) -> None:
    pose = posed(FULL, dict(zip(FULL.names, weights, strict=True)))
    values = sent(pose, names="vrm1", shapes="camel", eyes="shapes").values
    assert values == dict(zip(FULL.names, weights, strict=True))


@given(st.floats(0, 36_000), st.sampled_from(list(Status)))
def test_time_and_status_arrive(t_s: float, status: Status) -> None:
    frame = decode(VmcTemplate(SMALL).fill(posed(SMALL), t_s=t_s, status=status))
    assert frame.time_s == float(np.float32(t_s))
    assert frame.ok == (1, 3, 0, 1 if status is LIVE else 0)


def test_same_bytes_as_python_osc() -> None:
    rng = np.random.default_rng(7)
    pose = Pose(
        frozen(rng.random(len(FULL.params))), frozen(rng.normal(size=(4, 4))), frozen([0.1, 0, -3])
    )
    template = VmcTemplate(FULL, eyes="shapes", names="vrm1", shapes="camel")
    got = [bytes(d) for d in template.fill(pose, t_s=12.25, status=LIVE)]
    x, y, z = pose.root_m.tolist()
    rows: list[tuple[str, tuple[object, ...]]] = [
        ("/VMC/Ext/OK", (1, 3, 0, 1)),
        ("/VMC/Ext/T", (12.25,)),
        ("/VMC/Ext/Root/Pos", ("root", -x, y, z, 0.0, 0.0, 0.0, 1.0)),
    ]
    for bone, (qx, qy, qz, qw) in zip(FULL.bones[:2], pose.bones_xyzw.tolist(), strict=False):
        rows.append(("/VMC/Ext/Bone/Pos", (bone, 0.0, 0.0, 0.0, qx, -qy, -qz, qw)))
    rows += [
        ("/VMC/Ext/Blend/Val", pair) for pair in zip(FULL.names, pose.params.tolist(), strict=True)
    ]
    rows.append(("/VMC/Ext/Blend/Apply", ()))
    at = 0
    for datagram in got:
        builder = OscBundleBuilder(IMMEDIATELY)
        for _ in osc.decode(datagram):
            address, args = rows[at]
            message = OscMessageBuilder(address)
            for arg in args:
                message.add_arg(arg)
            builder.add_content(message.build())
            at += 1
        assert builder.build().dgram == datagram
    assert at == len(rows)


@pytest.mark.parametrize("bundle", ["auto", "off"])
@pytest.mark.parametrize("names", ["vrm0", "vrm1", "both"])
def test_no_datagram_is_fragmented_and_apply_ends_the_last(bundle: str, names: str) -> None:
    bones = tuple(f"Bone{i}" for i in range(55))
    schema = RigSchema(FULL.params, bones)
    template = VmcTemplate(schema, names=names, bundle=bundle)  # type: ignore[arg-type]
    datagrams = [bytes(d) for d in template.fill(posed(schema), t_s=1, status=LIVE)]
    assert max(map(len, datagrams)) <= MAX_DATAGRAM_BYTES
    messages = [osc.decode(d) for d in datagrams]
    assert messages[-1][-1].address == "/VMC/Ext/Blend/Apply"
    assert sum(m.address == "/VMC/Ext/Blend/Apply" for group in messages for m in group) == 1
    if bundle == "off":
        assert all(not d.startswith(b"#bundle") and len(m) == 1
                   for d, m in zip(datagrams, messages, strict=True))  # fmt: skip
    else:
        # Packed greedily: no datagram would have had room for the next one's first message.
        firsts = [int.from_bytes(d[16:20], "big") for d in datagrams[1:]]
        assert all(
            len(d) + 4 + size > MAX_DATAGRAM_BYTES
            for d, size in zip(datagrams, firsts, strict=False)
        )


def test_eyes_as_bones_leave_the_look_presets_at_zero() -> None:
    pose = posed(FULL, {"lookLeft": 1.0, "lookUp": 0.5, "eyeLookOutLeft": 1.0})
    frame = sent(pose, eyes="bones")
    assert [frame.values[VRM0[name]] for name in sorted(LOOK_PRESETS)] == [0.0] * 4
    # A perfect-sync model would turn its eyes twice.
    assert frame.values["EyeLookOutLeft"] == 0.0
    assert sent(posed(FULL, {"eyeWideLeft": 1.0})).values["EyeWideLeft"] == 1.0


def test_eyes_as_shapes_leave_the_eye_bones_out() -> None:
    frame = sent(posed(FULL, {"lookLeft": 1.0, "eyeLookOutLeft": 0.5}), eyes="shapes")
    assert frame.values["LookLeft"] == 1.0
    assert frame.values["EyeLookOutLeft"] == 0.5
    assert [*frame.bones] == ["Neck", "Head"]


def test_names_both_sends_each_preset_under_both_spellings() -> None:
    values = sent(posed(FULL, {"happy": 0.5, "lookUp": 0.25}), names="both", eyes="shapes").values
    assert values["Joy"] == values["happy"] == 0.5
    assert {"Surprised", "surprised"} <= set(values)
    assert values["lookUp"] == values["LookUp"] == 0.25


def test_shapes_can_be_left_out() -> None:
    values = sent(posed(FULL), shapes="off").values
    assert len(values) == len(VRM0) + 1
    assert "Brows up" in values


def test_what_is_not_finite_goes_out_at_rest() -> None:
    schema = RigSchema((Param("a", neutral=0.25), Param("b")), BONES)
    bad = Pose(
        frozen([math.nan, math.inf]),
        frozen(np.array([[0, 0, 0, 1], [0.6, math.nan, 0, 0.8], [0, 0, 0, 1], [0, 0, 0, 1]])),
        frozen([math.nan, 0.5, 0.0]),
    )
    template = VmcTemplate(schema)
    frame = decode(template.fill(bad, t_s=0, status=LIVE))
    assert frame.values == {"a": 0.25, "b": 0.0}
    assert list(frame.bones["Head"]) == [0, 0, 0, 0, 0, 0, 1]
    assert list(frame.root[:3]) == [0.0, 0.5, 0.0]
    replaced = template.replaced
    assert replaced == 2 + 4 + 1
    good = decode(template.fill(posed(schema, {"b": 1.0}), t_s=0, status=LIVE))
    assert good.values == {"a": 0.25, "b": 1.0}
    assert template.replaced == replaced


def test_zeros_are_positive_zeros() -> None:
    datagrams = VmcTemplate(FULL).fill(posed(FULL), t_s=0, status=LIVE)
    words = np.frombuffer(b"".join(map(bytes, datagrams)), np.dtype(">u4"))
    assert 0x80000000 not in words.tolist()


def test_two_outputs_under_one_name_are_refused() -> None:
    schema = RigSchema((Param("happy", kind="preset"), Param("Joy")), ())
    with pytest.raises(ValueError, match="'happy' and 'Joy' would both be sent as 'Joy'"):
        VmcTemplate(schema)
    VmcTemplate(schema, names="vrm1")


def test_a_name_longer_than_a_datagram_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        VmcTemplate(RigSchema((Param("x" * 1400),), ()))


@pytest.mark.parametrize(
    "packet",
    [
        osc.encode("/VMC/Ext/Blend/Val", "A", 1),
        osc.encode("/VMC/Ext/Elsewhere", 1.0),
        osc.encode("/VMC/Ext/T"),
        osc.encode("/VMC/Ext/Set/Eye", 1, 0, 0, 1),
    ],
)
def test_decode_refuses_what_is_not_vmc(packet: bytes) -> None:
    with pytest.raises(osc.MalformedPacket, match="is not VMC"):
        decode([packet])


def test_decode_refuses_a_name_sent_twice() -> None:
    packet = osc.encode("/VMC/Ext/Blend/Val", "A", 1.0)
    with pytest.raises(osc.MalformedPacket, match="twice"):
        decode([packet, packet])
