"""What every live input promises (`vtdrive/track_sources/live.py`), for each of them."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_faces import face_of, mutated

from vtdrive.config.inputs import INPUT_KINDS
from vtdrive.config.urls import parse_input_url
from vtdrive.errors import MissingExtra, SourceNotFound, UsageError
from vtdrive.track_sources.live import DatagramInput, TrackInput
from vtdrive.track_sources.make import make_input
from vtdrive.types import Incoming
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire import openseeface, osc
from vtdrive.wire.face_points import resting_points
from vtdrive.wire.ifacialmocap import IFacialMocapEncoder
from vtdrive.wire.vtsphone import PhoneEncoder

LINUX = sys.platform.startswith("linux")
PHONE = "127.0.0.2" if LINUX else "127.0.0.1"
"""A phone of the tests: on this machine, at an address of its own where there is one."""


def _vmc(jaw: float) -> bytes:
    value = osc.encode("/VMC/Ext/Blend/Val", "JawOpen", jaw)
    return osc.encode_bundle([value, osc.encode("/VMC/Ext/Blend/Apply")])


def _openseeface(jaw: float) -> bytes:
    face = face_of(jawOpen=jaw)
    return openseeface.encode(face, resting_points(face), t_s=1.0 + jaw)


GOOD: dict[str, Callable[[float], bytes]] = {
    "vmc-in": _vmc,
    "vtsphone-in": lambda jaw: PhoneEncoder().encode(face_of(jawOpen=jaw)),
    "ifacialmocap-in": lambda jaw: IFacialMocapEncoder().encode(face_of(jawOpen=jaw)),
    "openseeface-in": _openseeface,
}
"""A packet with the jaw this far open, of each kind that hears UDP."""
NETWORK = sorted(GOOD)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def made(kind: str) -> TrackInput:
    if kind not in GOOD:
        return make_input(parse_input_url(f"{kind}:"))
    host = PHONE if kind in ("vtsphone-in", "ifacialmocap-in") else "127.0.0.1"
    return make_input(parse_input_url(f"{kind}://{host}:{free_port()}"))


class Sender:
    """Sends to one open input, from where its sender would."""

    def __init__(self, kind: str, source: DatagramInput) -> None:
        self.source, self._good = source, GOOD[kind]
        self.link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.link.bind((PHONE if kind in ("vtsphone-in", "ifacialmocap-in") else "127.0.0.1", 0))

    def say(self, packet: bytes) -> None:
        self.link.sendto(packet, (self.link_to(), self.source.port))

    def jaw(self, jaw: float) -> None:
        self.say(self._good(jaw))

    def link_to(self) -> str:
        assert self.source._socket is not None
        return str(self.source._socket.getsockname()[0])


@contextlib.contextmanager
def spoken_to(kind: str) -> Iterator[Sender]:
    source = made(kind)
    assert isinstance(source, DatagramInput)
    try:
        source.open()
        # What it asks itself, where the phone has no address of its own, is no matter here.
        source.read(0.0)
        sender = Sender(kind, source)
        try:
            yield sender
        finally:
            sender.link.close()
    finally:
        source.close()


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_it_says_what_it_is(kind: str) -> None:
    source = made(kind)
    assert isinstance(source, TrackInput)
    assert source.name.startswith(kind)
    assert (source.stats.frames, source.stats.malformed, source.stats.last_error) == (0, 0, "")
    source.close()


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_it_opens_or_says_why_not(kind: str) -> None:
    source, refused = made(kind), None
    try:
        source.open()
        source.read(0.0)
    except (SourceNotFound, MissingExtra) as fault:
        refused = fault
    finally:
        source.close()
    # A machine may have no microphone; a free port is always there.
    assert refused is None or (kind not in GOOD and refused.remedy)


@pytest.mark.parametrize("kind", NETWORK)
def test_silence_is_waited_for_and_is_no_fault(kind: str) -> None:
    with spoken_to(kind) as sender:
        start = time.monotonic()
        assert sender.source.read(0.2) is None
        assert 0.15 < time.monotonic() - start < 1.5
        start = time.monotonic()
        assert sender.source.read(0.0) is None
        assert time.monotonic() - start < 0.1


def sound(found: Incoming) -> None:
    assert found.shapes.shape == (52,)
    assert found.shapes.dtype == np.float32
    assert ((found.shapes >= 0) & (found.shapes <= 1)).all()
    assert found.known.shape == (52,)
    assert found.known.dtype == np.bool_
    assert not found.shapes[~found.known].any()
    for part, shape in (
        (found.head_xyzw, (4,)), (found.head_m, (3,)), (found.gaze_rad, (2, 2)),
        (found.weights, (8,)), (found.voice, (6,)),
    ):  # fmt: skip
        if part is not None:
            assert part.shape == shape
            assert part.dtype == np.float32
            assert np.isfinite(part).all()
            assert not part.flags.writeable
    if found.head_xyzw is not None:
        assert float(np.linalg.norm(found.head_xyzw)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", NETWORK)
def test_a_measurement_comes_once_in_our_units(kind: str) -> None:
    with spoken_to(kind) as sender:
        before = time.monotonic_ns()
        sender.jaw(0.6)
        found = sender.source.read(2.0)
        assert found is not None
        sound(found)
        assert found.found
        assert found.known[SHAPE_INDEX["jawOpen"]]
        assert found.shapes[SHAPE_INDEX["jawOpen"]] == pytest.approx(0.6, abs=0.15)
        assert before <= found.t_ns <= time.monotonic_ns()
        assert sender.source.read(0.05) is None
        assert sender.source.stats.frames == 1
        assert sender.source.stats.bytes_read > 0


@pytest.mark.parametrize("kind", NETWORK)
def test_of_many_the_newest_counts(kind: str) -> None:
    with spoken_to(kind) as sender:
        for jaw in np.linspace(0.1, 0.8, 40):
            sender.jaw(float(jaw))
        time.sleep(0.05)
        found = sender.source.read(0.5)
        assert found is not None
        assert found.shapes[SHAPE_INDEX["jawOpen"]] == pytest.approx(0.8, abs=0.15)
        assert sender.source.read(0.05) is None


@pytest.mark.parametrize("kind", NETWORK)
def test_nonsense_is_counted_skipped_and_told(kind: str) -> None:
    with spoken_to(kind) as sender:
        before = sender.source.stats.malformed
        for packet in (b"", b"\0", b"nonsense", b"{}", b"#bundle\0", b"\xff" * 2000, b"=|=|&" * 9):
            sender.say(packet)
        time.sleep(0.05)
        assert sender.source.read(0.2) is None
        assert sender.source.stats.malformed > before
        assert "makes no sense" in sender.source.stats.last_error
        sender.jaw(0.5)
        assert sender.source.read(2.0) is not None
        assert sender.source.stats.last_error == ""


@pytest.mark.parametrize("kind", NETWORK)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_hostile_packets_raise_nothing_but_value_error(kind: str, data: st.DataObject) -> None:
    source = made(kind)
    assert isinstance(source, DatagramInput)
    packet = data.draw(st.binary(max_size=300) | mutated(GOOD[kind](0.5)))
    with contextlib.suppress(ValueError):
        found = source.decode(packet, PHONE, 1)
        if found is not None:
            sound(found)


@pytest.mark.parametrize("kind", NETWORK)
def test_a_packet_that_breaks_the_decoder_ends_no_listening(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spoken_to(kind) as sender:
        good = sender.source.decode

        def breaking(datagram: bytes, who: str, t_ns: int) -> Incoming | None:
            if datagram == b"bug":
                raise IndexError("a bug of ours")
            return good(datagram, who, t_ns)

        monkeypatch.setattr(sender.source, "decode", breaking)
        sender.say(b"bug")
        sender.jaw(0.5)
        time.sleep(0.05)
        assert sender.source.read(1.0) is not None
        assert sender.source.stats.malformed >= 1


@pytest.mark.parametrize("kind", NETWORK)
def test_a_flood_does_not_hold_it(kind: str) -> None:
    stop = threading.Event()
    with spoken_to(kind) as sender:
        packet = GOOD[kind](0.5)

        def flood() -> None:
            while not stop.is_set():
                sender.say(packet)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            for _ in range(5):
                start = time.monotonic()
                sender.source.read(0.2)
                assert time.monotonic() - start < 2.0
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("kind", ["vmc-in", "openseeface-in"])
def test_a_port_that_is_taken_is_told_with_a_way_out(kind: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        source = make_input(parse_input_url(f"{kind}://127.0.0.1:{other.getsockname()[1]}"))
        with pytest.raises(SourceNotFound, match="cannot listen there") as caught:
            source.open()
        assert caught.value.what.startswith(source.name)
        assert "another port" in caught.value.remedy
        source.close()


@pytest.mark.parametrize("kind", NETWORK)
def test_a_host_that_does_not_exist_is_told(kind: str) -> None:
    source = make_input(parse_input_url(f"{kind}://no-such-host.invalid:4000"))
    with pytest.raises(SourceNotFound) as caught:
        source.open()
    assert caught.value.what.startswith(source.name)
    assert caught.value.remedy
    source.close()


@pytest.mark.parametrize("kind", ["vmc-in", "openseeface-in"])
def test_who_can_reach_a_listener_is_said(kind: str) -> None:
    notes = []
    for host in ("127.0.0.1", "0.0.0.0"):
        source = make_input(parse_input_url(f"{kind}://{host}:{free_port()}"))
        source.open()
        notes.append(source.stats.note)
        source.close()
    assert notes[0] == ""
    assert "open to every device" in notes[1]


@pytest.mark.parametrize("kind", NETWORK)
def test_closing_ends_a_wait(kind: str) -> None:
    source = made(kind)
    source.open()
    ended = threading.Event()

    def wait() -> None:
        source.read(0.5)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    source.close()
    assert ended.wait(2.0)
    thread.join()


def test_a_kind_that_nobody_knows_is_told() -> None:
    class Foreign(INPUT_KINDS["vmc-in"]):  # type: ignore[misc,valid-type]
        kind: str = "kinect-in"

    with pytest.raises(UsageError, match="kinect-in"):
        make_input(Foreign())


def test_packets_of_the_tests_are_what_they_say() -> None:
    """Else a receiver that hears nothing would pass."""
    assert all(len(good(0.5)) > 20 and good(0.2) != good(0.7) for good in GOOD.values())
