"""Sinks that imitate a tracker: what arrives, read without our decoders where the side matters."""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Iterator

import pytest
from avatar_frames import FULL, frame_of
from left_frames import left_frame

from vtdrive.config.schema import Config
from vtdrive.config.sinks import (
    FaceDriven,
    IFacialMocapSink,
    LiveLinkSink,
    OpenSeeFaceSink,
    OpentrackSink,
    SinkTable,
    VtsPhoneSink,
)
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import UsageError
from vtdrive.sinks.make import make_sink
from vtdrive.types import AvatarFrame, RigSchema, Status
from vtdrive.vocab import SHAPES
from vtdrive.wire import livelink, openseeface


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(2.0)
        yield link


def port_of(receiver: socket.socket) -> int:
    return int(receiver.getsockname()[1])


def sent(
    config: SinkTable, schema: RigSchema, frame: AvatarFrame, receiver: socket.socket
) -> bytes:
    sink = make_sink(config)
    sink.open(schema)
    sink.send(frame)
    datagram = receiver.recv(65536)
    sink.close()
    return datagram


def left_sent(config: FaceDriven, performed_with: Config, receiver: socket.socket) -> bytes:
    schema, frame = left_frame(performed_with, config.profile)
    return sent(config, schema, frame, receiver)


MIRROR = pytest.mark.parametrize("mirror", [False, True])


@MIRROR
def test_left_is_left_for_readers_of_the_phone(
    config: Config, receiver: socket.socket, mirror: bool
) -> None:
    table = VtsPhoneSink(port=port_of(receiver), push=True, mirror=mirror)
    frame = json.loads(left_sent(table, config, receiver))
    shapes = {entry["k"]: entry["v"] for entry in frame["BlendShapes"]}
    own, other = ("Right", "Left") if mirror else ("Left", "Right")
    side = -1 if mirror else 1
    assert frame["FaceFound"] is True
    assert shapes[f"EyeBlink{own}"] > 0.8
    assert shapes[f"EyeBlink{other}"] < 0.2
    assert shapes[f"Jaw{own}"] > 0.3
    assert 15 < frame["Rotation"]["x"] * side < 21
    assert -11 < frame["Rotation"]["y"] < -7  # up is negative
    assert 5 < frame["Rotation"]["z"] * side < 9
    assert -6 < frame["Position"]["x"] * side < -3  # + to the right
    assert 2 < frame["Position"]["y"] < 4
    assert frame["EyeLeft"]["y"] * side > 3
    assert frame["EyeRight"]["y"] * side > 3


@MIRROR
def test_left_is_left_for_readers_of_ifacialmocap(
    config: Config, receiver: socket.socket, mirror: bool
) -> None:
    table = IFacialMocapSink(port=port_of(receiver), mirror=mirror)
    text = left_sent(table, config, receiver).decode()
    own, other = ("R", "L") if mirror else ("L", "R")
    side = -1 if mirror else 1
    assert int(re.findall(rf"eyeBlink_{own}-(\d+)\|", text)[0]) > 80
    assert int(re.findall(rf"eyeBlink_{other}-(\d+)\|", text)[0]) < 20
    assert int(re.findall(rf"jaw{'Right' if mirror else 'Left'}-(\d+)\|", text)[0]) > 30
    rx, ry, rz, px, py, _ = map(float, re.findall(r"=head#([^|]+)\|", text)[0].split(","))
    assert -11 < rx < -7
    assert 15 < ry * side < 21
    assert 5 < rz * side < 9
    assert 0.03 < px * side < 0.06
    assert 0.02 < py < 0.04
    for eye in ("leftEye", "rightEye"):
        assert float(re.findall(rf"{eye}#[^,]+,([^,]+),", text)[0]) * side > 3


