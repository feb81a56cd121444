"""VMC in over UDP: one sender at a time, ugly packets skipped, left is left."""

from __future__ import annotations

import contextlib
import math
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from avatar_frames import FULL, frame_of, posed
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.config.inputs import VmcInput
from vtdrive.config.sinks import VmcSink
from vtdrive.config.urls import parse_input_url
from vtdrive.errors import SourceNotFound
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.spaces import euler_from_quat, quat_from_euler
from vtdrive.track_sources.live import TrackInput
from vtdrive.track_sources.one_sender import OneSender
from vtdrive.track_sources.vmc_in import VmcIn
from vtdrive.types import Profile
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire import osc

SECOND = 1_000_000_000
A, B = "127.0.0.1:50001", "127.0.0.1:50002"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def listening(**options: object) -> Iterator[VmcIn]:
    heard = VmcIn(VmcInput.model_validate({"port": free_port(), **options}))
    try:
        heard.open()
        yield heard
    finally:
        heard.close()


def jaw(value: float) -> bytes:
    return osc.encode_bundle(
        [osc.encode("/VMC/Ext/Blend/Val", "JawOpen", value), osc.encode("/VMC/Ext/Blend/Apply")]
    )


@pytest.mark.parametrize("mirror", [False, True])
def test_left_is_left_over_udp(mirror: bool) -> None:
    """My left eye winks and my head turns to my left by 30 degrees."""
    turn = quat_from_euler(yaw=math.radians(30), pitch=0, roll=0)
    pose = posed(FULL, {"eyeBlinkLeft": 1.0}, {"Head": tuple(turn)})
    with listening(mirror=mirror) as heard:
        sink = VmcOutput(VmcSink(port=heard.port))
        sink.open(FULL)
        sink.send(frame_of(FULL, pose))
        sink.close()
        seen = heard.read(2.0)
    assert isinstance(heard, TrackInput)
    assert seen is not None
    assert seen.head_xyzw is not None
    side = "Right" if mirror else "Left"
    assert [name for name, i in SHAPE_INDEX.items() if seen.shapes[i]] == [f"eyeBlink{side}"]
    yaw = math.degrees(euler_from_quat(seen.head_xyzw)[0])
    assert yaw == pytest.approx(-30 if mirror else 30, abs=1e-3)
    assert (heard.stats.frames, heard.stats.malformed, heard.stats.last_error) == (1, 0, "")


def test_a_mirrored_sender_and_a_mirrored_input_give_the_face_back() -> None:
    pose = posed(FULL, {"eyeBlinkLeft": 1.0})
    with listening(mirror=True) as heard:
        sink = VmcOutput(VmcSink(port=heard.port, mirror=True))
        sink.open(FULL)
        mirrored = posed(FULL, {"eyeBlinkRight": 1.0})
        assert pose.params.sum() == mirrored.params.sum()
        sink.send(frame_of(FULL, mirrored, profiles=(Profile(mirror=True),)))
        sink.close()
        seen = heard.read(2.0)
    assert seen is not None
    assert seen.shapes[SHAPE_INDEX["eyeBlinkLeft"]] == 1.0


def test_silence_gives_nothing_and_a_frame_never_comes_twice() -> None:
    with listening() as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as app:
        assert heard.read(0.01) is None
        app.sendto(jaw(0.5), ("127.0.0.1", heard.port))
        assert heard.read(1.0) is not None
        assert heard.read(0.01) is None
    assert heard.read(0.01) is None  # closed


def test_a_second_app_is_ignored_while_the_first_lives() -> None:
    heard = VmcIn(VmcInput())
    for i in range(5):
        assert heard.decode(jaw(0.25), A, i * 20_000_000) is not None
    assert heard.decode(jaw(1.0), B, 110_000_000) is None
    assert heard.stats.malformed == 1
    assert heard.stats.note == f"{B} sends here too and is ignored while {A} does"
    seen = heard.decode(jaw(0.5), A, 120_000_000)
    assert seen is not None
    assert seen.shapes[SHAPE_INDEX["jawOpen"]] == 0.5
    # The first is gone: the second takes over, and nothing of the first remains.
    other = osc.encode_bundle(
        [osc.encode("/VMC/Ext/Blend/Val", "A", 1.0), osc.encode("/VMC/Ext/Blend/Apply")]
    )
    seen = heard.decode(other, B, 2 * SECOND)
    assert seen is not None
    assert seen.shapes[SHAPE_INDEX["jawOpen"]] == pytest.approx(0.7)
    assert heard.decode(other, B, 6 * SECOND) is not None
    assert heard.stats.note == ""


