from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.wire import osc

I32 = st.integers(-(2**31), 2**31 - 1)
F32 = st.floats(width=32, allow_nan=False)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ARGS = st.lists(st.one_of(I32, F32, TEXT), max_size=6)


@given(ARGS)
def test_what_is_encoded_is_decoded(args: list[int | float | str]) -> None:
    (message,) = osc.decode(osc.encode("/a", *args))
    assert message.address == "/a"
    assert message.args == tuple(args)
    assert [type(arg) for arg in message.args] == [type(arg) for arg in args]


@given(st.lists(ARGS, min_size=1, max_size=4))
def test_bundles_keep_their_order(rows: list[list[int | float | str]]) -> None:
    packet = osc.encode_bundle([osc.encode(f"/{i}", *row) for i, row in enumerate(rows)])
    assert [m.args for m in osc.decode(packet)] == [tuple(row) for row in rows]


@pytest.mark.parametrize("arg", [True, None, b"x", [1.0]])
def test_types_that_receivers_mistake_are_refused(arg: object) -> None:
    with pytest.raises(TypeError, match="/a"):
        osc.encode("/a", arg)  # type: ignore[arg-type]


def test_all_argument_types_are_read() -> None:
    packet = (
        b"/a\0\0,ifsbhdtTFN\0"
        + struct.pack(">if", -2, 0.5)
        + b"abc\0"
        + b"\0\0\0\x03xyz\0"
        + struct.pack(">qdQ", -(2**40), 0.1, 1)
    )
    (message,) = osc.decode(packet)
    assert message.args == (-2, 0.5, "abc", b"xyz", -(2**40), 0.1, 1, True, False, None)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"/a\0", "multiple of 4"),
        (b"abc\0,\0\0\0", "start with /"),
        (b"/abc", "no end"),
        (b"/\xff\0\0,\0\0\0", "UTF-8"),
        (b"/a\0\0", "no end"),
        (b"/a\0\0f\0\0\0\0\0\0\0", "comma"),
        (b"/a\0\0,f\0\0", "inside an argument"),
        (b"/a\0\0,x\0\0\0\0\0\0", "'x' is unknown"),
        (b"/a\0\0,\0\0\0\0\0\0\0", "follow the last argument"),
        (b"/a\0x,\0\0\0", "not zero"),
        (b"/a\0\0,b\0\0\0\0\0\x09abcd", "does not fit"),
        (b"#bundle\0\0\0\0\0", "time tag"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\x08/a\0\0", "does not fit"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\0", "does not fit"),
    ],
)
def test_broken_packets_are_refused(packet: bytes, why: str) -> None:
    with pytest.raises(osc.MalformedPacket, match=why):
        osc.decode(packet)


def test_bundles_nested_without_end_are_refused() -> None:
    packet = osc.encode("/a")
    for _ in range(9):
        packet = b"#bundle\0" + bytes(8) + struct.pack(">i", len(packet)) + packet
    with pytest.raises(osc.MalformedPacket, match="nested"):
        osc.decode(packet)


@given(st.binary(max_size=80))
def test_noise_never_does_anything_else(noise: bytes) -> None:
    for packet in (noise, b"/a\0\0," + noise, b"#bundle\0" + bytes(8) + noise):
        try:
            messages = osc.decode(packet)
        except osc.MalformedPacket:
            continue
        assert all(isinstance(message, osc.Message) for message in messages)