@MIRROR
def test_left_is_left_for_readers_of_openseeface(
    config: Config, receiver: socket.socket, mirror: bool
) -> None:
    table = OpenSeeFaceSink(port=port_of(receiver), mirror=mirror)
    packet = left_sent(table, config, receiver)
    assert len(packet) == 1785
    right, left = struct.unpack_from("<ff", packet, 20)
    own, other = (right, left) if mirror else (left, right)
    side = -1 if mirror else 1
    assert own < 0.2
    assert other > 0.8
    a, b, c = struct.unpack_from("<fff", packet, 49)
    # Looking up by p is 180 - p, to the subject's left is b > 0, tilting to the right c > 90.
    assert 169 < a < 173
    assert 15 < b * side < 23
    assert 5 < (c - 90) * side < 9
    up, to_right, away = struct.unpack_from("<fff", packet, 61)
    assert 0.15 < up < 0.27
    assert -0.4 < to_right * side < -0.2
    assert -5 < away < -4
    # The right eye's outer corner stands left of the left eye's in a picture that is not mirrored;
    # mirrored, the points are those of the mirror image, whose right eye stands left as well.
    points = struct.unpack_from("<136f", packet, 345)
    assert points[2 * 36] < points[2 * 45]
    # Both pupils are off their eyeballs, to the subject's left: -x on the wire.
    space = struct.unpack_from("<210f", packet, 889)
    for pupil, ball in ((66, 68), (67, 69)):
        assert (space[3 * pupil] - space[3 * ball]) * side < -0.002
    eye_l, eye_r = struct.unpack_from("<ff", packet, 1729)
    assert (eye_r if mirror else eye_l) < -0.8


@MIRROR
def test_left_is_left_for_readers_of_live_link(
    config: Config, receiver: socket.socket, mirror: bool
) -> None:
    table = LiveLinkSink(port=port_of(receiver), mirror=mirror)
    packet = left_sent(table, config, receiver)
    values = struct.unpack(">61f", packet[-244:])
    own, other = (7, 0) if mirror else (0, 7)
    side = -1 if mirror else 1
    assert values[own] > 0.8
    assert values[other] < 0.2
    assert values[16 if mirror else 15] > 0.3
    yaw, pitch, roll = values[52:55]
    assert 0.26 < yaw * side < 0.37
    assert 0.12 < pitch < 0.19
    assert 0.09 < roll * side < 0.16
    assert values[55] * side > 0.05
    assert values[58] * side > 0.05


@MIRROR
def test_left_is_left_for_opentrack(config: Config, receiver: socket.socket, mirror: bool) -> None:
    table = OpentrackSink(port=port_of(receiver), mirror=mirror)
    x, y, z, yaw, pitch, roll = struct.unpack("<6d", left_sent(table, config, receiver))
    side = -1 if mirror else 1
    assert -6 < x * side < -3  # + to the right
    assert 2 < y < 4
    assert abs(z) < 2
    assert -21 < yaw * side < -15  # + to the right
    assert 7 < pitch < 11
    assert 5 < roll * side < 9


def test_opentrack_axes_turn_round(config: Config, receiver: socket.socket) -> None:
    table = parse_sink_url(f"opentrack://127.0.0.1:{port_of(receiver)}?invert=yaw,x")
    assert isinstance(table, OpentrackSink)
    x, y, _, yaw, pitch, _ = struct.unpack("<6d", left_sent(table, config, receiver))
    assert x > 3
    assert y > 2
    assert yaw > 15
    assert pitch > 7


