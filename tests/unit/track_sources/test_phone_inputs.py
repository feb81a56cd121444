"""Phones and OpenSeeFace as inputs: over real sockets, with the faults of a network."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from avatar_frames import FULL
from left_frames import left_frame
from plain_faces import face_of, head_off, sound

from vtdrive.config.inputs import (
    IFacialMocapInput,
    InputTable,
    OpenSeeFaceInput,
    VtsPhoneInput,
)
from vtdrive.config.schema import Config
from vtdrive.config.sinks import FaceDriven, IFacialMocapSink, OpenSeeFaceSink, VtsPhoneSink
from vtdrive.errors import SourceNotFound
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.phone_server import PhoneServer
from vtdrive.testing import FakeClock
from vtdrive.track_sources.ifacialmocap_in import IFacialMocapIn
from vtdrive.track_sources.live import DatagramInput, TrackInput
from vtdrive.track_sources.openseeface_in import OpenSeeFaceIn
from vtdrive.track_sources.vtsphone_in import VtsPhoneIn
from vtdrive.types import Incoming
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire import openseeface
from vtdrive.wire.face_points import resting_points
from vtdrive.wire.ifacialmocap import HELLO, IFacialMocapEncoder
from vtdrive.wire.vtsphone import PhoneEncoder, decode_request

PHONE = "127.0.0.2"
"""A phone of the tests: on this machine, at an address of its own."""
FACE = face_of(yaw_deg=20, pitch_deg=5, gaze_deg=((8, 0), (8, 0)), eyeBlinkLeft=1.0, jawOpen=0.5)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def udp(stack: ExitStack, host: str = "127.0.0.1") -> socket.socket:
    link = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    try:
        link.bind((host, 0))
    except OSError:
        pytest.skip(f"this system has no address {host}")
    link.settimeout(2.0)
    return link


def port_of(link: socket.socket) -> int:
    return int(link.getsockname()[1])


def opened(stack: ExitStack, made: DatagramInput) -> DatagramInput:
    stack.callback(made.close)
    made.open()
    return made


def is_left(found: Incoming | None) -> None:
    """Asserts that it is `left_frame`: left wink, head and eyes to the subject's left."""
    assert found is not None
    sound(found)
    assert found.found
    assert found.shapes[SHAPE_INDEX["eyeBlinkLeft"]] > 0.8
    assert found.shapes[SHAPE_INDEX["eyeBlinkRight"]] < 0.2
    assert found.gaze_rad is not None
    assert (found.gaze_rad[:, 0] > 0.05).all()
    assert 0.5 < head_off(found, face_of(yaw_deg=20, pitch_deg=10)) < 12
    assert found.head_m is not None
    assert 0.02 < found.head_m[0] < 0.06
    assert 0.02 < found.head_m[1] < 0.04


def test_the_imitated_phone_feeds_the_phone_input(stack: ExitStack, config: Config) -> None:
    probe = udp(stack)
    port = port_of(probe)
    probe.close()
    sink = PhoneServer(VtsPhoneSink(port=port))
    stack.callback(sink.close)
    schema, frame = left_frame(config, sink.profile)
    sink.open(schema)
    sink.send(frame)
    source = opened(stack, VtsPhoneIn(VtsPhoneInput(host="localhost", port=port)))
    found, end = None, time.monotonic() + 5
    while (found is None or not found.found) and time.monotonic() < end:
        found = source.read(0.2) or found
        sink.send(frame)
    is_left(found)
    assert source.stats.last_error == ""
    assert source.stats.note == "", "loopback is nobody's concern"


def test_ifacialmocap_and_openseeface_come_back_from_our_senders(
    stack: ExitStack, config: Config
) -> None:
    mocap_port, face_port = port_of(udp(stack)), port_of(udp(stack))
    stack.close()
    face = opened(stack, OpenSeeFaceIn(OpenSeeFaceInput(port=face_port)))
    phone = opened(stack, IFacialMocapIn(IFacialMocapInput(host="127.0.0.1", port=mocap_port)))
    tables: list[tuple[FaceDriven, DatagramInput]] = [
        (OpenSeeFaceSink(port=face_port), face),
        (IFacialMocapSink(port=mocap_port), phone),
    ]
    for table, source in tables:
        sink = make_sink(table)
        stack.callback(sink.close)
        schema, frame = left_frame(config, table.profile)
        sink.open(schema)
        assert source.read(0.05) is None
        sink.send(frame)
        is_left(source.read(2.0))
        assert source.stats.malformed == 0, "a greeting that comes back to us is no fault"


