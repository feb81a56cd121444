"""Bytes written out by hand from OSC 1.0 and VRChat's pages. Nothing here uses our encoder.

Floats used: 0.5 = 3F000000, -0.5 = BF000000, 1 = 3F800000, 45 = 42340000, -22.5 = C1B40000,
-45 = C2340000.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from vtdrive.types import F32
from vtdrive.wire.unified_signals import SIGNALS
from vtdrive.wire.vrchat_avatar import Avatar, Declared, Kind
from vtdrive.wire.vrchat_params import Look, ParamEncoder, chatbox

BUNDLE = b"#bundle\0" + b"\0\0\0\0\0\0\0\x01"
TRUE, FALSE = b",T\0\0", b",F\0\0"


def face(**values: float) -> F32:
    out = np.zeros(len(SIGNALS), np.float32)
    for name, value in values.items():
        out[SIGNALS.index(name.replace("__", "."))] = value
    return out


def sent(signals: F32, *declared: tuple[str, Kind]) -> bytes:
    """The one datagram for an avatar that declares these."""
    known = tuple(Declared(n, f"/avatar/parameters/{n}", kind) for n, kind in declared)
    (datagram,) = ParamEncoder(Avatar("", known), eyes="off").fill(signals, found=True)
    return datagram


def sized(message: bytes, size: bytes) -> bytes:
    assert len(message) == int.from_bytes(size, "big")
    return size + message


def test_a_float_a_bool_and_an_int() -> None:
    jaw = b"/avatar/parameters/FT/v2/JawOpen" + b"\0\0\0\0" + b",f\0\0" + b"\x3f\0\0\0"
    active = b"/avatar/parameters/LipTrackingActive" + b"\0\0\0\0" + TRUE
    emotion = b"/avatar/parameters/vtdrive/Emotion" + b"\0\0" + b",i\0\0" + b"\0\0\0\x04"
    got = sent(
        face(jawOpen=0.5, found=1, emotion=4),
        ("FT/v2/JawOpen", "float"),
        ("LipTrackingActive", "bool"),
        ("vtdrive/Emotion", "int"),
    )
    assert got == (
        BUNDLE + sized(jaw, b"\0\0\0\x2c") + sized(active, b"\0\0\0\x2c")
        + sized(emotion, b"\0\0\0\x2c")
    )  # fmt: skip


def bit(name: str, on: bool) -> bytes:
    """`/avatar/parameters/v2/JawX…`, padded by hand to 28 or 36 letters."""
    address = b"/avatar/parameters/v2/JawX" + name.encode()
    padded = {27: address + b"\0", 34: address + b"\0\0"}[len(address)]
    size = b"\0\0\0\x20" if len(padded) == 28 else b"\0\0\0\x28"
    return sized(padded + (TRUE if on else FALSE), size)


# N, bits from 1 upwards for 0.6 of the way: floor(0.6 * 2^N) is 1, 2, 4 and 9.
BITS = [(1, "1"), (2, "01"), (3, "001"), (4, "1001")]


@pytest.mark.parametrize(("count", "bits"), BITS)
@pytest.mark.parametrize("signed", [False, True], ids=["plain", "with-sign"])
@pytest.mark.parametrize("side", ["jawRight", "jawLeft"], ids=["positive", "negative"])
def test_bits(count: int, bits: str, signed: bool, side: str) -> None:
    weights = ["1", "2", "4", "8"][:count]
    names = [*weights, "Negative"] if signed else weights
    got = sent(face(**{side: 0.6}), *((f"v2/JawX{name}", "bool") for name in names))
    if side == "jawLeft" and not signed:
        bits = "0000"
    want = BUNDLE + b"".join(bit(w, on == "1") for w, on in zip(weights, bits, strict=False))
    if signed:
        want += bit("Negative", side == "jawLeft")
    assert got == want


QUARTER = math.pi / 4
LOOKS: list[tuple[Look, bytes]] = [
    (
        "center",
        b"/tracking/eye/CenterPitchYaw" + b"\0\0\0\0" + b",ff\0"
        # half of 45 degrees up (one eye of two), 45 to the right
        + b"\xc1\xb4\0\0" + b"\x42\x34\0\0",
    ),
    (
        "each",
        b"/tracking/eye/LeftRightPitchYaw" + b"\0" + b",ffff\0\0\0"
        + b"\0\0\0\0" + b"\x42\x34\0\0" + b"\xc2\x34\0\0" + b"\x42\x34\0\0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("look", "message"), LOOKS)
def test_vrchats_own_eyes(look: Look, message: bytes) -> None:
    eyes = face(gaze__leftYaw=-QUARTER, gaze__rightYaw=-QUARTER, gaze__rightPitch=QUARTER,
                eyeBlinkLeft=1.0)  # fmt: skip
    (got,) = ParamEncoder(Avatar("", ()), look=look).fill(eyes, found=True)
    closed = b"/tracking/eye/EyesClosedAmount" + b"\0\0" + b",f\0\0" + b"\x3f\0\0\0"
    size = len(message).to_bytes(4, "big")
    assert got == BUNDLE + sized(message, size) + sized(closed, b"\0\0\0\x28")


def test_the_chat_box() -> None:
    # text, send at once, no sound
    assert chatbox("joy!") == b"/chatbox/input\0\0" + b",sTF\0\0\0\0" + b"joy!\0\0\0\0"
    assert chatbox("") == b"/chatbox/input\0\0" + b",sTF\0\0\0\0" + b"\0\0\0\0"
