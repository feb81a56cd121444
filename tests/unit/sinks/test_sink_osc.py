from __future__ import annotations

import dataclasses
import math
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from avatar_frames import FULL, SMALL, frame_of, posed

from vtdrive.config.load import load_config
from vtdrive.config.sinks import OscSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import ConfigError, SinkUnusable
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.osc import OscOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, Profile, frozen
from vtdrive.wire import osc

SECOND = 1_000_000_000


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(0.05)
        yield link


def heard(link: socket.socket) -> dict[str, object]:
    """What came until now."""
    got: dict[str, object] = {}
    while True:
        try:
            packet = link.recv(2048)
        except TimeoutError:
            return got
        got |= {m.address: m.args[0] for m in osc.decode(packet)}


def opened(link: socket.socket, **options: object) -> OscOutput:
    port = link.getsockname()[1]
    sink = OscOutput(OscSink.model_validate({"port": port, "address": "/{name}", **options}))
    sink.open(SMALL)
    return sink


def at(t_ns: int, jaw: float) -> AvatarFrame:
    return frame_of(SMALL, posed(SMALL, {"jawOpen": jaw}), t_ns=t_ns)


def test_changes_go_at_once_and_all_goes_once_a_second(receiver: socket.socket) -> None:
    sink = opened(receiver, send="changes", type="T")
    for t_ns, jaw, told in (
        (0, 0.0, {"/aa": False, "/jawOpen": False}),
        (SECOND // 10, 0.25, {}),
        (SECOND // 5, 0.75, {"/jawOpen": True}),
        (SECOND // 2, 0.75, {}),
        (SECOND, 0.75, {"/aa": False, "/jawOpen": True}),
        (SECOND + 1, 0.75, {}),
        (0, 0.75, {"/aa": False, "/jawOpen": True}),  # a film that begins again
    ):
        sink.send(at(t_ns, jaw))
        assert heard(receiver) == told
    # A changed schema is told whole.
    sink.open(FULL)
    sink.send(frame_of(FULL, t_ns=1))
    assert len(heard(receiver)) == len(FULL.params)
    sink.close()


@pytest.mark.parametrize("mirror", [False, True])
def test_left_is_left(receiver: socket.socket, mirror: bool) -> None:
    """Absolute: my left eye winks, my head turns to my left by 30 degrees, I look left."""
    sink = OscOutput(
        OscSink(port=receiver.getsockname()[1], mirror=mirror, only=("shapes", "head", "gaze"))
    )
    sink.open(FULL)
    # The driver mirrors poses; the face itself comes anatomical.
    wink = "eyeBlinkRight" if mirror else "eyeBlinkLeft"
    frame = frame_of(FULL, posed(FULL, {wink: 1.0}), profiles=(Profile(mirror=mirror),))
    head = quat_from_euler(yaw=math.radians(30), pitch=0, roll=0)
    state = dataclasses.replace(
        frame.state,
        head_xyzw=frozen(head),
        head_m=frozen([0.25, 0, 0]),
        gaze_rad=frozen([[math.radians(10), 0], [math.radians(8), 0]]),
    )
    sink.send(dataclasses.replace(frame, state=state))
    sink.close()
    got = {k.removeprefix("/vtdrive/"): v for k, v in heard(receiver).items() if v}
    sign = -1 if mirror else 1
    left, right = (-8, -10) if mirror else (10, 8)
    assert got == pytest.approx(
        {
            wink: 1.0,
            "head/yaw_deg": 30 * sign,
            "head/x_m": 0.25 * sign,
            "gaze/left/yaw_deg": left,
            "gaze/right/yaw_deg": right,
        },
        abs=1e-4,
    )


def test_two_sinks_for_two_patterns(receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    urls = (
        f"osc://127.0.0.1:{port}?address=/mouth/{{name}}&only=jawOpen",
        f"osc://127.0.0.1:{port}?address=/hue/{{name}}&only=aa&type=i&scale=255",
    )
    sinks = [make_sink(parse_sink_url(url)) for url in urls]
    # Neither takes the other for a second driver of one avatar; two of the same are refused.
    assert len({sink.target for sink in sinks}) == len({sink.name for sink in sinks}) == 2
    assert make_sink(parse_sink_url(urls[0])).target == sinks[0].target
    for sink in sinks:
        sink.open(SMALL)
        sink.send(frame_of(SMALL, posed(SMALL, {"jawOpen": 0.5, "aa": 1.0})))
        sink.close()
    assert heard(receiver) == {"/mouth/jawOpen": 0.5, "/hue/aa": 255}


def test_a_config_may_name_one_port_for_two_patterns_but_not_for_one(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    entry = '[[sinks]]\nkind = "osc"\nport = 9001\naddress = "{}"\n'
    path.write_text(entry.format("/a/{name}") + entry.format("/b/{name}"), encoding="utf-8")
    assert len(load_config([path]).sinks) == 2
    path.write_text(entry.format("/a/{name}") * 2, encoding="utf-8")
    with pytest.raises(ConfigError, match="9001 is already served"):
        load_config([path])


def test_a_name_that_is_not_there_stops_this_sink_with_what_there_is() -> None:
    sink = OscOutput(OscSink(only=("mouth",)))
    with pytest.raises(
        SinkUnusable, match="no output 'mouth'; groups are shapes, presets"
    ) as caught:
        sink.open(FULL)
    assert caught.value.what.startswith("osc 127.0.0.1:9000: only:")
    sink.close()