class Phone:
    """A phone that is asked and sends, on the same port."""

    def __init__(self, stack: ExitStack, make: Callable[[int], DatagramInput]) -> None:
        self.link = udp(stack, PHONE)
        self.source = make(port_of(self.link))
        opened(stack, self.source)

    def asked(self) -> bytes:
        assert self.source.read(0.0) is None
        return self.link.recv(4096)

    def say(self, datagram: bytes) -> None:
        self.link.sendto(datagram, ("127.0.0.1", self.source.port))


def vts(port: int) -> DatagramInput:
    return VtsPhoneIn(VtsPhoneInput(host=PHONE, port=port))


def mocap(port: int) -> DatagramInput:
    return IFacialMocapIn(IFacialMocapInput(host=PHONE, port=port))


def test_the_phone_is_asked_for_our_own_port_again_and_again(stack: ExitStack) -> None:
    phone = Phone(stack, vts)
    request = decode_request(phone.asked())
    assert request.seconds == 5.0
    assert request.ports == (phone.source.port,)
    assert request.sent_by == "vtdrive"
    phone.say(PhoneEncoder().encode(FACE))
    found = phone.source.read(1.0)
    assert found is not None
    assert head_off(found, FACE) < 0.01
    began = time.monotonic()
    phone.source.read(1.2)
    assert decode_request(phone.link.recv(4096)) == request
    assert time.monotonic() - began < 2


def test_ifacialmocap_is_greeted_until_it_sends_and_when_it_falls_silent(stack: ExitStack) -> None:
    clock = FakeClock(10**9)
    phone = Phone(stack, lambda port: IFacialMocapIn(
        IFacialMocapInput(host=PHONE, port=port, version="v2"), clock
    ))  # fmt: skip
    assert phone.source.port == port_of(phone.link), "the phone answers to its own port's number"
    assert phone.asked() == HELLO["v2"]
    phone.say(IFacialMocapEncoder("v2").encode(FACE))
    found = phone.source.read(1.0)
    assert found is not None
    assert found.t_ns == 10**9
    phone.link.settimeout(0.05)
    phone.source._greeted_s = None
    phone.source.read(0.0)
    with pytest.raises(TimeoutError):
        phone.link.recv(4096)
    clock.advance(2.0)
    phone.source._greeted_s = None
    phone.source.read(0.0)
    assert phone.link.recv(4096) == HELLO["v2"]


@pytest.mark.parametrize("make", [vts, mocap])
def test_only_the_phone_that_was_asked_is_heard(
    stack: ExitStack, make: Callable[[int], DatagramInput]
) -> None:
    phone = Phone(stack, make)
    stranger = udp(stack, "127.0.0.3")
    good = PhoneEncoder().encode(FACE) if make is vts else IFacialMocapEncoder().encode(FACE)
    stranger.sendto(good, ("127.0.0.1", phone.source.port))
    assert phone.source.read(0.2) is None
    assert phone.source.stats.malformed == 1
    assert "127.0.0.3" in phone.source.stats.last_error
    phone.say(good)
    assert phone.source.read(1.0) is not None
    assert phone.source.stats.last_error == ""


@pytest.mark.parametrize("make", [vts, mocap])
def test_a_phone_that_does_not_answer_is_told_with_what_to_do(
    stack: ExitStack, make: Callable[[int], DatagramInput]
) -> None:
    phone = Phone(stack, make)
    for _ in range(3):
        phone.source._greeted_s = None
        phone.source.read(0.0)
        assert phone.source.stats.last_error == ""
    phone.source._greeted_s = None
    phone.source.read(0.0)
    assert f"{PHONE} does not answer: start" in phone.source.stats.last_error
    good = PhoneEncoder().encode(FACE) if make is vts else IFacialMocapEncoder().encode(FACE)
    phone.say(good)
    assert phone.source.read(1.0) is not None
    assert phone.source.stats.last_error == ""


def test_a_phone_that_repeats_itself_sees_no_face(stack: ExitStack) -> None:
    phone = Phone(stack, mocap)
    same = IFacialMocapEncoder().encode(FACE)
    states = []
    for _ in range(12):
        phone.say(same)
        found = phone.source.read(1.0)
        assert found is not None
        states.append(found.found)
    assert states == [True] * 10 + [False] * 2
    phone.say(IFacialMocapEncoder().encode(face_of(yaw_deg=1)))
    found = phone.source.read(1.0)
    assert found is not None
    assert found.found


def test_no_face_is_passed_on(stack: ExitStack) -> None:
    phone = Phone(stack, vts)
    phone.say(PhoneEncoder().encode(face_of(found=False)))
    found = phone.source.read(1.0)
    assert found is not None
    assert not found.found


