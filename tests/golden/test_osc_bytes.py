"""Bytes written out by hand from the OSC 1.0 and VMC specifications. Nothing here uses our encoder.

Floats used: 0 = 00000000, 1 = 3F800000, -1 = BF800000, 0.5 = 3F000000, -0.5 = BF000000,
0.25 = 3E800000, -0.25 = BE800000, 1.5 = 3FC00000.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import numpy as np
import pytest
from avatar_frames import posed

from vtdrive.types import EmotionState, Param, Pose, RigSchema, Status, frozen
from vtdrive.wire.gltf_humanoid import Joint
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.osc_params import OscTemplate, OscType
from vtdrive.wire.vmc import VmcTemplate
from vtdrive.wire.vmc_assistant import AssistantTemplate

SCHEMA = RigSchema((Param("blinkLeft", kind="preset"), Param("jawOpen", kind="shape")), ("Head",))
POSE = posed(
    SCHEMA,
    {"blinkLeft": 1.0, "jawOpen": 0.5},
    {"Head": (0.5, 0.5, 0.5, 0.5)},
    root_m=(0.25, 0.5, 1.0),
)

STATE = neutral_frame(SCHEMA, [], seq=0, t_ns=0).state
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


BLINK_AT = b"/x/blinkLeft\0\0\0\0"
JAW_AT = b"/x/jawOpen\0\0"
PLAIN = {
    "f": (b",f\0\0\x3f\x80\0\0", b",f\0\0\x3f\0\0\0"),
    # 127 and, of 63.5, the even neighbour
    "i": (b",i\0\0\0\0\0\x7f", b",i\0\0\0\0\0\x40"),
    "T": (b",T\0\0", b",F\0\0"),
    "s": (b",s\0\0" + b"1.000\0\0\0", b",s\0\0" + b"0.500\0\0\0"),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_osc(kind: OscType) -> None:
    blink, jaw = (at + arg for at, arg in zip((BLINK_AT, JAW_AT), PLAIN[kind], strict=True))
    scale, threshold = (127.0 if kind == "i" else 1.0), 0.75
    options: dict[str, Any] = {"kind": kind, "scale": scale, "threshold": threshold}
    template = OscTemplate(SCHEMA, address="/x/{name}", **options)
    (sent,) = template.fill(POSE, STATE)
    sizes = [len(message).to_bytes(4, "big") for message in (blink, jaw)]
    assert bytes(sent) == BUNDLE + sized(blink, sizes[0]) + sized(jaw, sizes[1])
    alone = OscTemplate(SCHEMA, address="/x/{name}", bundle="off", **options)
    assert [bytes(d) for d in alone.fill(POSE, STATE)] == [blink, jaw]


def test_plain_osc_of_the_face() -> None:
    """A quarter turn to my left, a metre to my left, and surprise."""
    weights = np.eye(8)[2] * 0.5
    emotion = EmotionState(frozen(np.eye(8)[2]), frozen(weights), leading=2, shown=2)
    state = dataclasses.replace(
        STATE,
        status=Status.LIVE,
        head_xyzw=frozen([0, 2**-0.5, 0, 2**-0.5]),
        head_m=frozen([1, 0, 0]),
        emotion=emotion,
    )
    only = ["head/yaw_deg", "head/x_m", "emotion/surprise", "emotion", "status"]
    template = OscTemplate(SCHEMA, address="/{name}", only=only, kind="i", scale=2, bundle="off")
    sent = [bytes(d) for d in template.fill(POSE, state)]
    assert sent[0][:-4] == b"/head/yaw_deg\0\0\0" + b",f\0\0"
    assert struct.unpack(">f", sent[0][-4:])[0] == pytest.approx(90, abs=1e-4)
    assert sent[1] == b"/head/x_m\0\0\0" + b",f\0\0" + b"\x3f\x80\0\0"
    assert b"/emotion/surprise\0\0\0" + b",i\0\0" + b"\0\0\0\x01" in sent
    assert sent[-3:] == [
        b"/face/found\0" + b",i\0\0" + b"\0\0\0\x01",
        b"/emotion/name\0\0\0" + b",s\0\0" + b"surprise\0\0\0\0",
        b"/face/status\0\0\0\0" + b",s\0\0" + b"live\0\0\0\0",
    ]
    assert len(sent) == 2 + 8 + 3