def test_live_link_angles_have_unit_and_gain(config: Config, receiver: socket.socket) -> None:
    url = "livelink://127.0.0.1:{}?angles=half-turns&yaw_gain=-2&eye_yaw_gain=0&subject=Mia"
    table = parse_sink_url(url.format(port_of(receiver)))
    assert isinstance(table, LiveLinkSink)
    frame = livelink.decode(left_sent(table, config, receiver))
    assert frame.angles is not None
    assert frame.subject == "Mia"
    assert -2 * 21 / 180 < frame.angles["head_yaw"] < -2 * 15 / 180
    assert frame.angles["left_eye_yaw"] == 0.0
    assert 7 / 180 < frame.angles["head_pitch"] < 11 / 180


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("opentrack://?invert=yaw,tilt", "invert"),
        ("livelink://?yaw_gain=11", "less than or equal to 10"),
        ("livelink://?subject=", "subject"),
        ("ifacialmocap://?version=v3", "did you mean|allowed: v1, v2"),
        ("vtsphone://?keys=snake", "allowed: pascal, camel"),
    ],
)
def test_wrong_options_are_refused(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_sink_url(url)


def test_camel_keys_and_the_other_separator(receiver: socket.socket) -> None:
    port = port_of(receiver)
    table: FaceDriven = VtsPhoneSink(port=port, push=True, keys="camel")
    frame = frame_of(FULL, profiles=(table.profile,))
    keys = [entry["k"] for entry in json.loads(sent(table, FULL, frame, receiver))["BlendShapes"]]
    assert keys == list(SHAPES)
    table = IFacialMocapSink(port=port, version="v2")
    text = sent(table, FULL, frame, receiver).decode()
    assert text.startswith("eyeBlink_L&0|")
    assert "-" not in text.partition("=")[0]


def test_a_lost_face_is_told_where_the_format_can(receiver: socket.socket) -> None:
    port = port_of(receiver)
    for status, found in ((Status.LIVE, True), (Status.HELD, True), (Status.LOST, False)):
        phone = VtsPhoneSink(port=port, push=True)
        frame = frame_of(FULL, status=status, profiles=(phone.profile,))
        assert json.loads(sent(phone, FULL, frame, receiver))["FaceFound"] is found
        told = LiveLinkSink(port=port, when_lost="no-face")
        assert (livelink.decode(sent(told, FULL, frame, receiver)).shapes is not None) is found
        eased = LiveLinkSink(port=port)
        assert livelink.decode(sent(eased, FULL, frame, receiver)).shapes is not None


def test_openseeface_points_are_the_cameras_until_the_face_is_lost(
    config: Config, receiver: socket.socket
) -> None:
    table = OpenSeeFaceSink(port=port_of(receiver))
    schema, live = left_frame(config, table.profile)
    sink = make_sink(table)
    sink.open(schema)

    def points(frame: AvatarFrame) -> openseeface.OsfFrame:
        sink.send(frame)
        return openseeface.read(receiver.recv(65536))

    assert live.track is not None
    assert live.track.face is not None
    seen = points(live)
    assert seen.confidence == (1.0,) * 68
    # Vertex 33 of the mesh is the outer corner of the right eye, point 36.
    assert seen.points_px[36] == pytest.approx(live.track.face.landmarks_px[33, :2].tolist())
    untracked = frame_of(schema, t_ns=live.t_ns, profiles=(table.profile,))
    again = points(untracked)
    assert again.points_px == seen.points_px
    assert again.t_s > seen.t_s, "receivers drop what is not newer"
    lost = points(frame_of(schema, status=Status.LOST, profiles=(table.profile,)))
    assert lost.confidence == (0.0,) * 68
    assert lost.points_px != seen.points_px
    assert points(untracked).points_px == lost.points_px, "an old face must not come back"
    sink.close()


@pytest.mark.parametrize(
    "table",
    [
        VtsPhoneSink(push=True),
        IFacialMocapSink(),
        OpenSeeFaceSink(),
        LiveLinkSink(),
        OpentrackSink(),
    ],
    ids=lambda table: str(table.kind),
)
def test_a_receiver_may_be_absent_start_late_and_be_killed(table: FaceDriven) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    config = table.model_copy(update={"port": address[1]})
    sink = make_sink(config)
    sink.open(FULL)
    seq = 0

    def play() -> None:
        nonlocal seq
        seq += 1
        frame = frame_of(FULL, seq=seq, t_ns=seq * 16_000_000, profiles=(table.profile,))
        sink.send(frame)

    for _ in range(2):
        for _ in range(3):
            play()
        assert "nobody listens" in sink.stats.last_error
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as app:
            app.bind(address)
            app.settimeout(2.0)
            play()
            assert app.recv(65536)
            play()
            assert app.recv(65536)
            assert sink.stats.last_error == ""
    assert sink.stats.frames == 10
    sink.close()