def test_gaze_can_be_read_from_the_shapes(stack: ExitStack) -> None:
    phone = Phone(
        stack, lambda port: VtsPhoneIn(VtsPhoneInput(host=PHONE, port=port, gaze="shapes"))
    )
    looks = face_of(gaze_deg=((-8, 0), (-8, 0)), eyeLookOutLeft=0.4, eyeLookInRight=0.4)
    phone.say(PhoneEncoder().encode(looks))
    found = phone.source.read(1.0)
    assert found is not None
    assert found.gaze_rad is not None
    assert np.degrees(found.gaze_rad[:, 0]) == pytest.approx([14, 14], abs=0.01)


def test_the_newest_of_many_counts_and_none_comes_twice(stack: ExitStack) -> None:
    phone = Phone(stack, vts)
    encoder = PhoneEncoder()
    for yaw in range(20):
        phone.say(encoder.encode(face_of(yaw_deg=yaw)))
    time.sleep(0.05)
    found = phone.source.read(1.0)
    assert found is not None
    assert head_off(found, face_of(yaw_deg=19)) < 0.01
    assert phone.source.read(0.05) is None


@pytest.mark.parametrize("make", [vts, mocap])
def test_nonsense_from_the_phone_is_counted_and_skipped(
    stack: ExitStack, make: Callable[[int], DatagramInput]
) -> None:
    phone = Phone(stack, make)
    for ugly in (b"", b"\xff" * 1000, b"{" * 9000, b"nonsense"):
        phone.say(ugly)
    assert phone.source.read(0.2) is None
    assert phone.source.stats.malformed == 4
    assert "makes no sense" in phone.source.stats.last_error


def test_openseeface_packets_of_others_are_skipped(stack: ExitStack) -> None:
    probe = udp(stack)
    port = port_of(probe)
    probe.close()
    source = opened(stack, OpenSeeFaceIn(OpenSeeFaceInput(port=port)))
    sender = udp(stack)
    packet = openseeface.encode(FACE, resting_points(FACE), t_s=1.0)
    other = packet[:8] + b"\x01\0\0\0" + packet[12:]
    for datagram in (packet[:-1], other, b"", packet * 2):
        sender.sendto(datagram, ("127.0.0.1", port))
    found = source.read(1.0)
    assert found is not None
    assert head_off(found, FACE) < 0.01
    assert source.stats.malformed == 2
    assert source.stats.frames == 1


@pytest.mark.parametrize(
    "table",
    [
        VtsPhoneInput(host="no such host"),
        IFacialMocapInput(host="no such host"),
        OpenSeeFaceInput(host="no such host"),
    ],
)
def test_an_unknown_host_is_told(table: InputTable) -> None:
    made: dict[str, Callable[[], DatagramInput]] = {
        "vtsphone-in": lambda: VtsPhoneIn(table),  # type: ignore[arg-type]
        "ifacialmocap-in": lambda: IFacialMocapIn(table),  # type: ignore[arg-type]
        "openseeface-in": lambda: OpenSeeFaceIn(table),  # type: ignore[arg-type]
    }
    source = made[table.kind]()  # type: ignore[attr-defined]
    assert isinstance(source, TrackInput)
    with pytest.raises(SourceNotFound) as caught:
        source.open()
    assert caught.value.what.startswith(source.name)
    assert caught.value.remedy
    assert source.read(0.0) is None
    source.close()


def test_a_taken_port_is_told_and_not_taken_away(stack: ExitStack) -> None:
    owner = udp(stack)
    source = OpenSeeFaceIn(OpenSeeFaceInput(port=port_of(owner)))
    with pytest.raises(SourceNotFound, match="in use") as caught:
        source.open()
    assert "another port" in caught.value.remedy
    sender = udp(stack)
    sender.sendto(b"mine", owner.getsockname())
    assert owner.recv(10) == b"mine"


def test_a_phone_that_restarts_is_heard_again(stack: ExitStack) -> None:
    phone = Phone(stack, vts)
    phone.say(PhoneEncoder().encode(FACE))
    assert phone.source.read(1.0) is not None
    address = phone.link.getsockname()
    phone.link.close()
    phone.source._greeted_s = None
    assert phone.source.read(0.05) is None, "refused questions are no fault"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.sendto(PhoneEncoder().encode(FACE), ("127.0.0.1", phone.source.port))
        assert phone.source.read(1.0) is not None


def test_the_frames_are_those_of_a_full_schema() -> None:
    frame = json.loads(PhoneEncoder().encode(FACE))
    assert len(frame["BlendShapes"]) == 52 <= len(FULL.params)