def test_an_app_that_takes_a_new_port_for_each_packet_is_heard() -> None:
    sender = OneSender()
    assert all(sender.takes(f"127.0.0.1:{50_000 + i}", i * 16_000_000) for i in range(200))
    assert len(sender._counts) <= 16


def test_two_apps_from_the_start_settle_on_one() -> None:
    sender = OneSender()
    took = [sender.takes((A, B)[i % 2], i * 8_000_000) for i in range(100)]
    leaders = [(A, B)[i % 2] for i, taken in enumerate(took) if taken]
    assert sum(a != b for a, b in pairwise(leaders)) <= 4
    assert took[10:] in ([True, False] * 45, [False, True] * 45)


def test_one_wrong_message_does_not_cost_the_others() -> None:
    heard = VmcIn(VmcInput())
    packet = osc.encode_bundle(
        [
            osc.encode("/VMC/Ext/Blend/Val", "JawOpen", 0.5),
            osc.encode("/VMC/Ext/Bone/Pos", "Head", 1.0),
            osc.encode("/VMC/Ext/Blend/Apply"),
        ]
    )
    seen = heard.decode(packet, A, 0)
    assert seen is not None
    assert seen.shapes[SHAPE_INDEX["jawOpen"]] == 0.5
    assert heard.stats.malformed == 1
    assert "/VMC/Ext/Bone/Pos" in heard.stats.last_error


UGLY = [
    b"",
    b"\0",
    b"hello",
    b"#bundle\0",
    b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff",
    b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff",
    b"/VMC/Ext/Bone/Pos\0\0\0,sfffffff\0\0\0Head\0\0\0\0",
    b"/VMC/Ext/Blend/Val\0\0,sf\0" + b"A" * 4000,
    b"/" + b"x" * 60_000,
    b"/VMC/Ext/T\0\0,f\0\0\x7f\xc0\0\0",
    b"/VMC/Ext/Blend/Val\0\0,s" + b"f" * 20_000,
    bytes(range(256)) * 16,
]


def test_a_whole_body_in_one_datagram_is_read_but_no_more() -> None:
    heard = VmcIn(VmcInput())
    bones = [osc.encode("/VMC/Ext/Bone/Pos", f"Bone{i}", *(0.0,) * 6, 1.0) for i in range(55)]
    apply = osc.encode("/VMC/Ext/Blend/Apply")
    assert heard.decode(osc.encode_bundle([*bones, apply]), A, 0) is not None
    with pytest.raises(ValueError, match="more than 16384"):
        heard.decode(osc.encode_bundle([*bones * 5, apply]), A, 1)


def test_ugly_packets_are_counted_and_the_next_good_one_is_read() -> None:
    with listening() as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as app:
        to = ("127.0.0.1", heard.port)
        for packet in UGLY:
            app.sendto(packet, to)
        assert heard.read(0.2) is None
        assert heard.stats.malformed == len(UGLY)
        assert "makes no sense" in heard.stats.last_error
        app.sendto(jaw(1.0), to)
        assert heard.read(1.0) is not None
        assert heard.stats.last_error == ""


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=120), max_size=4), st.booleans())
def test_noise_is_refused_with_a_value_error_or_read(noise: list[bytes], vmc: bool) -> None:
    heard = VmcIn(VmcInput())
    for i, part in enumerate(noise):
        head = b"/VMC/Ext/Blend/Val\0\0,sf\0" if vmc else b""
        try:
            heard.decode(head + part, A, i * 20_000_000)
        except ValueError:
            continue


def test_a_taken_port_says_so() -> None:
    with listening() as heard:
        second = VmcIn(VmcInput(port=heard.port))
        with pytest.raises(SourceNotFound, match="cannot listen there") as caught:
            second.open()
        assert "another port" in caught.value.remedy
        second.close()


@pytest.mark.parametrize("host", ["192.0.2.7", "no-such-host.invalid"])
def test_the_senders_address_is_no_address_to_listen_on(host: str) -> None:
    """A mistake that is easily made: no other program has the port."""
    stranger = VmcIn(VmcInput(host=host, port=39540))
    with pytest.raises(SourceNotFound, match="cannot listen there") as caught:
        stranger.open()
    stranger.close()
    assert "address of this computer" in caught.value.remedy
    assert "close" not in caught.value.remedy


def test_it_listens_to_this_machine_unless_told_otherwise() -> None:
    with listening() as heard:
        assert heard.stats.note == ""
    with listening(host="0.0.0.0") as heard:
        assert f"port {heard.port} is open to every device" in heard.stats.note


def test_its_url() -> None:
    config = parse_input_url("vmc-in://:39539?channels=mouth,brows&mirror=true&root=true")
    assert config == VmcInput(port=39539, channels=("mouth", "brows"), mirror=True, root=True)
