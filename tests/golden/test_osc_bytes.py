"""Bytes written out by hand from the OSC 1.0 and VMC specifications. Nothing here uses our encoder.

Floats used: 0 = 00000000, 1 = 3F800000, -1 = BF800000, 0.5 = 3F000000, -0.5 = BF000000,
0.25 = 3E800000, -0.25 = BE800000, 1.5 = 3FC00000.
"""

from __future__ import annotations

from avatar_frames import posed

from vtdrive.types import Param, Pose, RigSchema, Status, frozen
from vtdrive.wire.gltf_humanoid import Joint
from vtdrive.wire.osc_params import OscTemplate
from vtdrive.wire.vmc import VmcTemplate
from vtdrive.wire.vmc_assistant import AssistantTemplate

SCHEMA = RigSchema((Param("blinkLeft", kind="preset"), Param("jawOpen", kind="shape")), ("Head",))
POSE = posed(
    SCHEMA,
    {"blinkLeft": 1.0, "jawOpen": 0.5},
    {"Head": (0.5, 0.5, 0.5, 0.5)},
    root_m=(0.25, 0.5, 1.0),
)

UNTURNED = (0.0, 0.0, 0.0, 1.0)

OK = b"/VMC/Ext/OK\0" + b",iiii\0\0\0" + b"\0\0\0\x01" + b"\0\0\0\x03" + b"\0\0\0\0" + b"\0\0\0\x01"
T = b"/VMC/Ext/T\0\0" + b",f\0\0" + b"\x3f\xc0\0\0"
ROOT = (
    b"/VMC/Ext/Root/Pos\0\0\0"
    + b",sfffffff\0\0\0"
    + b"root\0\0\0\0"
    # x is turned round, y and z are not
    + b"\xbe\x80\0\0"
    + b"\x3f\0\0\0"
    + b"\x3f\x80\0\0"
    + b"\0\0\0\0" * 3
    + b"\x3f\x80\0\0"
)
HEAD = (
    b"/VMC/Ext/Bone/Pos\0\0\0"
    + b",sfffffff\0\0\0"
    + b"Head\0\0\0\0"
    + b"\0\0\0\0" * 3
    # (x, -y, -z, w)
    + b"\x3f\0\0\0"
    + b"\xbf\0\0\0"
    + b"\xbf\0\0\0"
    + b"\x3f\0\0\0"
)
BLINK = b"/VMC/Ext/Blend/Val\0\0" + b",sf\0" + b"Blink_L\0" + b"\x3f\x80\0\0"
JAW = b"/VMC/Ext/Blend/Val\0\0" + b",sf\0" + b"JawOpen\0" + b"\x3f\0\0\0"
APPLY = b"/VMC/Ext/Blend/Apply\0\0\0\0" + b",\0\0\0"
BUNDLE = b"#bundle\0" + b"\0\0\0\0\0\0\0\x01"


EYE = (
    b"/VMC/Ext/Set/Eye\0\0\0\0" + b",ifff\0\0\0" + b"\0\0\0\x01" + b"\0\0\0\0" * 2 + b"\x41\x20\0\0"
)
PLACED = (
    b"/VMC/Ext/Bone/Pos\0\0\0"
    + b",sfffffff\0\0\0"
    + b"Head\0\0\0\0"
    # 0.25 to my left, 0.5 up, 1 forward
    + b"\xbe\x80\0\0"
    + b"\x3f\0\0\0"
    + b"\x3f\x80\0\0"
    + HEAD[-16:]
)


def sized(message: bytes, size: bytes) -> bytes:
    assert len(message) == int.from_bytes(size, "big")
    return size + message


def test_each_message_alone() -> None:
    template = VmcTemplate(SCHEMA, bundle="off")
    sent = [bytes(d) for d in template.fill(POSE, t_s=1.5, status=Status.LIVE)]
    assert sent == [OK, T, ROOT, HEAD, BLINK, JAW, APPLY]


def test_one_bundle() -> None:
    (sent,) = VmcTemplate(SCHEMA).fill(POSE, t_s=1.5, status=Status.LIVE)
    assert bytes(sent) == (
        BUNDLE
        + sized(OK, b"\0\0\0\x24")
        + sized(T, b"\0\0\0\x14")
        + sized(ROOT, b"\0\0\0\x44")
        + sized(HEAD, b"\0\0\0\x44")
        + sized(BLINK, b"\0\0\0\x24")
        + sized(JAW, b"\0\0\0\x24")
        + sized(APPLY, b"\0\0\0\x1c")
    )


def test_a_bone_in_its_resting_place() -> None:
    head = Joint((0.25, 0.5, 1.0), (0.0, 0.0, 0.0), UNTURNED, UNTURNED)
    template = VmcTemplate(SCHEMA, bundle="off", rest={"Head": head})
    sent = [bytes(d) for d in template.fill(POSE, t_s=1.5, status=Status.LIVE)]
    assert sent == [OK, T, ROOT, PLACED, BLINK, JAW, APPLY]


def test_an_assistant() -> None:
    schema = RigSchema(SCHEMA.params, ("Head", "LeftEye"))
    pose = Pose(POSE.params, frozen([(0.5, 0.5, 0.5, 0.5), UNTURNED]), POSE.root_m)
    template = AssistantTemplate(schema, bundle="off")
    sent = [bytes(d) for d in template.fill(pose, status=Status.LIVE)]
    assert sent == [EYE, BLINK, JAW, APPLY]
    # Nobody is there, and the eyes rest: the performer may move them.
    off = EYE.replace(b"\0\0\0\x01", b"\0\0\0\0")
    sent = [bytes(d) for d in template.fill(pose, status=Status.LOST)]
    assert sent == [off, BLINK, JAW, APPLY]


def test_both_spellings_of_surprise() -> None:
    """They differ in one letter's case, and both must be there."""
    schema = RigSchema((Param("surprised", kind="preset"),), ())
    template = VmcTemplate(schema, names="both", bundle="off")
    sent = [
        bytes(d)
        for d in template.fill(posed(schema, {"surprised": 0.5}), t_s=0, status=Status.LIVE)
    ]
    old = b"/VMC/Ext/Blend/Val\0\0" + b",sf\0" + b"Surprised\0\0\0" + b"\x3f\0\0\0"
    assert sent[3:] == [old, old.replace(b"S", b"s"), APPLY]


def test_lost_tracking_says_so_and_nothing_else_changes() -> None:
    template = VmcTemplate(SCHEMA, bundle="off")
    for status in (Status.HELD, Status.LOST):
        sent = [bytes(d) for d in template.fill(POSE, t_s=1.5, status=status)]
        assert sent == [OK[:-1] + b"\0", T, ROOT, HEAD, BLINK, JAW, APPLY]


def test_plain_osc() -> None:
    (sent,) = OscTemplate(SCHEMA, address="/x/{name}").fill(POSE)
    blink = b"/x/blinkLeft\0\0\0\0" + b",f\0\0" + b"\x3f\x80\0\0"
    jaw = b"/x/jawOpen\0\0" + b",f\0\0" + b"\x3f\0\0\0"
    assert bytes(sent) == BUNDLE + sized(blink, b"\0\0\0\x18") + sized(jaw, b"\0\0\0\x14")
